"""kill -9 of the bridge in the middle of traffic: everything arrives, some of it twice."""
import pytest
from traffic import Crossing, QueueEnd, TopicEnd, finish

PORTIONS = (20_000, 15_000, 15_000)


@pytest.mark.parametrize("source,sink", [(QueueEnd, QueueEnd), (QueueEnd, TopicEnd), (TopicEnd, QueueEnd), (TopicEnd, TopicEnd)],
                         ids=["amqp-amqp", "amqp-kafka", "kafka-amqp", "kafka-kafka"])
def test_a_killed_bridge_loses_nothing(bridge, rabbit, kafka, amqp, kafka_client, source, sink):
    clients = {QueueEnd: amqp, TopicEnd: kafka_client}
    crossing = Crossing(source(clients[source]), sink(clients[sink]), shop=rabbit.url,
                        lake=kafka.bootstrap if TopicEnd in (source, sink) else None)
    crossing.send(PORTIONS[0])
    life = bridge(crossing.config)
    for portion in PORTIONS[1:]:
        # Those before may have come twice: so many arrivals say that this life has brought some.
        crossing.wait_arrived(crossing.sink.count() + 2000)
        life.kill()
        crossing.send(portion)
        life.start()
    finish(life, crossing)
    crossing.check()
