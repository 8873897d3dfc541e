"""Fails on an include that runs up the floors, beside them, or past a folder that hides a library.

    includes.py ROOT      looks at every C and C++ file below ROOT/lib and ROOT/daemon
"""
import pathlib
import re
import sys

# From the ground up. A file may include its own folder and the floors below; folders that share a floor, never each other.
FLOORS = [
    ["base"],
    ["message"],
    ["config"],
    ["broker"],
    ["broker/amqp", "broker/kafka", "broker/memory"],
    ["handler"],
    ["reply"],
    ["routing"],
    ["admin"],
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
    ("OpenSSL", re.compile(r"openssl/.*"), re.compile(r"lib/(reply|broker/\w+)/.*")),
    ("spdlog", re.compile(r"spdlog/.*|fmt/.*"), re.compile(r"lib/base/.*")),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
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


def violations(root):
    """One line for each, as a compiler would print it."""
    for path in sorted(p for top in ("lib", "daemon") for p in (root / top).rglob("*") if p.suffix in SUFFIXES):
        file = path.relative_to(root).as_posix()
        if folder_of(file.removeprefix("lib/")) is None:
            yield f"{file}:1: error: a folder that the house does not know; give it a floor in {pathlib.Path(__file__).name}"
            continue
        text = path.read_text(errors="replace")
        for include in INCLUDE.finditer(text):
            if reason := wrong(file, include[1]):
                line = text.count("\n", 0, include.start(1)) + 1
                yield f"{file}:{line}: error: includes {include[1]}: {reason}"


def main(root):
    found = list(violations(pathlib.Path(root)))
    print("\n".join(found) if found else "every include runs down")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
