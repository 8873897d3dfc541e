"""A control group with a memory limit, for one process."""
import contextlib
import os
import pathlib
import signal
import time

ROOT = pathlib.Path("/sys/fs/cgroup")


def own_groups():
    """Folders in which a group may be made, with the name of the file for its limit: below the group of this process, then at the
    top."""
    for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            top, file = ROOT / "memory", "memory.limit_in_bytes"
        elif not controllers:
            top, file = ROOT, "memory.max"
        else:
            continue
        yield top / path.lstrip("/"), file
        yield top, file


class Container:
    """`program` runs the bridge in a group of its own where one can be made (as root, version 1 or 2 of control groups). Else it
    runs it as it is, and only its resident memory can be looked at: `limited` says which. An address space of that size
    (RLIMIT_AS) is no substitute: the stacks of the threads alone, which are hardly touched, are more."""

    def __init__(self, folder, limit):
        self.limit = limit
        self._name = f"mombridge-faults-{os.getpid()}-{time.monotonic_ns()}"
        self._group = self._make()
        self.limited = self._group is not None
        self.program = pathlib.Path(folder) / "mombridge-in-container"
        join = f'echo $$ > "{self._group / "cgroup.procs"}" || exit 1\n' if self.limited else ""
        self.program.write_text(f'#!/bin/sh\n{join}exec "{os.environ["MOMBRIDGE"]}" "$@"\n')
        self.program.chmod(0o755)

    def _make(self):
        for top, file in own_groups():
            group = top / self._name
            try:
                group.mkdir()
                with open(group / file, "r+") as limit:  # the kernel has made it, where this is a group and not just a folder
                    limit.write(str(self.limit))
            except OSError:
                with contextlib.suppress(OSError):
                    group.rmdir()
                continue
            for swap, limit in (("memory.swap.max", 0), ("memory.memsw.limit_in_bytes", self.limit)):
                with contextlib.suppress(OSError), open(group / swap, "r+") as file:
                    file.write(str(limit))
            return group
        return None

    def peak(self):
        """What the group had at most, in bytes: with its files and sockets, so it may touch the limit."""
        for file in ("memory.peak", "memory.max_usage_in_bytes"):
            with contextlib.suppress(OSError, TypeError):
                return int((self._group / file).read_text())
        return None

    def kills(self):
        """How often the kernel has ended a process of the group for its memory."""
        for file in ("memory.events", "memory.oom_control"):
            with contextlib.suppress(OSError, TypeError):
                counts = dict(line.split() for line in (self._group / file).read_text().splitlines())
                return int(counts.get("oom_kill", 0))
        return 0

    def close(self):
        if not self.limited:
            return
        with contextlib.suppress(OSError):
            for pid in (self._group / "cgroup.procs").read_text().split():
                os.kill(int(pid), signal.SIGKILL)
        for _ in range(50):
            with contextlib.suppress(OSError):
                self._group.rmdir()
                return
            time.sleep(0.1)
