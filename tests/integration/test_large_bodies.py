"""A body of 100 MiB passes in little more memory than its own, and small messages of another subscription meanwhile."""
import hashlib
import pathlib
import time

from configs import configuration, route, shop
from harness import eventually

SIZE = 100 << 20
ENOUGH = 128 << 20  # the default of older RabbitMQs
MOST_MEMORY = 2.2  # times the body
MOST_DELAY = 30  # seconds: a broken one never ends, and scripts/bench large_body measures what it is


def memory(life, field):
    """VmRSS or VmHWM (the peak), in bytes."""
    status = pathlib.Path(f"/proc/{life.pid}/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith(field + ":"))


def through(client, source, sink, body):
    """Sends a small message, waits until it is through, and returns how many seconds that took."""
    begin = time.monotonic()
    client.publish(source, body)
    assert client.get(sink, timeout=60).body == body
    return time.monotonic() - begin


def test_a_body_of_100_mib_beside_small_messages(bridge, rabbit, amqp):
    rabbit.eval(f"application:set_env(rabbit, max_message_size, {ENOUGH})")
    client = amqp
    large, large_out, small, small_out = (client.queue() for _ in range(4))
    # From here the broker moves it on by itself, so that the client has time for small messages.
    held = client.queue(arguments={"x-message-ttl": 1000, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": large})
    life = bridge(configuration(route(shop(queue=large), shop(target=large_out)), route(shop(queue=small), shop(target=small_out)),
                                shop={"type": "amqp", "url": rabbit.url, "max_message_size": f"{SIZE}B"}))
    for number in range(20):
        through(client, small, small_out, b"before %d" % number)
    before = memory(life, "VmRSS")
    body = hashlib.sha256(b"seed").digest() * (SIZE // 32)
    client.publish(held, body)
    delays = []
    eventually(lambda: delays.append(through(client, small, small_out, b"beside %d" % len(delays))) or client.depth(large_out),
               timeout=60, what="the large body at its destination")
    ratio = (memory(life, "VmHWM") - before) / SIZE
    print(f"memory: {ratio:.2f} times the body; the slowest of {len(delays)} small messages: {max(delays):.3f} s")
    assert client.get(large_out).body == body
    assert ratio <= MOST_MEMORY
    assert max(delays) <= MOST_DELAY
