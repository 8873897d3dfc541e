"""A private RabbitMQ 4.0, from Debian 13's package in a root of its own, for a machine that runs Debian 12.

Needs root. The root is made once, in the cache. Each node and each tool runs in a mount namespace that ends with it, so
nothing stays mounted.
"""
import debian_root
from node import run_tool
from rabbit_node import Rabbit

TOOLS = "/usr/lib/rabbitmq/bin"
ENTER = """mount -t proc proc "$1/proc" && mount -t tmpfs tmpfs "$1/tmp" && mkdir "$1$2" && mount --bind "$2" "$1$2" &&
root=$1 && shift 2 && exec chroot "$root" "$@" """


def root():
    return debian_root.made("trixie-rabbitmq", "trixie", ["rabbitmq-server"])


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
