"""AMQP over TLS against a real RabbitMQ: who is who, what is said where they do not agree, and files that change."""
import re
import shutil
import time

import pytest

import certificates
import harness
from configs import amqp, configuration, route, shop
from harness import eventually

TLS_CONNECTIONS = ("[P || P <- rabbit_networking:connections(), "
                   "rabbit_networking:connection_info(P, [ssl]) =:= [{ssl, true}]]")


@pytest.fixture(autouse=True)
def as_it_was(secure_rabbit):
    """The broker shows and trusts what it did at first."""
    yield
    secure_rabbit.tls.show(secure_rabbit.tls.authority.server())
    secure_rabbit.tls.trust(secure_rabbit.tls.authority)
    secure_rabbit.forget_certificates()
    set_password(secure_rabbit, secure_rabbit.tls.USER)


@pytest.fixture
def client(secure_rabbit):
    made = harness.Amqp(secure_rabbit.url)
    yield made
    made.close()


def told_of_connections(node, *items):
    """What the broker says of each connection that uses TLS."""
    found = f"[rabbit_networking:connection_info(P, [{', '.join(items)}]) || P <- {TLS_CONNECTIONS}]"
    return node.eval(f'lists:flatten(io_lib:format("~0p", [{found}]))').replace("\\", "")


def set_password(node, password):
    node.eval(f'rabbit_auth_backend_internal:change_password(<<"{node.tls.USER}">>, <<"{password}">>, <<"test">>)')


def cut(node):
    """The broker closes the connections that use TLS."""
    node.eval(f'[rabbit_networking:close_connection(P, "by the test") || P <- {TLS_CONNECTIONS}]')


class Files:
    """Certificates beside the bridge's configuration, where relative paths are looked for."""

    def __init__(self, folder, node):
        self.folder = folder
        self.trust(node.tls.authority)
        self.show(node.tls.client)
        self.password(node.tls.USER)

    def trust(self, authority):
        shutil.copy(authority.certificate, self.folder / "ca.pem")

    def show(self, identity):
        shutil.copy(identity.certificate, self.folder / "client.pem")
        shutil.copy(identity.key, self.folder / "client.key")

    def password(self, text):
        (self.folder / "password").write_text(text + "\n")


SHOWN = {"ca": "ca.pem", "cert": "client.pem", "key": "client.key"}


@pytest.fixture
def tls_bridge(bridge, secure_rabbit, client):
    """tls_bridge(**section) → a bridge from one queue to another, its .files, .pass_one(): through it, and it is connected."""

    def make(url=None, connected=True, shown=None, **section):
        q, out = client.queue(), client.queue()
        section = {"tls": SHOWN, **section}
        life = bridge(configuration(route(shop(queue=q), shop(target=out)),
                                    shop=amqp(url or secure_rabbit.tls.external_url, **section)), start=False)
        life.files = Files(life.folder, secure_rabbit)

        def pass_one():
            body = harness.unique("m").encode()
            client.publish(q, body)
            # Where a test has cut a connection before the last acknowledgement went out, the message before comes again.
            harness.eventually(lambda: client.get(out, timeout=30).body == body, what="the message at its destination")

        life.pass_one = pass_one
        if shown:
            life.files.show(shown)
        life.start()
        if connected:
            life.wait_log(f'"msg":"connected( again)?".*"link":"queue {q}"', timeout=60)
            pass_one()
        return life

    return make


def test_the_client_certificate_says_who_it_is(secure_rabbit, tls_bridge):
    tls_bridge(sasl={"mechanism": "EXTERNAL"})
    told = told_of_connections(secure_rabbit, "auth_mechanism", "user", "peer_cert_subject", "ssl_protocol")
    assert told.count('{auth_mechanism,<<"EXTERNAL">>},{user,<<"bridge">>},{peer_cert_subject,<<"CN=bridge">>}') == 2, told
    assert "tlsv1.3" in told, told


def test_user_and_password_over_tls(secure_rabbit, tls_bridge):
    tls_bridge(password="${file:password}", tls={"ca": "ca.pem", "min_version": "1.3"})
    told = told_of_connections(secure_rabbit, "auth_mechanism", "user")
    assert told.count('{auth_mechanism,<<"PLAIN">>},{user,<<"bridge">>}') == 2, told


def test_much_and_large(bridge, secure_rabbit, client):
    q, out = client.queue(), client.queue()
    life = bridge(configuration(route(shop(queue=q), shop(target=out)),
                                shop=amqp(secure_rabbit.tls.url, tls={"ca": str(secure_rabbit.tls.authority.certificate)})))
    bodies = [b"%d" % i for i in range(5000)] + [bytes([i]) * 3_000_000 for i in range(5)]
    client.publish_all(q, bodies)
    assert [m.body for m in client.consume(out, len(bodies), timeout=60)] == bodies
    assert "connection lost" not in life.read_log()


def test_urls_are_tried_in_turn_also_where_tls_fails(secure_rabbit, tls_bridge):
    plain_port = f"amqps://bridge@localhost:{secure_rabbit.port}/"
    life = tls_bridge(url=[plain_port, secure_rabbit.tls.external_url], sasl={"mechanism": "EXTERNAL"})
    assert "speaks AMQP without TLS" in life.read_log()


def test_everything_changes_without_a_restart(secure_rabbit, tls_bridge):
    """CA, certificate, key and password, on both sides; what is open stays open until it is cut."""
    life = tls_bridge(password="${file:password}")
    others = certificates.Authority(life.folder, "another CA")
    secure_rabbit.tls.show(others.server())
    secure_rabbit.tls.trust(others)
    secure_rabbit.forget_certificates()
    set_password(secure_rabbit, "another password")
    life.pass_one()
    life.files.trust(others)
    life.files.show(others.client("bridge"))
    life.files.password("another password")
    life.pass_one()
    assert "connection lost" not in life.read_log() and "cannot connect" not in life.read_log()
    cut(secure_rabbit)
    life.wait_log("connected again")
    life.pass_one()
    assert "cannot connect" not in life.read_log()
    assert "another password" not in life.read_log()


def test_a_password_file_that_is_away_leaves_the_last_one(secure_rabbit, tls_bridge):
    life = tls_bridge(password="${file:password}")
    (life.folder / "password").unlink()
    cut(secure_rabbit)
    life.wait_log("connected again")
    life.wait_log('"msg":"password".*No such file or directory; the value from before is used')
    life.pass_one()


def test_a_certificate_that_ends_while_it_is_used(secure_rabbit, tls_bridge):
    short = secure_rabbit.tls.authority.short_lived_client("bridge", 8)
    life = tls_bridge(sasl={"mechanism": "EXTERNAL"})
    life.files.show(short)
    cut(secure_rabbit)
    life.wait_log("connected again")
    time.sleep(9)
    life.pass_one()
    assert "cannot connect" not in life.read_log(), "what is open does not end with its certificate"
    cut(secure_rabbit)
    life.wait_log(r'the broker refused with the TLS alert \\"certificate expired\\": it does not accept \S*client.pem \(CN=bridge, issued by '
                  r"CN=mombridge test CA\), which ended on 20.*renew it")
    life.files.show(secure_rabbit.tls.client)
    eventually(lambda: life.read_log().count("connected again") >= 3, what="the new certificate is used")
    life.pass_one()


def test_a_broker_whose_certificate_ends(secure_rabbit, tls_bridge):
    secure_rabbit.tls.show(secure_rabbit.tls.authority.server(ends=8))
    secure_rabbit.forget_certificates()
    life = tls_bridge(sasl={"mechanism": "EXTERNAL"})
    time.sleep(9)
    life.pass_one()
    cut(secure_rabbit)
    life.wait_log(r"its certificate \(CN=mombridge test server\) ended on 20.*renew it")
    secure_rabbit.tls.show(secure_rabbit.tls.authority.server())
    secure_rabbit.forget_certificates()
    life.wait_log("connected again")
    life.pass_one()


def test_certificates_of_the_broker_that_do_not_do(secure_rabbit, tls_bridge):
    others = certificates.Authority(secure_rabbit.folder, "another CA")
    own = secure_rabbit.tls.authority
    for identity, said in [
        (own.expired_server(), r"\(CN=mombridge test server\) ended on 20"),
        (own.not_yet_valid_server(), r"is not valid before 20.*clock"),
        (own.server_of_another_name(), r"is for DNS:elsewhere.example, DNS:\*.other.example and not for localhost.*server_name"),
        (others.server(), r"was issued by CN=another CA, which is not in \S*/ca.pem"),
    ]:
        secure_rabbit.tls.show(identity)
        secure_rabbit.forget_certificates()
        life = tls_bridge(sasl={"mechanism": "EXTERNAL"}, connected=False)
        life.wait_log(said)
        life.terminate()
    secure_rabbit.tls.show(own.server_of_another_name())
    secure_rabbit.forget_certificates()
    tls_bridge(sasl={"mechanism": "EXTERNAL"}, tls={**SHOWN, "server_name": "elsewhere.example"})


def test_what_the_broker_refuses_is_said(secure_rabbit, tls_bridge):
    """In one line: its words, whose file it is about, and what to do."""
    strange = certificates.Authority(secure_rabbit.folder, "strange CA").client("bridge")
    unknown = secure_rabbit.tls.authority.client("nobody")
    port, tls_port = secure_rabbit.port, secure_rabbit.tls.port
    external = {"sasl": {"mechanism": "EXTERNAL"}}
    plain = {"password": "wrong-password"}
    secure_rabbit.eval('rabbit_vhost:add(<<"closed">>, <<"test">>)')
    for url, section, shown, said in [
        (None, external, strange, r'TLS alert \\"unknown ca\\": it does not accept \S*client.pem \(CN=bridge, issued by '
                                  r"CN=strange CA\): the CA that issued it must be in the broker's cacertfile"),
        (None, external, unknown, r"403 ACCESS_REFUSED.*is there a user whom the client certificate names"),
        (None, plain, None, r"403 ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN.*is the password of "
                            r"user 'bridge' right"),
        (f"amqps://bridge@localhost:{tls_port}/closed", external, None,
         r"530 NOT_ALLOWED.*access to vhost 'closed' refused for user 'bridge'.*set_permissions -p 'closed'"),
        (f"amqps://bridge@localhost:{tls_port}/nosuch", external, None, r"vhost nosuch not found; the vhost is what follows"),
        (f"amqps://bridge@localhost:{port}/", external, None, r"this port speaks AMQP without TLS: .*5671"),
        (f"amqp://bridge@localhost:{tls_port}/", {**plain, "tls": None}, None, r"this port speaks TLS.*amqps://"),
    ]:
        life = tls_bridge(url=url, connected=False, shown=shown, **section)
        line = life.wait_log(rf'^.*"msg":"cannot connect".*{said}.*$').group()
        assert "wrong-password" not in line
        life.terminate()


def test_a_mechanism_that_is_not_offered_is_said_with_what_offers_it(secure_rabbit, tls_bridge):
    secure_rabbit.eval("application:set_env(rabbit, auth_mechanisms, ['PLAIN'])")
    try:
        life = tls_bridge(sasl={"mechanism": "EXTERNAL"}, connected=False)
        life.wait_log("does not take EXTERNAL logins, but: PLAIN.*rabbitmq_auth_mechanism_ssl")
    finally:
        secure_rabbit.eval("application:set_env(rabbit, auth_mechanisms, ['PLAIN', 'AMQPLAIN', 'EXTERNAL'])")
    life.wait_log('"msg":"connected( again)?"')


def test_a_refused_login_is_not_hammered_and_mends_itself(secure_rabbit, tls_bridge):
    life = tls_bridge(password="${file:password}")
    life.files.password("wrong-password")
    cut(secure_rabbit)
    life.wait_log("ACCESS_REFUSED")
    before = len(re.findall("cannot connect", life.read_log()))
    time.sleep(4)
    attempts = len(re.findall("cannot connect", life.read_log())) - before
    assert attempts <= 8, "one a second for each of two links"
    life.files.password("bridge")
    life.wait_log("connected again")
    life.pass_one()
    assert "wrong-password" not in life.read_log()
