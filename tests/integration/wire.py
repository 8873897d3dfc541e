"""Properties byte by byte: what pika cannot send, and what it hides when it decodes.

pika 1.2 widens every integer and cuts off the fraction of floats, so a test that compares types compares bytes.
"""
import struct

import pika

HEADERS, EXPIRATION = 1 << 13, 1 << 8


def short(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack(">B", len(data)) + data


def sized(data):
    return struct.pack(">I", len(data)) + data


def number(letter, value):
    """One value with its type letter. Source of the letters: RabbitMQ's AMQP 0-9-1 errata, section 3."""
    formats = {"t": "?", "b": "b", "B": "B", "s": "h", "u": "H", "I": "i", "i": "I", "l": "q", "f": "f", "d": "d", "T": "Q"}
    return letter.encode() + struct.pack(">" + formats[letter], value)


def text(value):
    return b"S" + sized(value.encode())


def octets(value):
    return b"x" + sized(value)


def decimal(scale, value):
    return b"D" + struct.pack(">Bi", scale, value)


VOID = b"V"


def array(*values):
    return b"A" + sized(b"".join(values))


def table(**entries):
    return b"F" + members(entries)


def members(entries):
    """A table without its type letter, as the `headers` property holds it."""
    return sized(b"".join(entry(name, value) for name, value in entries.items()))


def entry(name, value):
    return short(name) + value


def nested(depth):
    """An array in an array in an array …"""
    value = VOID
    for _ in range(depth):
        value = array(value)
    return value


class RawProperties(pika.BasicProperties):
    """Properties that consist of these flags and bytes, whatever pika thinks of them."""

    def __init__(self, flags, content):
        super().__init__()
        self._pieces = [struct.pack(">H", flags), content]

    def encode(self):
        return list(self._pieces)


def raw_headers(entries):
    return RawProperties(HEADERS, members(entries))


class _Recorded(pika.BasicProperties):
    """What arrives keeps its bytes: .raw"""

    raw = b""

    def decode(self, encoded, offset=0):
        self.raw = bytes(encoded[offset:])
        return super().decode(encoded, offset)


pika.spec.props[pika.BasicProperties.INDEX] = _Recorded
