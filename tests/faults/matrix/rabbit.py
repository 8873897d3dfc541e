"""What RabbitMQ does to its clients: alarms, deletions, refusals, closed connections."""
import time

from registry import fault


@fault("D13", "memory alarm for 12 s: connections blocked", short=True)
def memory_alarm(run):
    run.faulted()
    run.bed.rabbit.ctl("set_vm_memory_high_watermark", "0")
    run.log_has("blocked by the broker", timeout=20)
    run.sleep(12)
    run.bed.rabbit.ctl("set_vm_memory_high_watermark", "0.4")
    run.healed()
    run.log_has("unblocked", timeout=20)


@fault("D14", "disk alarm for 12 s: connections blocked")
def disk_alarm(run):
    run.faulted()
    run.bed.rabbit.ctl("set_disk_free_limit", "1000GB")
    run.log_has("blocked by the broker", timeout=30)
    run.sleep(12)
    run.bed.rabbit.ctl("set_disk_free_limit", "50MB")
    run.healed()
    run.log_has("unblocked", timeout=30)
