"""A Debian in a folder, made by debootstrap once and kept in the cache. Needs root."""
import fcntl
import pathlib
import re
import shutil
import subprocess
import tempfile

from kafka_node import cache_folder
from node import NodeError


def made(name, suite, packages=()):
    """The folder NAME of the cache with that suite of Debian and those packages; a half-made one never has the final name."""
    cache = cache_folder()
    folder = cache / name
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _make(folder, suite, packages)
    return folder


def _mirror():
    """The one that the machine's own package sources name."""
    for path in sorted(pathlib.Path("/etc/apt").glob("sources.list*/**/*")) + [pathlib.Path("/etc/apt/sources.list")]:
        if path.is_file() and (found := re.search(r"https?://\S+/debian(?=/?\s)", path.read_text())):
            return found[0]
    return "http://deb.debian.org/debian"


def _make(folder, suite, packages):
    partial = pathlib.Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    include = [f"--include={','.join(packages)}"] if packages else []
    done = subprocess.run(["debootstrap", "--variant=minbase", *include, suite, partial, _mirror()],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        shutil.rmtree(partial, ignore_errors=True)
        raise NodeError(f"debootstrap failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    partial.chmod(0o755)
    partial.rename(folder)
