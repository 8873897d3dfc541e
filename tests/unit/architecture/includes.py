"""Fails on an include that runs up the floors, beside them, past a folder that hides a library, or in a circle inside a
folder; and on threads that are made past the one place for it.

    includes.py ROOT      looks at every C and C++ file below ROOT/lib and ROOT/daemon
"""
import pathlib
import re
import sys

# From the ground up. A file may include its own folder and the floors below; folders that share a floor, never each other.
FLOORS = [
    ["base"],
    ["message", "tls"],
    ["config"],
    ["token"],
    ["broker"],
    ["broker/amqp", "broker/kafka", "broker/memory"],
    ["handler"],
    ["reply"],
    ["routing"],
    ["topology"],
    ["admin", "cases"],
    ["http_ingress"],
    ["daemon"],
]
FLOOR = {folder: number for number, folders in enumerate(FLOORS) for folder in folders}

# What a plugin is built with stands apart: it includes nothing of ours, and only the folder that hosts plugins includes it.
SDK = "sdk"
SDK_USERS = {SDK, "handler"}

# A library's headers, and the files that may include them.
LIBRARIES = [
    ("rabbitmq-c", re.compile(r"amqp(_\w+)?\.h|rabbitmq-c/.*"), re.compile(r"lib/broker/amqp/.*")),
    ("librdkafka", re.compile(r"librdkafka/.*|rdkafka\w*\.h"), re.compile(r"lib/broker/kafka/.*")),
    ("yaml-cpp", re.compile(r"yaml-cpp/.*"), re.compile(r"lib/config/.*|lib/broker/\w+/config\w*\.\w+")),
    ("cpp-httplib", re.compile(r"httplib\.h"), re.compile(r"lib/(token|admin)/.*")),
    ("OpenSSL", re.compile(r"openssl/.*"), re.compile(r"lib/(tls|reply|broker/\w+)/.*")),
    ("nlohmann-json", re.compile(r"nlohmann/.*"), re.compile(r"lib/(message|token|admin)/.*")),
    ("prometheus-cpp", re.compile(r"prometheus/.*"), re.compile(r"lib/admin/.*")),
    ("libseccomp", re.compile(r"seccomp\.h"), re.compile(r"lib/handler/worker/.*")),
    ("spdlog", re.compile(r"spdlog/.*|fmt/.*"), re.compile(r"lib/base/.*")),
]

# Threads are made by base/thread.hpp, which says what becomes of their exceptions and of their failure to start.
THREADS = re.compile(r"\bstd::j?thread\b(?!::)|\bpthread_create\b|\bstd::async\b")
THREADS_ALLOWED = re.compile(r"lib/(base/thread\.cpp|sdk/.*)|lib/broker/kafka/c11_threads\.c")

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
SUFFIXES = {".c", ".cc", ".cpp", ".h", ".hh", ".hpp"}


def folder_of(path):
    """The floor's or the sdk's folder that a path below lib/ or daemon/ is in; None when the house has no such folder."""
    parts = path.split("/")
    for folder in ("/".join(parts[:2]), parts[0]):
        if len(parts) > folder.count("/") + 1 and (folder in FLOOR or folder == SDK):
            return folder
    return None


def folder_of_include(name):
    """As folder_of(), for what stands in an #include; None when it is not one of ours."""
    return SDK if name.startswith("mombridge/") else folder_of(name)


def wrong(file, name):
    """What is wrong with `file`, a path below the root, including `name`; None when nothing is."""
    if ".." in name.split("/"):
        return "leaves its folder by a relative path; name it from lib/"
    for library, headers, allowed in LIBRARIES:
        if headers.fullmatch(name) and not allowed.fullmatch(file):
            return f"{library} is hidden behind another folder"
    own, other = folder_of(file.removeprefix("lib/")), folder_of_include(name)
    if other is None or other == own:
        return None
    if other == SDK:
        return None if own in SDK_USERS else "only handler may include the sdk"
    if own == SDK:
        return "the sdk includes nothing of ours"
    if FLOOR[other] < FLOOR[own]:
        return None
    return f"{own} stands {'beside' if FLOOR[other] == FLOOR[own] else 'below'} {other}"


def circles(includes):
    """The groups of names that include each other, directly or through others; `includes` has a set for each name."""
    reached = {}
    for name in includes:
        reached[name], edge = set(), {name}
        while edge:
            edge = {other for one in edge for other in includes.get(one, ())} - reached[name]
            reached[name] |= edge
    return sorted({tuple(sorted(other for other in reached[name] if name in reached.get(other, ()))) for name in includes
                   if name in reached[name]})


def circle_violations(files):
    """As violations(), for circles among the file pairs of each folder."""
    folders = {}
    for file, text in files.items():
        folder, pair = file.removeprefix("lib/").rsplit("/", 1)
        pairs = folders.setdefault(folder, {})
        includes = pairs.setdefault(pair.rsplit(".", 1)[0], set())
        for name in INCLUDE.findall(text):
            other_folder, _, other = name.rpartition("/")
            if other_folder == folder and other.rsplit(".", 1)[0] != pair.rsplit(".", 1)[0]:
                includes.add(other.rsplit(".", 1)[0])
    for folder, pairs in sorted(folders.items()):
        for circle in circles(pairs):
            yield f"{folder}: error: includes run in a circle: {', '.join(circle)}"


def thread_violations(files):
    """As violations(), for threads."""
    for file, text in files.items():
        for made in THREADS.finditer(COMMENT.sub(lambda c: re.sub(r"[^\n]", " ", c[0]), text)):
            if THREADS_ALLOWED.fullmatch(file):
                break
            line = text.count("\n", 0, made.start()) + 1
            yield f"{file}:{line}: error: {made[0]}: threads are made by base/thread.hpp"


def sources(root):
    return {p.relative_to(root).as_posix(): p.read_text(errors="replace")
            for top in ("lib", "daemon") for p in sorted((root / top).rglob("*")) if p.suffix in SUFFIXES}


def violations(root):
    """One line for each, as a compiler would print it."""
    for file, text in sources(root).items():
        if folder_of(file.removeprefix("lib/")) is None:
            yield f"{file}:1: error: a folder that the house does not know; give it a floor in {pathlib.Path(__file__).name}"
            continue
        for include in INCLUDE.finditer(text):
            if reason := wrong(file, include[1]):
                line = text.count("\n", 0, include.start(1)) + 1
                yield f"{file}:{line}: error: includes {include[1]}: {reason}"


def main(root):
    files = sources(pathlib.Path(root))
    found = [*violations(pathlib.Path(root)), *circle_violations(files),
             *thread_violations(files)]
    print("\n".join(found) if found else "every include runs down")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
