"""Fails on a class that has grown: more state or more methods than a reader keeps in mind, or several .cpp files.

    classes.py ROOT           looks at every class below ROOT/lib and ROOT/daemon
    classes.py ROOT --all     prints each of them with its numbers

It reads C++ as this project writes it, not all of C++: declarations are told apart by their brackets.
"""
import collections
import pathlib
import re
import sys

MOST_MEMBERS = 15
MOST_METHODS = 20
# Up to so many methods it is a record: data that others use, and no behaviour.
RECORD_METHODS = 3

# Over the measure, with the reason why that is right. An entry that is no longer needed is an error.
LARGER = {
    "config::Section": "one getter for each type of value that a configuration has",
    "config::(lib/config/parse.cpp)::Builder": "yaml-cpp's interface for events has eleven methods",
    "sdk::testing::FakeHost": "all that a test of a plugin may do and ask, in one object",
    "routing::Attempt": "the one state machine of routing: a method for each transition, and those that others complete it by",
    "amqp::Connection": "its parts are classes; a third of its methods are calls back from them",
    "amqp::Consumer": "its parts are classes; half of its methods are calls back from them",
    "amqp::Publisher": "its parts are classes; half of its methods are calls back from them",
    "kafka::Consumer": "its parts are classes, one data member each",
    "kafka::Producer": "its parts are classes; the methods are its orderly end in steps, and calls back from them",
    "kafka::PartitionReader": "five methods say which partition it is",
}

TOKEN = re.compile(r"\"\"|[A-Za-z_]\w*|\d[\w.']*|::|->|<=>|.", re.DOTALL)
NOISE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<raw>[^(\s]*)\(.*?\)(?P=raw)"|"(?:\\.|[^"\\\n])*"|'
    r"(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.DOTALL)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.)*", re.MULTILINE | re.DOTALL)
PAIRS = {"(": ")", "[": "]", "{": "}"}
ACCESS = {"public", "protected", "private"}


def tokens_of(text):
    """What the compiler sees, without comments, directives and the content of literals."""
    text = NOISE.sub(lambda m: " " if m[0][:2] in ("//", "/*") else ' "" ', text)
    return [t for t in TOKEN.findall(DIRECTIVE.sub("", text)) if not t.isspace()]


class Class:
    def __init__(self, name):
        self.name, self.members, self.methods, self.homes = name, [], set(), set()

    @property
    def record(self):
        return len(self.methods) <= RECORD_METHODS


class Parser:
    """Walks through one file. `head` below is a declaration in which each bracket with its content is one item: its
    opening character and what stands first in it."""

    def __init__(self, tokens, file, classes):
        self.tokens, self.file, self.classes = tokens, file, classes

    def scope(self, i, names, current):
        """Reads declarations up to the `}` that ends the scope; returns where it goes on."""
        while i < len(self.tokens) and self.tokens[i] != "}":
            if self.tokens[i] in ACCESS and self.tokens[i + 1:i + 2] == [":"]:
                i += 2
            else:
                i = self.declaration(i, names, current)
        return i + 1

    def declaration(self, i, names, current):
        head, initialised = [], False
        while i < len(self.tokens):
            t = self.tokens[i]
            if t == ";":
                i += 1
                break
            if t == "}":  # of the scope: what stands before it was no declaration
                break
            if t == "{":
                kind = self.keyword(head)
                if kind in ("class", "struct", "union") and not self.callable(head):
                    inner = self.class_named(head, names)
                    i = self.scope(i + 1, inner.name.split("::"), inner)
                    head = []  # what may follow are declarators
                    continue
                if kind in ("namespace", "extern") and not initialised and not self.callable(head):
                    inner = [t for t in head[1:] if t not in ("::", "inline", '""')] if kind == "namespace" else []
                    anonymous = [f"({self.file})"] if kind == "namespace" and not inner else []
                    return self.scope(i + 1, names + inner + anonymous, None)
                body = self.callable(head) and not initialised and not self.in_initialisers(head)
                end = self.skip(i)
                head.append(("{", ""))
                i = end
                if body:
                    break
                continue
            if t == "operator":
                i = self.operator(i)
                head.append(t)
                continue
            if t in ("(", "["):
                head.append((t, self.tokens[i + 1] if i + 1 < len(self.tokens) else ""))
                i = self.skip(i)
                continue
            if t == "<" and head and (end := self.angle(i)):
                head.append(("<", ""))
                i = end
                continue
            initialised |= t == "="
            head.append(t)
            i += 1
        self.classify(head, names, current)
        return i

    def skip(self, i):
        """Behind the bracket that begins at `i`."""
        close = [PAIRS[self.tokens[i]]]
        i += 1
        while close and i < len(self.tokens):
            if self.tokens[i] in PAIRS:
                close.append(PAIRS[self.tokens[i]])
            elif self.tokens[i] == close[-1]:
                close.pop()
            i += 1
        return i

    def operator(self, i):
        """Behind the name of the operator that begins at `i`, before its parameters."""
        if self.tokens[i + 1:i + 3] == ["(", ")"]:
            return i + 3
        i += 1
        while i < len(self.tokens) and self.tokens[i] != "(":
            i += 1
        return i

    def angle(self, i):
        """Behind the template arguments that begin at `i`; None where `<` compares."""
        depth = 0
        while i < len(self.tokens):
            t = self.tokens[i]
            if t in ("(", "[", "{"):
                i = self.skip(i)
                continue
            if t in (";", ")", "}", "]"):
                return None
            depth += (t == "<") - (t == ">")
            i += 1
            if not depth:
                return i
        return None

    @staticmethod
    def bare(head):
        """Without `template <...>`, attributes and alignments in front."""
        head = list(head)
        while head:
            if head[0] == "template" and len(head) > 1:
                head = head[2:]
            elif isinstance(head[0], tuple) and head[0][0] == "[":
                head = head[1:]
            elif head[0] in ("alignas", "requires", "explicit", "decltype") and len(head) > 1 and head[1][0] == "(":
                head = head[2:] if head[0] != "decltype" else ["auto"] + head[2:]
            elif head[0] in ("inline", "extern", "constexpr", "mutable", "virtual", "explicit", "typename") and len(head) > 1 \
                    and not (head[0] == "extern" and head[1] == '""'):
                head = head[1:]
            else:
                break
        return head

    def keyword(self, head):
        head = self.bare(head)
        return head[0] if head and isinstance(head[0], str) else ""

    def callable(self, head):
        """The index of a function's parameters in the declaration; None where it declares no function."""
        head = self.bare(head)
        for i, item in enumerate(head):
            if item == "=":
                return None
            if isinstance(item, tuple) and item[0] == "(" and i:
                if item[1] in ("*", "&") or head[i - 1] in ("alignas", "decltype", "noexcept", "explicit"):
                    return None if item[1] in ("*", "&") else self.callable(head[:i - 1] + head[i + 1:])
                return i
        return None

    @staticmethod
    def in_initialisers(head):
        """Whether `{` would begin a member's value in a constructor's list, and not the body."""
        return ":" in head and not isinstance(head[-1], tuple) or (
            ":" in head and isinstance(head[-1], tuple) and head[-1][0] == "<")

    def class_named(self, head, names):
        words = []
        for item in self.bare(head)[1:]:
            if item in ("final", ":"):
                break
            if isinstance(item, str):
                words.append(item)
        name = "".join(words) or f"(unnamed in {self.file})"
        full = "::".join(names + name.split("::"))
        return self.classes.setdefault(full, Class(full))

    def classify(self, head, names, current):
        head = self.bare(head)
        parameters = self.callable(head)
        if parameters is not None:
            self.function(head, parameters, names, current)
        elif current and head and isinstance(head[0], str):
            if head[0] == "enum" and ("{", "") in head[:-1]:
                head = head[head.index(("{", "")):]  # a type and a member of it at once
            if head[0] in ("using", "typedef", "friend", "static_assert", "enum", "class", "struct", "union", "static"):
                return
            current.members += [head] * (1 + head.count(","))

    def function(self, head, parameters, names, current):
        before = head[:parameters]
        if "operator" in before or "friend" in before:
            return
        while before and isinstance(before[-1], tuple):
            before.pop()
        if not before:
            return
        name = before.pop()
        destructor = bool(before) and before[-1] == "~"
        if destructor:
            before.pop()
        if current:
            if not destructor and name != current.name.split("::")[-1]:
                current.methods.add(name)
            return
        qualifiers = []
        while before and before[-1] == "::":
            before.pop()
            while before and isinstance(before[-1], tuple):
                before.pop()
            if before:
                qualifiers.insert(0, before.pop())
        if qualifiers and self.file.endswith(".cpp"):
            full = "::".join(names + qualifiers)
            self.classes.setdefault(full, Class(full)).homes.add(self.file)


def classes_of(files):
    """By full name, from the texts by path. Headers come first, so that a file's own classes are known."""
    classes = {}
    for file in sorted(files, key=lambda f: (not f.endswith(".hpp"), f)):
        Parser(tokens_of(files[file]), file, classes).scope(0, [], None)
    return classes


def short(name):
    return name.removeprefix("mombridge::")


def size(c):
    return f"{len(c.members)} data members, {len(c.methods)} methods"


def complaints(classes, larger):
    large = {short(c.name) for c in classes.values()
             if len(c.methods) > MOST_METHODS or (len(c.members) > MOST_MEMBERS and not c.record)}
    spread = {short(c.name) for c in classes.values() if len(c.homes) > 1}
    by_name = {short(c.name): c for c in classes.values()}
    for name in sorted(large - larger.keys()):
        yield f"{name}: {size(by_name[name])}: make a class of a part of its state, or give the reason in LARGER"
    for name in sorted(spread):
        yield f"{name} is defined in {', '.join(sorted(by_name[name].homes))}: one class, one file pair"
    for name in sorted(larger.keys() - large):
        yield f"{name} is not over the measure (any more): take it off the list"


def sources(root):
    paths = [p for top in ("lib", "daemon") for p in (root / top).rglob("*.[ch]pp")]
    return {p.relative_to(root).as_posix(): p.read_text(errors="replace") for p in paths}


def main(root, everything):
    classes = classes_of(sources(pathlib.Path(root)))
    if everything:
        for c in sorted(classes.values(), key=lambda c: -len(c.members) - len(c.methods)):
            print(f"{short(c.name)}: {size(c)}")
    found = list(complaints(classes, LARGER))
    print("\n".join(found) if found else f"{len(classes)} classes are within the measure")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--all" in sys.argv))
