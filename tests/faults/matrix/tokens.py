"""Logins with tokens, and endpoints that do not give any."""
import yaml
from registry import fault
from token_server import TokenServer

from .rabbit import close_connections, dead_of

LIFE = 6  # seconds, of a token


def use_tokens(run, endpoint):
    """The bridge logs in to RabbitMQ with the endpoint's tokens."""
    config = yaml.safe_load(run.bridge.file.read_text())
    for name in ("ain", "aout"):
        section = config["brokers"][name]
        section["url"] = section["url"].replace("guest:guest@", "bridge@")
        section["token"] = endpoint.section()
    run.bridge.configure(config)


@fault("D57", "tokens of 6 s; their endpoint is down until long after the last one's end, then silent, then answers rubbish",
       start=False, directions=("aa", "ak", "ka", "ah", "ra"), interruptions=4)
def endpoint_fails(run):
    endpoint = TokenServer(run.bed.rabbit.token, seconds=LIFE)
    run.callback(endpoint.close)
    use_tokens(run, endpoint)
    run.bridge.start()
    run.start_senders()
    run.wait_warm()
    run.sleep(2 * LIFE)
    run.expect("connection lost" not in run.bridge.read_log(), "a connection did not outlive its token")
    endpoint.down()
    run.log_has("used as long as it lasts", timeout=2 * LIFE)
    run.log_has("the token has ended and is not renewed", timeout=2 * LIFE)
    run.faulted()
    close_connections(run)  # who comes anew needs a token
    run.log_has("ACCESS_REFUSED|the token ended", timeout=20)
    run.sleep(5)
    for answer in ("silent", "rubbish"):
        endpoint.answer = answer
        endpoint.up()
        run.sleep(6)
        endpoint.down()
    asked = len(endpoint.requests)
    run.expect(asked < 60, f"the endpoint was asked {asked} times: hammering")
    endpoint.answer = "token"
    endpoint.up()
    for name in ("ain", "aout"):  # each section asks by itself, every 30 s at most
        run.log_has(f'"token renewed again","broker":"{name}"', timeout=60)
    run.healed()
    run.sleep(5)
    dead = {name: found for name in run.journals.read().flows if (found := dead_of(run, name))}
    run.expect(not dead, f"dead-lettered because a login ran out: {dead}")
    log = run.bridge.read_log()
    secrets = [endpoint.client[1], *endpoint.issued[-3:]]
    run.expect(not any(secret in log for secret in secrets), "a secret stands in the log")
