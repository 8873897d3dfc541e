"""`mombridge check --connect`: what it says of each thing at real brokers, and that it leaves no trace there."""
import contextlib
import os
import re
import socket
import subprocess
import time

import brokers
import certificates
import harness
import pytest
import yaml
from configs import configuration, lake, local, route, shop
from conftest import private
from harness import unique

OK, USAGE, UNAVAILABLE, CONFIG = 0, 64, 69, 78


@pytest.fixture
def check(tmp_path):
    """check(config) → exit code, and the lines about what is there"""
    if "MOMBRIDGE" not in os.environ:
        pytest.skip("MOMBRIDGE does not name the daemon's binary; scripts/test and ctest set it")

    def run(config, *arguments):
        file = tmp_path / "mombridge.yaml"
        file.write_text(yaml.safe_dump(config, sort_keys=False))
        done = subprocess.run([os.environ["MOMBRIDGE"], "check", "--connect", *arguments, "-c", str(file)],
                              capture_output=True, text=True, timeout=120)
        lines = [line for line in done.stdout.splitlines() if not line.startswith("ok: ") and not line.startswith("ok, with")]
        return done.returncode, lines, done.stderr

    return run


def says(lines, *patterns):
    """Every pattern is found in a line of its own, in this order, and there are no other lines."""
    assert len(lines) == len(patterns), "\n".join(lines)
    for line, pattern in zip(lines, patterns):
        assert re.search(pattern, line), f"{pattern!r} not in {line!r}"


# AMQP


# Where messages go that are not what a test is about, and what is said of it.
ANYWHERE = shop(target="k", exchange="amq.topic")
anywhere = "^ok     shop: exchange amq.topic with key k: there, may be written to$"
AUTH = "rabbit_auth_backend_internal"


@pytest.fixture(scope="session")
def user(rabbit):
    """A user who may do what he wants with names that begin with "may", and with private queues; and nothing else."""
    name = unique("user")
    own = r'<<"^(may|amq[.]gen)">>'
    rabbit.eval(f'{AUTH}:add_user(<<"{name}">>, <<"secret">>, <<"test">>)')
    rabbit.eval(f'{AUTH}:set_permissions(<<"{name}">>, <<"/">>, {own}, {own}, {own}, <<"test">>)')
    yield name
    rabbit.eval(f'{AUTH}:delete_user(<<"{name}">>, <<"test">>)')


@pytest.fixture
def url(rabbit, user):
    """Of that user."""
    return rabbit.url.replace("guest:guest@", f"{user}:secret@")


@pytest.fixture
def exchange(amqp):
    """exchange(prefix) → the name of a new topic exchange"""
    made = []

    def make(prefix):
        made.append(unique(prefix))
        amqp.channel.exchange_declare(made[-1], "topic")
        return made[-1]

    yield make
    for name in made:
        amqp.channel.exchange_delete(name)


def everything(rabbit):
    """All that a client can leave behind: queues with their consumers, bindings, exchanges."""
    return [rabbit.eval(f'lists:flatten(io_lib:format("~0p", [lists:sort({what})]))')
            for what in ('rabbit_amqqueue:info_all(<<"/">>, [name, consumers, arguments])', 'rabbit_binding:list(<<"/">>)',
                         "rabbit_exchange:list_names()")]


def test_all_is_well_and_stays_as_it_is(check, rabbit, amqp, exchange):
    q, other, out = amqp.queue(), amqp.queue(arguments={"x-queue-type": "quorum"}), amqp.queue()
    x = exchange("x")
    amqp.bind(q, x, "a.#")
    for queue in (q, other, out):
        amqp.publish(queue, b"stays")
    before = everything(rabbit)
    config = configuration(
        route(shop(queue=q), shop(target=out), shop(target="k", exchange=x)),
        route(shop(queue=other, declare={"type": "quorum"}), shop(target="x.{key}", exchange=x)),
        route(shop(queue=unique("new"), declare={"type": "quorum"}, bind=[{"exchange": x, "routing_key": ["a.#"]}]), local(target="t")),
        route(shop(), local(target="t")),
        route(local(), shop(target=q)),
        name="bridge", failures={"dead_letter": shop(target="bridge.dead")},
        shop={"type": "amqp", "url": rabbit.url, "subscribe": [{"exchange": "amq.topic", "routing_key": ["n.m"]}],
              "accept_replies": True, "allow_reply_to": ["*"]})
    code, lines, said = check(config)
    says(lines,
         "^ok     shop: login at 127.0.0.1:[0-9]+: RabbitMQ [0-9.]+ as guest, vhost /$",
         "^ok     shop: private queue on exchange amq.topic: may be declared, may be read$",
         "^ok     shop: private queue on exchange amq.topic, bound to exchange amq.topic: there, may be bound$",
         "^ok     shop: queue bridge.replies.[0-9a-f]+: not there yet, may be declared, may be read$",
         f"^ok     shop: queue {q}: there, may be read$",
         f"^ok     shop: queue {other}: there, may be declared, may be read$",
         "^ok     shop: queue new.*: not there yet, may be declared, may be read$",
         f"^ok     shop: queue new.*, bound to exchange {x}: there, may be bound$",
         "^ok     shop: queue bridge.dead: not there yet, may be declared$",
         f"^ok     shop: queue {out}: there, may be written to$",
         f"^ok     shop: exchange {x} with key k: there, may be written to$",
         "^ok     shop: replies to requesters, the default exchange: may be written to$",
         f"^ok     shop: exchange {x}: there, may be written to$",
         f"^ok     shop: queue {q}: there, may be written to$",
         "^ok     shop: queue bridge.dead: made by this bridge, may be written to$")
    assert code == OK, said
    assert everything(rabbit) == before
    assert [amqp.depth(queue) for queue in (q, other, out)] == [1, 1, 1]
    assert not amqp.get(q).redelivered


def test_what_is_not_there(check, rabbit, amqp):
    code, lines, _ = check(configuration(
        route(shop(queue="gone.queue", bind=[{"exchange": "gone.exchange", "routing_key": ["k"]}]),
              shop(target="gone.target"), shop(target="gone.dropped", mandatory=False), shop(target="k", exchange="gone.exchange")),
        shop=rabbit.url))
    says(lines, "^ok ",
         "^failed shop: queue gone.queue: may be read; 404 NOT_FOUND.*make the queue, or let the bridge do it with `declare: {}`",
         "^failed shop: queue gone.queue, bound to exchange gone.exchange: may be bound; 404 NOT_FOUND.*make the exchange, or remove",
         "^failed shop: queue gone.target: may be written to; 404 NOT_FOUND.*make the queue",
         "^warn   shop: queue gone.dropped: may be written to; 404 NOT_FOUND.*is dropped",
         "^failed shop: exchange gone.exchange with key k: 404 NOT_FOUND.*make the exchange, or name another")
    assert code == UNAVAILABLE


def test_what_the_user_may_not(check, rabbit, amqp, exchange, user, url):
    mine, foreign, allowed, forbidden = amqp.queue(unique("may")), amqp.queue(), exchange("may.x"), exchange("not.x")
    code, lines, _ = check(configuration(
        route(shop(queue=mine, bind=[{"exchange": forbidden, "routing_key": ["k"]}]), shop(target="k", exchange=allowed)),
        route(shop(queue=foreign), shop(target="k", exchange=forbidden)),
        route(shop(queue="not.new", declare={}), shop(target=mine)),
        route(shop(queue="may.new", declare={"arguments": {"x-dead-letter-exchange": forbidden}}), shop(target="k", exchange=allowed)),
        shop=url))
    refused = f"refused for user '{user}'; let {user}'s"
    command = f"rabbitmqctl set_permissions -p '/' '{user}' CONFIGURE WRITE READ"
    says(lines, f"^ok     shop: login.* as {user}, vhost /$",
         f"^ok     shop: queue {mine}: there, may be read$",
         f"^failed shop: queue {mine}, bound to exchange {forbidden}: there; may not be bound: .*{refused} read pattern match '{forbidden}' .{command}",
         f"^failed shop: queue {foreign}: there; may not be read: 403 ACCESS_REFUSED.*{refused} read pattern match '{foreign}' .{command}",
         f"^failed shop: queue not.new: not there yet; may not be declared: .*{refused} configure pattern match 'not.new'.*may not be read",
         f"^failed shop: queue may.new: not there yet, may be read; may not be declared: .*{refused} write pattern match '{forbidden}'",
         f"^ok     shop: exchange {allowed} with key k: there, may be written to$",
         f"^failed shop: exchange {forbidden} with key k: there; may not be written to: .*{refused} write pattern match '{forbidden}'",
         f"^failed shop: queue {mine}: there; may not be written to: .*{refused} write pattern match 'amq.default'")
    assert code == UNAVAILABLE


def test_topic_permissions(check, rabbit, amqp, exchange, user, url):
    x, q = exchange("may.x"), amqp.queue(unique("may"))
    rabbit.eval(f'{AUTH}:set_topic_permissions(<<"{user}">>, <<"/">>, <<"{x}">>, <<"^yes">>, <<"^yes">>, <<"test">>)')
    code, lines, _ = check(configuration(
        route(local(), *(shop(target=target, exchange=x) for target in ("yes.1", "no.1", "any.{key}"))),
        route(shop(queue=q, bind=[{"exchange": x, "routing_key": ["yes.#", "no.#"]}]), shop(target="yes.1", exchange=x)), shop=url))
    says(lines, "^ok", f"^ok     shop: queue {q}: there, may be read$",
         f"^failed shop: queue {q}, bound to .*may not be bound: .*access to topic 'no.#'.*set_topic_permissions -p '/' '{user}' '{x}' WRITE READ",
         f"^ok     shop: exchange {x} with key yes.1: there, may be written to$",
         f"^failed shop: exchange {x} with key no.1: .*access to topic 'no.1' .*let {user}'s write pattern match 'no.1'",
         f"^warn   shop: exchange {x}: there; which keys may be written depends on topic permissions")
    assert code == UNAVAILABLE


def test_a_queue_that_is_not_what_the_file_says(check, rabbit, amqp):
    q = amqp.queue(arguments={"x-message-ttl": 60000})
    code, lines, _ = check(configuration(route(shop(queue=q, declare={}), ANYWHERE), shop=rabbit.url))
    says(lines, "^ok", f"^failed shop: queue {q}: .*inequivalent arg 'x-message-ttl'.*leave `declare` out", anywhere)
    assert code == UNAVAILABLE


def test_logins_that_are_refused(check, rabbit, url):
    code, lines, said = check(configuration(route(shop(queue="q"), ANYWHERE), shop=url.replace("secret", "wrong-password")))
    says(lines, "^failed shop: login at .*403 ACCESS_REFUSED.*is the password of user .* right")
    assert code == UNAVAILABLE and "wrong-password" not in lines[0] + said
    code, lines, _ = check(configuration(route(shop(queue="q"), ANYWHERE), shop=rabbit.url + "nowhere"))
    says(lines, "^failed shop: login at .*vhost nowhere not found")
    assert code == UNAVAILABLE


@contextlib.contextmanager
def silent_port():
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_brokers_that_are_away_cost_their_time_once(check, rabbit, amqp):
    q = amqp.queue()
    with silent_port() as one, silent_port() as two:
        config = configuration(route(shop(queue=q), ANYWHERE), route({"broker": "one", "queue": "q"}, ANYWHERE),
                               route({"broker": "two", "queue": "q"}, ANYWHERE), shop=rabbit.url)
        for name, port in (("one", one), ("two", two)):
            config["brokers"][name] = {"type": "amqp", "url": f"amqp://127.0.0.1:{port}/", "connect_timeout": "4s"}
        begin = time.monotonic()
        code, lines, _ = check(config)
        assert 4 <= time.monotonic() - begin < 7.5
    says(lines, "^ok     shop: login", f"^ok     shop: queue {q}", anywhere, "^failed one: login.*connect_timeout", "^failed two: login.*connect_timeout")
    assert code == UNAVAILABLE


def test_urls_are_tried_in_turn(check, rabbit, amqp):
    q = amqp.queue()
    code, lines, _ = check(configuration(route(shop(queue=q), ANYWHERE), shop={"type": "amqp", "url": ["amqp://127.0.0.1:1/", rabbit.url]}))
    says(lines, "^warn   shop: login at 127.0.0.1:1: .*refused", "^ok     shop: login", f"^ok     shop: queue {q}", anywhere)
    assert code == OK


def test_a_broker_in_alarm(check, private_rabbit):
    client = harness.Amqp(private_rabbit.url)
    q, out = client.queue(), client.queue()
    client.close()
    made = harness.Amqp(private_rabbit.url)
    for name in (q, out):
        made.queue(name)
    private_rabbit.eval("vm_memory_monitor:set_vm_memory_high_watermark(0.0000001)")
    time.sleep(2)
    config = configuration(route(local(), shop(target=out), shop(target=q), shop(target="k", exchange="amq.topic")),
                           shop={"type": "amqp", "url": private_rabbit.url, "connect_timeout": "20s"})
    code, lines, _ = check(config)
    says(lines, "^ok", *["^ok     shop: .*there, may be written to$"] * 3, "^warn   shop: publishing: the broker takes nothing now: .*memory")
    assert code == OK


def test_tls_and_the_identity_of_a_certificate(check, secure_rabbit, tmp_path):
    tls = secure_rabbit.tls
    section = {"type": "amqp", "url": tls.external_url, "sasl": {"mechanism": "EXTERNAL"},
               "tls": {"ca": str(tls.authority.certificate), "cert": str(tls.client.certificate), "key": str(tls.client.key)}}
    config = configuration(route(local(), ANYWHERE), shop=section)
    code, lines, _ = check(config)
    says(lines, "^ok     shop: login at localhost:[0-9]+: RabbitMQ .*, by certificate as bridge, vhost /$", anywhere)
    assert code == OK
    section["tls"]["ca"] = str(certificates.Authority(tmp_path, "another CA").certificate)
    code, lines, _ = check(config)
    says(lines, "^failed shop: login at localhost:[0-9]+: .*issued by CN=mombridge test CA, which is not in .*pem")
    assert code == UNAVAILABLE


# Kafka


@pytest.fixture(scope="module")
def guarded():
    """A Kafka where user "guest" may do what a test allows, and nothing makes topics by itself."""
    with private(lambda: brokers.Kafka("auto.create.topics.enable=false\n", secure=True)) as node:
        yield node


@pytest.fixture(scope="module")
def admin(guarded):
    client = harness.KafkaClient(guarded.bootstrap)
    yield client
    client.close()


def guest(node, group, **more):
    return {"type": "kafka", "bootstrap_servers": node.secure["PLAIN"], "group_id": group,
            "sasl": {"mechanism": "PLAIN", "username": "guest", "password": node.logins.password}, **more}


def left(client, *topics):
    """All that a client can leave behind: topics, groups, records, offsets."""
    return ([topic for topic in sorted(client._admin.list_topics(timeout=10).topics) if topic != "__consumer_offsets"],
            sorted(group.id for group in client._admin.list_groups(timeout=10)), [client.end_offsets(topic) for topic in topics])


def test_all_is_well_at_kafka_and_stays_as_it_is(check, guarded, admin):
    source, both, out, group = admin.topic(partitions=3), admin.topic(), admin.topic(), unique("group")
    for topic in (source, both, out):
        admin.produce(topic, b"stays")
    for topic, operations in {source: ["Read"], both: ["Read", "Write"], out: ["Write"], "own.dead": ["Describe", "Create"]}.items():
        guarded.allow("guest", "topic", topic, *operations)
    guarded.allow("guest", "group", group, "Read")
    before = left(admin, source, both, out)
    code, lines, said = check(configuration(
        route(lake(topic=source), lake(target=out), lake(target=both)), route(lake(topic=both), lake(target=out)),
        lake=guest(guarded, group), failures={"dead_letter": lake(target="own.dead", declare={"partitions": 1})}))
    says(lines, f"^ok     lake: cluster {guarded.secure['PLAIN']}: reached as User:guest$",
         f"^ok     lake: group {group}: may be joined$",
         f"^ok     lake: topic {source}: there, may be read$",
         f"^ok     lake: topic {both}: there, may be read$",
         "^ok     lake: topic own.dead: not there yet, may be created$",
         f"^ok     lake: topic {out}: there, may be written to$",
         f"^ok     lake: topic {both}: there, may be written to$",
         "^warn   lake: topic own.dead: made by this bridge")
    assert code == OK, said
    assert left(admin, source, both, out) == before
    assert admin.committed(group, source) == {}


def test_what_the_user_may_not_at_kafka(check, guarded, admin):
    readable, writable, group = admin.topic(), admin.topic(), unique("group")
    guarded.allow("guest", "topic", readable, "Read")
    guarded.allow("guest", "topic", writable, "Write")
    guarded.allow("guest", "group", group, "Read")
    code, lines, _ = check(configuration(
        route(lake(topic=writable), lake(target=readable)), route(lake(topic="hidden.in"), lake(target="hidden.out")),
        lake=guest(guarded, group), failures={"dead_letter": lake(target="x.dead", declare={"partitions": 1})}))
    acl = "kafka-acls.sh --add --allow-principal User:guest"
    says(lines, "^ok     lake: cluster", f"^ok     lake: group {group}: may be joined",
         f"^failed lake: topic {writable}: there; may not be read: .*TOPIC_AUTHORIZATION_FAILED.*{acl} --operation Read --topic {writable}",
         f"^failed lake: topic hidden.in: may not be looked up: .*{acl} --operation Describe --operation Read --topic hidden.in",
         f"^failed lake: topic {readable}: there; may not be written to: .*{acl} --operation Write --topic {readable}",
         f"^failed lake: topic hidden.out: may not be looked up: .*{acl} --operation Describe --operation Write --topic hidden.out",
         "^failed lake: topic x.dead: may not be looked up")
    assert code == UNAVAILABLE


@pytest.mark.parametrize("operations", [["Describe"], []])
def test_a_group_that_may_not_be_joined(check, guarded, admin, operations):
    topic, group = admin.topic(), unique("group")
    guarded.allow("guest", "topic", topic, "Read")
    if operations:
        guarded.allow("guest", "group", group, *operations)
    begin = time.monotonic()
    code, lines, _ = check(configuration(route(lake(topic=topic), ANYWHERE), shop="amqp://127.0.0.1:1/", lake=guest(guarded, group)))
    assert time.monotonic() - begin < 30
    says([line for line in lines if " lake: " in line], "^ok     lake: cluster",
         f"^failed lake: group {group}: it may not be joined: .*--operation Read --group {group}",
         f"^warn   lake: topic {topic}: there; not known whether it may be read, because of the group")
    assert code == UNAVAILABLE


def test_topics_that_are_missing(check, guarded, kafka, admin):
    config = configuration(route(lake(topic="gone.in"), lake(target="gone.out")), lake=guarded.bootstrap)
    code, lines, _ = check(config)
    says(lines, "^ok     lake: cluster .*reached$", "^ok     lake: group", "^failed lake: topic gone.in: may be read; not there; make it: kafka-topics.sh",
         "^failed lake: topic gone.out: not there; make it: kafka-topics.sh --create --topic gone.out$")
    assert code == UNAVAILABLE
    config["brokers"]["lake"]["bootstrap_servers"] = kafka.bootstrap
    new = config["routes"][0]["to"]["target"] = unique("new")
    assert f"^warn   lake: topic {new}: not there; the broker makes it"[1:] in "\n".join(check(config)[1])
    others = harness.KafkaClient(kafka.bootstrap)
    assert new not in others._admin.list_topics(timeout=10).topics
    others.close()


def test_a_running_bridge_does_not_notice(check, bridge, kafka, kafka_client):
    source, out = kafka_client.topic(), kafka_client.topic()
    config = configuration(route(lake(topic=source), lake(target=out)), lake=kafka.bootstrap)
    life = bridge(config)
    kafka_client.produce(source, b"1")
    assert [r.value() for r in kafka_client.consume(out, 1, timeout=60)] == [b"1"]
    harness.eventually(lambda: kafka_client.committed(config["name"], source) == {0: 1}, what="the offset is committed")
    code, lines, _ = check(config)
    assert code == OK, "\n".join(lines)
    kafka_client.produce(source, b"2")
    assert [r.value() for r in kafka_client.consume(out, 2, timeout=60)] == [b"1", b"2"]
    assert len(re.findall("partitions (assigned|revoked|lost)", life.read_log())) == 1
    harness.eventually(lambda: kafka_client.committed(config["name"], source) == {0: 2}, what="the offset is committed")


def test_clusters_that_let_nobody_in(check, guarded):
    wrong = guest(guarded, "group")
    wrong["sasl"]["password"] = "wrong-password"
    begin = time.monotonic()
    code, lines, said = check(configuration(route(lake(topic="t"), lake(target="u")), lake=wrong))
    says(lines, "^failed lake: cluster .*: .*(?i:authentication|password)")
    assert code == UNAVAILABLE and "wrong-password" not in lines[0] + said
    assert time.monotonic() - begin < 9, "there is nothing to wait for"
    with silent_port() as one, silent_port() as two:
        config = configuration(route(lake(topic="t"), lake(target="u")), lake=f"127.0.0.1:{one}")
        config["brokers"]["second"] = {"type": "kafka", "bootstrap_servers": f"127.0.0.1:{two}"}
        begin = time.monotonic()
        code, lines, _ = check(config)
        assert time.monotonic() - begin < 19
    says(lines, "^failed lake: cluster", "^failed second: cluster")
    assert code == UNAVAILABLE


def test_a_login_with_a_token(check, guarded, admin, tmp_path):
    topic, token = admin.topic(), tmp_path / "token"
    token.write_text(guarded.logins.issuer.token("bridge"))
    config = configuration(route(local(), lake(target=topic)), lake={
        "type": "kafka", "bootstrap_servers": guarded.secure["OAUTH"], "sasl": {"mechanism": "OAUTHBEARER"}, "token": {"file": str(token)}})
    code, lines, said = check(config)
    says(lines, "^ok     lake: cluster", f"^ok     lake: topic {topic}: there, may be written to$")
    assert code == OK
    token.write_text(guarded.logins.issuer.token("bridge", seconds=-60))
    code, lines, _ = check(config)
    says(lines, "^failed lake: token: ")
    assert code == UNAVAILABLE


def test_the_file_comes_first(check, rabbit):
    code, lines, said = check({"brokers": {"shop": {"type": "amqp", "url": rabbit.url, "typo": 1}}})
    assert (code, lines) == (CONFIG, []) and "typo" in said
    code, lines, said = check(configuration(route(shop(queue="q"), ANYWHERE), shop=rabbit.url), "--no-environment")
    assert (code, lines) == (USAGE, []) and "one of the two" in said
