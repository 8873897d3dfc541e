"""No secret of the configuration is in anything that the bridge says, at whatever level, also where its logins fail."""
import os
import pathlib
import subprocess
import time
import uuid

import pytest
import yaml
from certificates import Authority, encrypted_key
from configs import amqp, configuration, kafka, route, shop
from conftest import private
from harness import eventually
from oauth_rabbit import OauthRabbit
from token_server import TokenServer

COMMANDS = (["check"], ["explain", "--broker", "shop", "--target", "x"], ["publish", "shop", "x"])


@pytest.fixture(scope="module")
def oauth_rabbit():
    with private(OauthRabbit) as node:
        yield node


class Secrets:
    """Each has a file, and a value that stands nowhere else."""

    def __init__(self, folder):
        self._folder, self.values = folder, {}

    def new(self, name, value=None):
        """A reference to it, as the configuration has it."""
        self.values[name] = value or f"{name}-{uuid.uuid4().hex}"
        path = self._folder / name
        path.write_text(self.values[name] + "\n")
        path.chmod(0o600)
        return f"${{file:{path}}}"

    def written(self, name):
        """One that stands in the configuration itself."""
        self.values[name] = f"{name}-{uuid.uuid4().hex}"
        return self.values[name]

    def found_in(self, text):
        return sorted(name for name, value in self.values.items() if value in text)


def run(*arguments, stdin=""):
    done = subprocess.run([os.environ["MOMBRIDGE"], *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


def everything(node, endpoint, kafka_servers, secrets, folder):
    """Every kind of secret that a section may have; those that brokers see are wrong."""
    authority = Authority(folder)
    client = authority.client("bridge")
    key_password = secrets.new("key-password")
    key = encrypted_key(client.key, secrets.values["key-password"])
    endpoint.client = ("bridge", secrets.values.setdefault("client-secret", f"client-secret-{uuid.uuid4().hex}"))
    tls = {"ca": str(authority.certificate), "cert": str(client.certificate), "key": str(key), "key_password": key_password}
    config = configuration(
        route(shop(queue="secrets.in"), shop(target="secrets.out")), name="secrets",
        shop=amqp(node.address, token={**endpoint.section(), "client_secret": secrets.new("client-secret", endpoint.client[1])}),
        lake=kafka(kafka_servers, librdkafka={"security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN", "debug": "security",
                                              "sasl.username": "nobody", "sasl.password": secrets.new("librdkafka-password")}),
        log={"level": "trace"}, replies={"keys": [{"id": "k1", "secret": secrets.new("reply-key")}]})
    config["brokers"] |= {
        "password": amqp(node.address.replace("//", "//nobody@"), password=secrets.new("amqp-password")),
        "url": amqp(node.address.replace("//", f"//nobody:{secrets.written('url-password')}@")),
        "encrypted": amqp(node.address.replace("amqp:", "amqps:").replace("//", "//nobody@"), tls=tls,
                          password=secrets.new("tls-password")),
        "file": amqp(node.address, token={"file": str(folder / "wrong-token")}),
        "scram": {"type": "kafka", "bootstrap_servers": kafka_servers,
                  "sasl": {"mechanism": "SCRAM-SHA-512", "username": "nobody", "password": secrets.new("scram-password")}},
    }
    secrets.values["wrong-token"] = "wrong.token." + uuid.uuid4().hex
    (folder / "wrong-token").write_text(secrets.values["wrong-token"])
    for name in ("password", "url", "encrypted", "file", "lake", "scram"):
        config["routes"].append(route(shop(queue=f"secrets.{name}"), {"broker": name, "target": "secrets.out"}))
    return config


def test_what_the_bridge_says(oauth_rabbit, kafka, bridge, tmp_path):
    secrets = Secrets(tmp_path)
    with TokenServer(lambda seconds: oauth_rabbit.token(seconds), seconds=3) as endpoint:
        config = everything(oauth_rabbit, endpoint, kafka.bootstrap, secrets, tmp_path)
        life = bridge(config)
        process = pathlib.Path(f"/proc/{life.pid}")
        for name in ("password", "url", "file"):
            life.wait_log(f'"broker":"{name}".*403')
        life.wait_log('"broker":"encrypted".*"reason"')
        eventually(lambda: len(endpoint.requests) >= 2, what="a token that was renewed")
        # An endpoint that repeats what it is sent, and one that is not understood.
        endpoint.answer = {"access_token": None, "error": endpoint.client[1]}
        life.wait_log("no access_token")
        endpoint.answer = "repeat"
        life.wait_log("it answers 400")
        time.sleep(2)
        secrets.values |= {f"token {i}": token for i, token in enumerate(endpoint.issued)}
        seen = {"log": life.read_log(), "cmdline": (process / "cmdline").read_text(), "environ": (process / "environ").read_text()}
        file = str(life.file)
        for command in COMMANDS:
            seen[" ".join(command)] = run(command[0], "-c", file, *command[1:], stdin="body")
        life.terminate()
        seen["log of the end"] = life.read_log()
    assert {where: secrets.found_in(text) for where, text in seen.items()} == dict.fromkeys(seen, [])


@pytest.mark.parametrize("broken", [
    {"password": ["SECRET"]}, {"password": {"x": "SECRET"}}, {"url": "amqp://u:SECRET@:99999/"}, {"url": "amqp://u:SECRET@h:1/?x#y"},
    {"url": "SECRET://u@h"}, {"token": "SECRET"}, {"token": ["SECRET"]}, {"password": "SECRET", "token": {"file": "t"}},
    {"token": {"url": "https://u:SECRET@h/", "client_id": "a", "client_secret": "b"}},
    {"token": {"url": "http://h/?key=SECRET", "client_id": "a", "client_secret": "SECRET"}},
    {"token": {"url": "https://h/", "client_id": "a", "client_secret": ["SECRET"]}},
    {"token": {"url": "https://h/", "client_id": "a", "client_secret": "b", "params": {"client_secret": "SECRET"}}},
    {"token": {"file": "t", "client_secret": "SECRET"}}, {"tls": {"key_password": "SECRET"}}, {"tls": {"key_password": ["SECRET"]}},
    {"sasl": {"mechanism": "PLAIN", "password": "SECRET"}},
], ids=str)
def test_what_check_says(tmp_path, broken):
    """A secret in a wrong place is the user's mistake, and still not shown: it comes from a reference."""
    if "MOMBRIDGE" not in os.environ:
        pytest.skip("MOMBRIDGE does not name the daemon's binary")
    secret = f"hush-{uuid.uuid4().hex}"
    (tmp_path / "secret").write_text(secret)
    section = {"type": "amqp", "url": "amqp://localhost", **broken}
    text = yaml.safe_dump({"brokers": {"shop": section}, "routes": []}).replace("SECRET", "${file:secret}")
    (tmp_path / "c.yaml").write_text(text)
    said = run("check", "-c", tmp_path / "c.yaml")
    assert "error" in said and secret not in said, said
