"""`mombridge check --connect`: what it says of each thing at real brokers, and that it leaves no trace there."""
import contextlib
import os
import re
import socket
import subprocess
import time

import harness
import pytest
import yaml
from configs import configuration, local, route, shop
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


def test_the_file_comes_first(check, rabbit):
    code, lines, said = check({"brokers": {"shop": {"type": "amqp", "url": rabbit.url, "typo": 1}}})
    assert (code, lines) == (CONFIG, []) and "typo" in said
    code, lines, said = check(configuration(route(shop(queue="q"), ANYWHERE), shop=rabbit.url), "--no-environment")
    assert (code, lines) == (USAGE, []) and "one of the two" in said
