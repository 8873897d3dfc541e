"""Brokers that go away."""
from registry import fault

AMQP_ONLY = ("aa", "ah", "ra")


@fault("D5", "RabbitMQ killed (-9) for 10 s, restarted; twice", interruptions=4, sink_interruptions=2, short=True)
def rabbit_killed(run):
    for _ in range(2):
        run.faulted()
        run.bed.rabbit.kill()
        run.sleep(8, 12)
        run.bed.rabbit.start()
        run.healed()
        run.sleep(5)


@fault("D5c", "RabbitMQ away for 20 s: processor time", directions=AMQP_ONLY, interruptions=2, sink_interruptions=1)
def rabbit_away(run):
    run.faulted()
    run.bed.rabbit.kill()
    run.sleep(3)
    cpu = run.watch.cpu(20)
    run.bed.rabbit.start()
    run.healed()
    run.expect(cpu is not None and cpu < 2, f"{cpu:.1f} % of a core while the broker is away")
    run.note(f"{cpu:.2f} % of a core meanwhile")


@fault("D6", "RabbitMQ stopped (SIGSTOP) for 30 s", interruptions=2, sink_interruptions=1, short=True)
def rabbit_stopped(run):
    run.faulted()
    run.bed.rabbit.pause()
    before = run.arrived("kk") if run.bed.kafka else 0
    run.log_has("no sign of life", timeout=16)
    run.sleep(15)
    if run.bed.kafka:
        run.expect(run.arrived("kk") > before, "Kafka to Kafka stood still with RabbitMQ")
    run.bed.rabbit.resume()
    run.healed()


@fault("D7", "Kafka killed (-9) for 10 s, restarted", interruptions=2, short=True)
def kafka_killed(run):
    run.faulted()
    run.bed.kafka.kill()
    run.sleep(8, 12)
    run.bed.kafka.start()
    run.healed()


@fault("D7s", "Kafka stopped (SIGSTOP) for 30 s", interruptions=2, short=True)
def kafka_stopped(run):
    run.faulted()
    run.bed.kafka.pause()
    before = run.arrived("aa")
    run.sleep(30)
    run.expect(run.arrived("aa") > before, "AMQP to AMQP stood still with Kafka")
    run.bed.kafka.resume()
    run.healed()


@fault("D8", "both brokers away when the bridge starts", start=False, interruptions=1, sink_interruptions=1)
def away_at_start(run):
    run.faulted()
    for node in run.bed.nodes():
        node.kill()
    run.bridge.start()  # READY=1 comes without any broker
    run.sleep(3)
    cpu = run.watch.cpu(15)
    run.expect(run.bridge.running, "the bridge gave up")
    run.expect(cpu is not None and cpu < 2, f"{cpu} % of a core while both are away")
    run.note(f"{cpu:.2f} % of a core meanwhile")
    for node in run.bed.nodes():
        node.launch()
    run.bed.wait_ready()
    run.start_senders()
    run.healed()
    run.wait_warm(90)
