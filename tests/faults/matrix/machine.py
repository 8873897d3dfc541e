"""What the machine does to the bridge: disks, descriptors, clocks, names; and what its administrators do."""
import subprocess
import time

import harness
from registry import fault

from .rabbit import close_connections, dead_of


class Shim:
    """The preloaded clock and resolver, told through a file."""

    def __init__(self, run):
        self._file = run.folder / "shim"
        self.environment = {"LD_PRELOAD": str(run.bed.build / "tests" / "faults" / "fault-shim.so"), "FAULT_SHIM": str(self._file)}
        self.say()

    def say(self, clock=0, dns="ok"):
        partial = self._file.with_suffix(".new")
        partial.write_text(f"clock {clock}\ndns {dns}\n")
        partial.replace(self._file)


def start_with(run, environment):
    run.bridge._environment.update(environment)
    run.bridge.start()
    run.start_senders()
    run.wait_warm()


@fault("D38", "no room for the log for 10 s: the file may not grow", interruptions=2)
def disk_full(run):
    """A limit on the size of files fails the write as a full disk does, and can be lifted."""
    run.faulted()
    limit(run, "fsize", f"{run.bridge.log.stat().st_size}:unlimited")
    for proxy in run.bed.proxies.values():
        proxy.reset()  # something to log about
    run.sleep(10)
    run.expect(run.bridge.running, "the bridge ended because it could not log")
    limit(run, "fsize", "unlimited")
    run.healed()
    run.sleep(2)
    run.bridge.terminate()
    lost = run.bridge.totals().get("log_lines_lost", 0)
    run.expect(lost > 0, "lines of the log were lost and nobody counted them")
    run.note(f"{lost} lines lost")
    run.bridge.start()


def limit(run, resource, value):
    subprocess.run(["prlimit", "--pid", str(run.bridge.pid), f"--{resource}={value}"], check=True)


def descriptors(run):
    import os
    return len(os.listdir(f"/proc/{run.bridge.pid}/fd"))


@fault("D39", "no file descriptors left for 10 s, then connections break", interruptions=4)
def no_descriptors(run):
    run.faulted()
    limit(run, "nofile", f"{descriptors(run) - 4}:4096")
    for proxy in run.bed.proxies.values():
        proxy.reset()
    cpu = run.watch.cpu(10)
    run.expect(run.bridge.running, "the bridge ended")
    run.expect(cpu is not None and cpu < 25, f"{cpu} % of a core while nothing can be opened")
    limit(run, "nofile", "4096:4096")
    for proxy in run.bed.proxies.values():
        proxy.reset()
    run.healed()


@fault("D40", "wall clock jumps a day ahead, then two days back", start=False, ordered=True)
def clock_jumps(run):
    shim = Shim(run)
    start_with(run, shim.environment)
    for clock in (86_400, -86_400, 0):
        shim.say(clock=clock)
        before, at = {d.name: run.arrived(d.name) for d in run.plan.directions}, time.monotonic()
        run.sleep(6)
        still = [n for n, c in before.items() if run.arrived(n) - c < 0.5 * run.rate * (time.monotonic() - at)]
        run.expect(not still, f"clock off by {clock} s: slowed down {still}")
    run.expect("connection lost" not in run.bridge.read_log(), "a jump of the wall clock cost a connection")
    run.healed()


@fault("D40k", "wall clock a day ahead for 6 s, and Kafka takes nothing that is stamped so", start=False, directions=("ak", "kh", "rk", "kk"),
       topics={"message.timestamp.after.max.ms": "3600000"})
def stamped_ahead(run):
    """Records get the time of this machine where the message has none. What is refused for that waits, replies too."""
    shim = Shim(run)
    start_with(run, shim.environment)
    run.faulted()
    shim.say(clock=86_400)
    run.sleep(6)
    run.expect("INVALID_TIMESTAMP" in run.bridge.read_log(), "nothing was refused")
    shim.say(clock=0)
    run.healed()
    dead = {name: found for name in run.journals.read().flows if (found := dead_of(run, name))}
    run.expect(not dead, f"dead-lettered because a clock is wrong: {dead}")


def own_user(config, plan):
    for name in ("ain", "aout"):
        section = config["brokers"][name]
        section["url"] = section["url"].replace("guest:guest@", "operator@")
        section["password"] = "${file:password}"  # beside the configuration


def add_user(run, password="right"):
    (run.folder / "password").write_text(password)
    run.bed.rabbit.ctl("add_user", "operator", password)
    run.bed.rabbit.ctl("set_permissions", "operator", ".*", ".*", ".*")


def attempts(run, seconds):
    """Connections a second that were tried through the proxies of RabbitMQ."""
    count = lambda: sum(run.bed.proxies[name].accepted for name in ("ain", "aout"))  # noqa: E731
    before = count()
    time.sleep(seconds)
    return (count() - before) / seconds


@fault("D42", "password changed for good, in its file too; wrong in the file; permissions taken away; then mended", start=False,
       configure=own_user, interruptions=8)
def credentials(run):
    password = run.folder / "password"
    add_user(run)
    try:
        run.bridge.start()
        run.start_senders()
        run.wait_warm()
        run.faulted()
        run.bed.rabbit.ctl("change_password", "operator", "changed")
        close_connections(run)
        run.log_has("ACCESS_REFUSED|wrong user or password", timeout=20)
        rate = attempts(run, 8)
        links = 2 + len(run.plan.of(source="amqp"))
        # reconnect_delay_max is 2 s here, with jitter down to half of it.
        run.expect(rate <= 1.5 * links, f"{rate:.1f} logins a second of {links} links: hammering")
        password.write_text("changed")
        run.wait_flowing()
        password.write_text("wrong")
        run.sleep(2)
        close_connections(run)
        run.sleep(4)
        password.write_text("changed")
        run.wait_flowing()
        run.bed.rabbit.ctl("clear_permissions", "operator")
        close_connections(run)
        run.log_has("refused for user 'operator'; may user 'operator' use the vhost", timeout=20)
        run.sleep(4)
        run.bed.rabbit.ctl("set_permissions", "operator", ".*", ".*", ".*")
        run.healed()
        run.sleep(5)
    finally:
        run.callback(run.bed.rabbit.ctl, "delete_user", "operator")


def by_name(config, plan):
    section = config["brokers"]["aout"]
    section["url"] = section["url"].replace("127.0.0.1", "rabbit.test")


@fault("D44", "destination's name does not resolve, then slowly, then is another address", start=False, configure=by_name, interruptions=4)
def no_names(run):
    shim = Shim(run)
    start_with(run, shim.environment)
    run.faulted()
    for dns in ("fail", "slow"):
        shim.say(dns=dns)
        run.bed.proxies["aout"].reset()
        if dns == "fail":
            run.log_has("cannot resolve", timeout=20)
        independent = [d.name for d in run.plan.directions if d.sink == "kafka" or d.request]
        before = {n: run.arrived(n) for n in independent}
        run.sleep(8)
        still = [n for n, c in before.items() if run.arrived(n) <= c]
        run.expect(not still, f"dns {dns}: stood still with the unresolved one: {still}")
    moved = run.bed.second_way("aout", "127.0.0.2")
    run.callback(moved.close)
    run.bed.proxies["aout"].set(refuse=True)
    run.bed.proxies["aout"].reset()
    shim.say(dns="127.0.0.2")
    harness.eventually(lambda: moved.accepted, 30, "the bridge to follow the name to its new address")
    before = run.arrived("aa")
    harness.eventually(lambda: run.arrived("aa") > before, 30, "a message by way of the new address")
    run.bed.proxies["aout"].heal()
    moved.reset()
    shim.say()
    run.healed()
