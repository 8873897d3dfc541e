"""What Kafka's own tools do about users and permissions, without their second and a half of Java for each call."""
import hashlib
import os
import socket
import struct

SCRAM = {"SCRAM-SHA-256": (1, "sha256"), "SCRAM-SHA-512": (2, "sha512")}
RESOURCES = {"topic": 2, "group": 3, "cluster": 4}
OPERATIONS = {"All": 2, "Read": 3, "Write": 4, "Create": 5, "Describe": 8, "IdempotentWrite": 12}
CLUSTER = "kafka-cluster"
ANY, ALLOW, LITERAL = 1, 3, 3
ITERATIONS = 4096


class AdminError(RuntimeError):
    """What the broker did not do."""


def _text(value):
    return struct.pack(">h", -1) if value is None else struct.pack(">h", len(value)) + value.encode()


def _compact(data):
    assert len(data) < 127, "one byte of length is enough here"
    return bytes([len(data) + 1]) + data


def _ask(port, key, version, body, flexible=False):
    """The response, from behind its throttle time."""
    head = struct.pack(">hhi", key, version, 1) + _text("tests") + (b"\0" if flexible else b"")
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(struct.pack(">i", len(head + body)) + head + body)
        size, = struct.unpack(">i", connection.recv(4, socket.MSG_WAITALL))
        return connection.recv(size, socket.MSG_WAITALL)[4 + (1 if flexible else 0) + 4:]


def _check(code, response):
    if code:
        raise AdminError(f"Kafka says {code}: {response!r}")


def set_password(port, user, password):
    """Of SCRAM, with both mechanisms; what is connected stays so."""
    for number, digest in SCRAM.values():
        salt = os.urandom(16)
        salted = hashlib.pbkdf2_hmac(digest, password.encode(), salt, ITERATIONS)
        change = _compact(user.encode()) + struct.pack(">bi", number, ITERATIONS) + _compact(salt) + _compact(salted) + b"\0"
        response = _ask(port, 51, 0, b"\1" + b"\2" + change + b"\0", flexible=True)
        at = 1 + response[1]  # behind the number of results, the user
        _check(struct.unpack_from(">h", response, at + 1)[0], response)


def allow(port, user, resource, name, *operations):
    body = struct.pack(">i", len(operations)) + b"".join(
        struct.pack(">b", RESOURCES[resource]) + _text(name) + struct.pack(">b", LITERAL) + _text(f"User:{user}") + _text("*") +
        struct.pack(">bb", OPERATIONS[operation], ALLOW) for operation in operations)
    response = _ask(port, 30, 1, body)
    _check(struct.unpack_from(">h", response, 4)[0], response)


def forbid(port, user, resource=None, name=None, operation=None):
    """Takes back what was allowed; None: every resource, name or operation."""
    body = struct.pack(">ib", 1, RESOURCES[resource] if resource else ANY) + _text(name) + struct.pack(">b", LITERAL) + \
        _text(f"User:{user}") + _text(None) + struct.pack(">bb", OPERATIONS[operation] if operation else ANY, ANY)
    response = _ask(port, 31, 1, body)
    _check(struct.unpack_from(">h", response, 4)[0], response)
