"""Requests through the bridge and their replies back: the four ways, and what may go wrong on them."""
import pytest

from configs import amqp as amqp_section
from configs import configuration, kafka as kafka_section, route, shop
from exchange import AmqpSide, KafkaSide, answer, expected
from harness import eventually, unique

KEYS = [{"id": "k1", "secret": "0123456789abcdef0123456789abcdef"}]


@pytest.fixture
def sides(request):
    """sides("amqp", "kafka") makes ends at the shared brokers."""
    def make(*kinds):
        made = []
        for kind in kinds:
            if kind == "amqp":
                made.append(AmqpSide(request.getfixturevalue("amqp"), request.getfixturevalue("rabbit").url))
            else:
                made.append(KafkaSide(request.getfixturevalue("kafka_client"), request.getfixturevalue("kafka").bootstrap))
        return made
    return make


def answering(*ends, **more):
    """Sections for the brokers of these ends, which accept replies."""
    sections = {}
    for end in ends:
        if end.kind == "amqp":
            sections["shop"] = amqp_section(end.url, accept_replies=True, **more.get("shop_keys", {}))
        else:
            sections["lake"] = kafka_section(end.bootstrap, accept_replies=True, **more.get("lake_keys", {}))
    return sections


def bridging(source, sink, replies=None, route_keys=None, **more):
    return configuration(route(source.source, sink.target, **(route_keys or {})), **answering(source, sink),
                         replies={"keys": KEYS, **(replies or {})}, **more)


WAYS = [("amqp", "amqp"), ("amqp", "kafka"), ("kafka", "amqp"), ("kafka", "kafka")]


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_requests_are_answered(bridge, sides, way):
    source, sink = sides(*way)
    life = bridge(bridging(source, sink))
    with sink.responder() as responder:
        source.request(range(50))
        assert sorted(source.replies(50, settle=0.5)) == expected(range(50))
    assert len(responder.seen) == 50
    life.terminate()
    totals = life.totals()
    assert totals["requests_forwarded"] == totals["replies"] == 50
    assert not any(name.startswith("reply_un") for name in totals)
