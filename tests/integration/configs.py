"""Configurations as tests write them: Python values that Bridge turns into YAML."""
import os

from harness import unique


def amqp(url, **more):
    """A broker section that is quick to come back."""
    return {"type": "amqp", "url": url, "reconnect_delay": "100ms", "reconnect_delay_max": "1s", **more}


def kafka(servers, **more):
    return {"type": "kafka", "bootstrap_servers": servers, "librdkafka": {"linger.ms": 1}, **more}


def configuration(*routes, name=None, shop=None, lake=None, local=None, **top):
    """`shop` and `lake` are an address or a whole section; the memory broker `local` is always there.

    The bridge's name is unique, and with it the consumer group and the names that the bridge owns.
    """
    brokers = {"local": {"type": "memory", **(local or {})}}
    if shop:
        brokers["shop"] = amqp(shop) if isinstance(shop, str) else shop
    if lake:
        brokers["lake"] = kafka(lake) if isinstance(lake, str) else lake
    return {"name": name or unique("bridge"), "brokers": brokers, "routes": list(routes), **top}


def route(source, *to, **more):
    """route({"broker": …}, {"broker": …}, …)"""
    return {"from": source, "to": list(to) if len(to) > 1 else to[0], **more}


def shop(**more):
    return {"broker": "shop", **more}


def lake(**more):
    return {"broker": "lake", **more}


def local(**more):
    return {"broker": "local", **more}


def sample(name, **more):
    """A `handlers:` section of one of the samples."""
    return {"plugin": os.path.join(os.environ["MOMBRIDGE_SAMPLES"], f"{name}.so"), **more}


def fixture_handler(name, **more):
    """A `handlers:` section of one from tests/handlers."""
    return {"plugin": os.path.join(os.environ["MOMBRIDGE_HANDLERS"], f"{name}.so"), **more}
