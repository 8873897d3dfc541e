"""Logins with OAuth 2 tokens: connections that outlive their tokens, endpoints that fail, tokens that end."""
import contextlib
import re
import threading
import time

import harness
import pytest
from brokers import Kafka
from configs import amqp, configuration, kafka, lake, route, shop
from conftest import private
from harness import eventually, unique
from oauth_rabbit import EVERYTHING, OauthRabbit
from token_server import TokenServer


@pytest.fixture(scope="module")
def oauth_rabbit():
    with private(OauthRabbit) as node:
        yield node


@pytest.fixture
def plain(oauth_rabbit):
    """A client with a password."""
    client = harness.Amqp(oauth_rabbit.url)
    yield client
    client.close()


@pytest.fixture
def endpoint(oauth_rabbit):
    with TokenServer(oauth_rabbit.token) as server:
        yield server


def section(node, token, **more):
    return amqp(node.address, token=token, **more)


@contextlib.contextmanager
def sending(send, pause):
    """Calls send(body) with numbers as bodies, every `pause` seconds, for as long as the block; yields the list of what was
    sent."""
    sent, over = [], threading.Event()

    def run():
        while not over.wait(pause):
            send(b"%d" % len(sent))
            sent.append(len(sent))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield sent
    finally:
        over.set()
        thread.join()


@contextlib.contextmanager
def flow(client, queue):
    """Numbered messages into the queue, by a connection of its own."""
    own = harness.Amqp(client.url)
    try:
        with sending(lambda body: own.publish(queue, body), 0.05) as sent:
            yield sent
    finally:
        own.connection.close()


def numbers(messages):
    return [int(message.body) for message in messages]


THE_BRIDGES = """P || P <- rabbit_networking:connections(),
                      [{user, <<"bridge">>}] == rabbit_networking:connection_info(P, [user])"""


def connections(node):
    """Of the bridge, as the broker names them."""
    return sorted(re.findall("<[^>]+>", node.eval(f"[{THE_BRIDGES}]")))


def close_connections(node):
    node.eval(f'[rabbit_networking:close_connection(P, "test") || {THE_BRIDGES.removeprefix("P || ")}]')


def test_a_connection_outlives_its_tokens(oauth_rabbit, endpoint, plain, bridge):
    endpoint.seconds = 6
    source, sink, dead = plain.queue(), plain.queue(), plain.queue()
    life = bridge(configuration(route(shop(queue=source), shop(target=sink)), shop=section(oauth_rabbit, endpoint.section()),
                                failures={"dead_letter": shop(target=dead)}))
    with flow(oauth_rabbit, source) as sent:
        eventually(lambda: len(connections(oauth_rabbit)) == 2, what="both connections")
        before = connections(oauth_rabbit)
        asked = len(endpoint.requests)
        time.sleep(20)
        assert connections(oauth_rabbit) == before, "the same connections as before"
    assert len(endpoint.requests) - asked >= 3
    assert numbers(plain.consume(sink, len(sent), settle=0.5)) == list(range(len(sent)))
    assert plain.empty(dead, quiet=0.1)
    # What was sent on the connections was taken: with the token that came first, no new queue could be looked at.
    log = life.read_log()
    assert not re.search(r'"level":"(warning|error|critical)"|connection lost', log), log
    assert endpoint.requests[0].form == {"grant_type": "client_credentials"}


def test_the_token_that_a_connection_got_last_counts(oauth_rabbit, endpoint, plain, bridge):
    """After the first token's end the connection may do what it has not done before."""
    endpoint.seconds = 5
    source, late, sink = plain.queue(), plain.queue(), plain.queue()
    plain.bind(sink, "amq.direct", "late")
    life = bridge(configuration(route(shop(queue=source), shop(target=sink)),
                                route(shop(queue=late), shop(target="late", exchange="amq.direct")),
                                shop=section(oauth_rabbit, endpoint.section())))
    plain.publish(source, b"first")
    assert plain.get(sink).body == b"first"
    before = connections(oauth_rabbit)
    time.sleep(8)
    plain.publish(late, b"second")
    assert plain.get(sink).body == b"second"
    assert connections(oauth_rabbit) == before
    assert "connection lost" not in life.read_log()


def test_a_login_that_has_run_out_is_no_fault_of_the_messages(oauth_rabbit, endpoint, plain, bridge):
    """The endpoint is down until long after the token's end, and comes back."""
    endpoint.seconds = 4
    source, late, sink, dead = (plain.queue() for _ in range(4))
    plain.bind(sink, "amq.direct", "late")
    life = bridge(configuration(route(shop(queue=source), shop(target=sink)),
                                route(shop(queue=late), shop(target="late", exchange="amq.direct")),
                                shop=section(oauth_rabbit, endpoint.section()),
                                failures={"attempts": 1, "dead_letter": shop(target=dead)}))
    with flow(oauth_rabbit, source) as sent:
        plain.get(sink)
        endpoint.down()
        life.wait_log("the token is not renewed, and used as long as it lasts")
        life.wait_log("the token has ended and is not renewed")
        plain.publish(late, b"1000000")  # the exchange was not written to before
        life.wait_log("has expired")
        close_connections(oauth_rabbit)
        time.sleep(8)
        assert plain.empty(dead, quiet=0.1)
        endpoint.up()
        life.wait_log("token renewed again", timeout=60)
    received = numbers(plain.consume(sink, len(sent), timeout=60, settle=1))
    assert set(received) | {0} == {*range(len(sent)), 1000000}
    assert plain.empty(dead, quiet=0.1)
    assert life.read_log().count("the token is not renewed, and used as long as it lasts") == 1
    assert life.read_log().count("the token has ended and is not renewed") == 1


def test_what_a_fresh_token_may_not_do_is_refused(oauth_rabbit, endpoint, plain, bridge):
    scopes = [scope for scope in EVERYTHING if not scope.startswith("write")] + ["write:*/amq.default"]
    endpoint.issue = lambda seconds: oauth_rabbit.token(seconds, scopes=scopes)
    source, dead = plain.queue(), plain.queue()
    bridge(configuration(route(shop(queue=source), shop(target="late", exchange="amq.direct")),
                         shop=section(oauth_rabbit, endpoint.section()),
                         failures={"attempts": 2, "backoff": "100ms..200ms", "dead_letter": shop(target=dead)}))
    plain.publish(source, b"forbidden")
    letter = plain.get(dead, timeout=30)
    assert letter.body == b"forbidden"
    assert "403" in str(letter.headers), letter.headers


def test_a_file_that_is_replaced(oauth_rabbit, plain, bridge, tmp_path):
    token = tmp_path / "token"
    token.write_text(oauth_rabbit.token(8) + "\n")
    source, late, sink = plain.queue(), plain.queue(), plain.queue()
    plain.bind(sink, "amq.direct", "late")
    life = bridge(configuration(route(shop(queue=source), shop(target=sink)),
                                route(shop(queue=late), shop(target="late", exchange="amq.direct")),
                                shop=section(oauth_rabbit, {"file": str(token)})))
    plain.publish(source, b"first")
    assert plain.get(sink).body == b"first"
    before = connections(oauth_rabbit)
    (tmp_path / "new").write_text(oauth_rabbit.token(3600))
    (tmp_path / "new").replace(token)
    time.sleep(10)  # longer than the first one's life
    plain.publish(late, b"second")
    assert plain.get(sink).body == b"second"
    assert connections(oauth_rabbit) == before
    assert "connection lost" not in life.read_log()


ANSWERS = {"refuse": "401 invalid_client", "rubbish": "no token from", "huge": "larger than", "redirect": "redirect",
           "silent": "no whole answer in time", "trickle": "no whole answer in time"}


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_endpoint_that_misbehaves(oauth_rabbit, endpoint, plain, bridge, answer):
    """It is said in words, without a secret, and over when the endpoint is well again."""
    endpoint.answer = answer
    source, sink = plain.queue(), plain.queue()
    life = bridge(configuration(route(shop(queue=source), shop(target=sink)), shop=section(oauth_rabbit, endpoint.section())))
    plain.publish(source, b"waits")
    life.wait_log(ANSWERS[answer], timeout=60)
    endpoint.answer = "token"
    assert plain.get(sink, timeout=90).body == b"waits"
    assert "client-secret" not in life.read_log()


@pytest.mark.parametrize("life_of", ["3600", 0, -5, None, 1e300, "soon", 0.5])
def test_an_endpoint_with_odd_ideas_of_a_life(oauth_rabbit, endpoint, plain, bridge, life_of):
    endpoint.answer = {"expires_in": life_of}
    source, sink = plain.queue(), plain.queue()
    bridge(configuration(route(shop(queue=source), shop(target=sink)), shop=section(oauth_rabbit, endpoint.section())))
    plain.publish(source, b"x")
    assert plain.get(sink).body == b"x"
    time.sleep(2)
    assert len(endpoint.requests) <= 4, "not more than once in a second"


def test_the_endpoint_gets_what_it_wants_to_know(oauth_rabbit, plain, bridge):
    with TokenServer(oauth_rabbit.token, client=("me & you", "s3cr3t/+%")) as endpoint:
        more = {"scope": "a b", "params": {"audience": "rabbitmq"}, "auth": "post"}
        source, sink = plain.queue(), plain.queue()
        bridge(configuration(route(shop(queue=source), shop(target=sink)),
                             shop=section(oauth_rabbit, endpoint.section(**more))))
        plain.publish(source, b"x")
        assert plain.get(sink).body == b"x"
        assert endpoint.requests[0].form == {"grant_type": "client_credentials", "scope": "a b", "audience": "rabbitmq",
                                             "client_id": "me & you", "client_secret": "s3cr3t/+%"}


REAUTHENTICATION = 5  # seconds, after which Kafka wants a connection to log in again


@pytest.fixture(scope="module")
def oauth_kafka():
    with private(lambda: Kafka(secure=True, conf=f"connections.max.reauth.ms={REAUTHENTICATION * 1000}\n")) as node:
        yield node


@pytest.fixture
def kafka_endpoint(oauth_kafka):
    with TokenServer(lambda seconds: oauth_kafka.logins.issuer.token("bridge", int(seconds))) as server:
        yield server


@pytest.fixture
def plain_kafka(oauth_kafka):
    """A client without a login, who may do everything."""
    client = harness.KafkaClient(oauth_kafka.bootstrap)
    yield client
    client.close()


def kafka_section(node, endpoint, **more):
    return kafka(node.secure["OAUTH"], sasl={"mechanism": "OAUTHBEARER"}, token=endpoint.section(), reconnect_delay="100ms",
                 reconnect_delay_max="2s", **more)


def records(client, topic):
    """Numbered records into the topic, as flow()."""
    return sending(lambda body: client.produce(topic, body), 0.1)


def test_kafka_lets_in_who_has_a_new_token(oauth_kafka, kafka_endpoint, plain_kafka, bridge):
    """Kafka closes each connection whose login is too old; librdkafka makes another one with the present token."""
    kafka_endpoint.seconds = 8
    source, sink = plain_kafka.topic(), plain_kafka.topic()
    life = bridge(configuration(route(lake(topic=source), lake(target=sink)), lake=kafka_section(oauth_kafka, kafka_endpoint),
                                failures={"dead_letter": lake(target=plain_kafka.topic())}))
    life.wait_connected("publisher")
    with records(plain_kafka, source) as sent:
        plain_kafka.consume(sink, 1, timeout=60)
        before = len(life.read_log())  # the first attempts of a busy machine are not what this is about
        time.sleep(30)
    assert len(kafka_endpoint.requests) >= 4
    received = [int(record.value()) for record in plain_kafka.consume(sink, len(sent), timeout=30, settle=2)]
    assert sorted(set(received)) == list(range(len(sent)))
    # What a Kafka says that has just been started is not about logins.
    noise = [line for line in life.read_log()[before:].splitlines()
             if re.search('"level":"(warning|error|critical)"', line) and "Coordinator load in progress" not in line]
    assert not noise


def test_kafka_while_the_endpoint_is_down(oauth_kafka, kafka_endpoint, plain_kafka, bridge):
    kafka_endpoint.seconds = 6
    source, sink, dead = plain_kafka.topic(), plain_kafka.topic(), plain_kafka.topic()
    life = bridge(configuration(route(lake(topic=source), lake(target=sink)), lake=kafka_section(oauth_kafka, kafka_endpoint),
                                failures={"attempts": 1, "dead_letter": lake(target=dead)}))
    with records(plain_kafka, source) as sent:
        plain_kafka.consume(sink, 1, timeout=60)
        kafka_endpoint.down()
        life.wait_log("the token has ended and is not renewed", 60)
        life.wait_log('"level":"warning".*"link":"publisher"', 60)
        time.sleep(5)
        kafka_endpoint.up()
        life.wait_log("token renewed again", 60)
        count = len(sent)
        eventually(lambda: len(sent) > count + 20)
    received = [int(record.value()) for record in plain_kafka.consume(sink, len(sent), timeout=90, settle=2)]
    assert sorted(set(received)) == list(range(len(sent)))
    assert sum(plain_kafka.end_offsets(dead).values()) == 0


def test_kafka_without_a_token(oauth_kafka, kafka_endpoint, plain_kafka, bridge):
    """It is said in words, and the messages that wait arrive when there is one."""
    kafka_endpoint.answer = "refuse"
    source, sink = plain_kafka.topic(), plain_kafka.topic()
    plain_kafka.produce(source, b"waits")
    life = bridge(configuration(route(lake(topic=source), lake(target=sink)), lake=kafka_section(oauth_kafka, kafka_endpoint)))
    life.wait_log('"msg":"cannot connect".*"reason":"there is no token: no token from .*401 invalid_client')
    kafka_endpoint.answer = "token"
    assert plain_kafka.consume(sink, 1, timeout=60)[0].value() == b"waits"
    assert "client-secret" not in life.read_log()
