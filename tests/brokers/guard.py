"""Ends everything that carries a folder's mark, then the folder, once whoever holds this process's stdin is gone.

    guard.py FOLDER < pipe

A broker outlives its starter when the starter is killed, and Erlang's epmd puts itself into a session of its own, where
no process group reaches it. Both still carry the environment they were started with, so that is what they are known by:
never by name, which would end somebody else's broker. A pipe, and not PR_SET_PDEATHSIG, because that signal comes when
the *thread* that forked ends, and it is lost on the way through a daemon's second fork.
"""
import os
import pathlib
import shutil
import signal
import sys
import time

MARK = "MOMBRIDGE_BROKER"


def marked(folder):
    """Yields a pidfd of every process that was started with the folder's mark; the caller closes it."""
    mark = f"{MARK}={folder}".encode()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            # The descriptor comes first: it keeps its meaning when the number is reused after the look at environ.
            fd = os.pidfd_open(int(pid))
        except OSError:
            continue
        try:
            found = mark in pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            found = False
        if found:
            yield fd
        else:
            os.close(fd)


def end_all(folder):
    """Kills until none is left: one that was forking while it was looked for is found the next time."""
    while fds := list(marked(folder)):
        for fd in fds:
            try:
                signal.pidfd_send_signal(fd, signal.SIGKILL)
            except ProcessLookupError:
                pass
            os.close(fd)
        time.sleep(0.02)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    end_all(sys.argv[1])
    shutil.rmtree(sys.argv[1], ignore_errors=True)
