"""A private RabbitMQ 4.0, from Debian 13's package in a root of its own, for a machine that runs Debian 12.

Needs root. The root is made once, in the cache. Each node and each tool runs in a mount namespace that ends with it, so
nothing stays mounted.
"""
import fcntl
import pathlib
import re
import shutil
import subprocess
import tempfile

from kafka_node import cache_folder
from node import NodeError, run_tool
from rabbit_node import Rabbit

TOOLS = "/usr/lib/rabbitmq/bin"
ENTER = """mount -t proc proc "$1/proc" && mount -t tmpfs tmpfs "$1/tmp" && mkdir "$1$2" && mount --bind "$2" "$1$2" &&
root=$1 && shift 2 && exec chroot "$root" "$@" """


def root():
    """The folder of Debian 13 with its rabbitmq-server; a half-made one never has the final name."""
    cache = cache_folder()
    folder = cache / "trixie-rabbitmq"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "trixie-rabbitmq.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            make(folder)
    return folder


def mirror():
    """The one that the machine's own package sources name."""
    for path in sorted(pathlib.Path("/etc/apt").glob("sources.list*/**/*")) + [pathlib.Path("/etc/apt/sources.list")]:
        if path.is_file() and (found := re.search(r"https?://\S+/debian(?=/?\s)", path.read_text())):
            return found[0]
    return "http://deb.debian.org/debian"


def make(folder):
    partial = pathlib.Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    done = subprocess.run(["debootstrap", "--variant=minbase", "--include=rabbitmq-server", "trixie", partial, mirror()],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        shutil.rmtree(partial, ignore_errors=True)
        raise NodeError(f"debootstrap failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    partial.chmod(0o755)
    partial.rename(folder)


class TrixieRabbit(Rabbit):
    def __init__(self, **options):
        self._root = root()
        super().__init__(**options)

    def command(self):
        return self.inside(f"{TOOLS}/rabbitmq-server")

    def ctl(self, *arguments):
        return run_tool(self.inside(f"{TOOLS}/rabbitmqctl", "-q", "-n", self.node, *arguments), self.full_environment())

    def inside(self, *argv):
        return ["unshare", "-m", "sh", "-c", ENTER, "sh", str(self._root), str(self.folder), *argv]
