"""Handlers whose worker processes end, hang, or do what nobody should."""
import contextlib
import os
import pathlib

from harness import eventually
from registry import fault
from watch import status

# What a message does to the worker that has it, and what its dead letter says.
ENDS = {"segv": "was killed by SIGSEGV", "abort": "was killed by SIGABRT", "kill": "was killed by SIGKILL",
        "term": "was killed by SIGTERM", "exit": "ended with exit code 0", "exit7": "ended with exit code 7",
        "eat": "at its memory limit of 256MiB", "overflow": "was killed by SIGSEGV", "heap": "was killed by SIG"}
HANGS = {"loop": "handle() had not returned after 500ms", "stopped": "handle() had not returned after 500ms",
         "half": "", "close": "", "rubbish": "it broke the protocol", "huge": "it broke the protocol",
         "fork_and_abort": "was killed by SIGABRT"}
CRASHES = 200
LEFT_OVER = 16 << 20  # bytes that 200 crashes may leave, of what an allocator keeps


def deadly(config, plan, timeout="30s"):
    """The handler of `ah` and `kh`, and a queue of its own for what ends its worker, with a dead letter of its own."""
    config["handlers"]["deadly"] = {"plugin": str(plan.handlers / "bad_body.so"), "timeout": timeout, "concurrency": 4,
                                    "config": {"echo": True}}
    for name in ("ah", "kh"):
        plan.route(config, name)["to"]["handler"] = "deadly"
    failures = {"attempts": 5, "backoff": "100ms..2s", "dead_letter": {"broker": "aout", "target": f"{plan.prefix}.deadly.dead"}}
    config["routes"].append({"name": "deadly", "from": {"broker": "ain", "queue": f"{plan.prefix}.deadly"},
                             "to": {"handler": "deadly"}, "failures": failures})


def hanging(config, plan):
    deadly(config, plan, "500ms")


@contextlib.contextmanager
def queues(run):
    with contextlib.closing(run.bed.amqp()) as amqp:
        names = f"{run.plan.prefix}.deadly", f"{run.plan.prefix}.deadly.dead"
        for name in names:
            amqp.channel.queue_declare(name, durable=True, arguments=run.bed.queue_arguments)
        run.bridge.start()
        run.start_senders()
        run.wait_warm()
        yield amqp, *names


def dead_letters(run, amqp, dead, expected, timeout):
    """Each of `expected`, [(body, reason)], is dead-lettered once and says why."""
    letters = amqp.consume(dead, len(expected), timeout=timeout, settle=1)
    run.expect(len(letters) == len(expected), f"{len(letters)} dead letters of {len(expected)} messages")
    reasons = {}
    for letter in letters:
        reasons.setdefault(letter.body.decode(), []).append(letter.headers["mombridge-dead-reason"])
    for body, reason in set(expected):
        said = reasons.get(body, [])
        run.expect(said and all(reason in one and "bad_body 1.2" in one for one in said), f"the dead letters of '{body}' say {said}")


@fault("D54", f"a worker that is ended by each of {', '.join(ENDS)}, and by somebody's signal", start=False, configure=deadly)
def ended_workers(run):
    with queues(run) as (amqp, source, dead):
        run.faulted()
        for body in ENDS:
            amqp.publish(source, body.encode())
        dead_letters(run, amqp, dead, list(ENDS.items()), 60)
        run.flows_on()
        for _ in range(5):
            for pid in workers(run):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, 9)
            run.sleep(0.2, 1)
        run.healed()
        run.expect(amqp.empty(dead), "what somebody's signal ended was dead-lettered")


@fault("D55", f"{CRASHES} workers that hang, break the protocol, close their descriptors or fork", start=False, configure=hanging)
def hanging_workers(run):
    with queues(run) as (amqp, source, dead):
        run.faulted()
        # Each ends two workers: one beside others, one alone. Those that hang are few, because each of them takes its time.
        quick = [body for body in HANGS if body not in ("loop", "stopped", "half")]
        bodies = list(HANGS) + [quick[i % len(quick)] for i in range(CRASHES // 2 - len(HANGS))]
        before = None
        for number, body in enumerate(bodies):
            amqp.publish(source, body.encode())
            if number == 20:
                dead_letters(run, amqp, dead, [(b, HANGS[b]) for b in bodies[:number + 1]], 120)
                before = taken(run)
        dead_letters(run, amqp, dead, [(b, HANGS[b]) for b in bodies[21:]], 300)
        run.flows_on()
        run.healed()
        run.hold()
        eventually(lambda: len(children(run.bridge.pid)) == 2 and taken(run)["descriptors"] <= before["descriptors"], 30,
                   f"two workers and not more than {before['descriptors']} descriptors; {children(run.bridge.pid)}, {taken(run)}")
        after = taken(run)
        run.go_on()
        run.expect(after["memory"] <= before["memory"] + LEFT_OVER,
                   f"{(after['memory'] - before['memory']) >> 10} KiB more memory after {CRASHES} crashes")
        run.note(f"before and after: {before}, {after}")


def children(pid):
    """Processes that it has, also those that nobody has waited for."""
    files = pathlib.Path(f"/proc/{pid}/task").glob("*/children")
    return {int(child) for file in files for child in file.read_text().split()}


def workers(run):
    return [pid for pid in children(run.bridge.pid)
            if pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[2:3] == [b"deadly"]]


def taken(run):
    pid = run.bridge.pid
    return {"processes": len(children(pid)), "descriptors": len(os.listdir(f"/proc/{pid}/fd")), "memory": status(pid, "VmRSS") * 1024}
