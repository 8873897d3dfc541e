"""A raw AMQP publisher that says what it likes: properties that no well-behaved client can encode."""
import socket
import struct


def short(text):
    return bytes([len(text)]) + text


def long(data):
    return struct.pack(">I", len(data)) + data


def text_field(name, value):
    return short(name) + b"S" + long(value)


def nested_table(depth):
    """A table in a table in a table …; 7 bytes a level."""
    table = long(b"")
    for _ in range(depth):
        table = long(short(b"t") + b"F" + table)
    return table


class RawPublisher:
    def __init__(self, port, user=b"guest", password=b"guest"):
        self._socket = socket.create_connection(("127.0.0.1", port), 10)
        self._socket.settimeout(20)
        self._file = self._socket.makefile("rb")
        self._socket.sendall(b"AMQP\x00\x00\x09\x01")
        self._expect(10, 10)
        self._method(0, 10, 11, long(b"") + short(b"PLAIN") + long(b"\0" + user + b"\0" + password) + short(b"en_US"))
        tune = self._expect(10, 30)
        channels, self.frame_max = struct.unpack_from(">HI", tune, 4)
        self._method(0, 10, 31, struct.pack(">HIH", channels, self.frame_max, 0))
        self._method(0, 10, 40, short(b"/") + b"\0\0")
        self._expect(10, 41)
        self._method(1, 20, 10, b"\0")
        self._expect(20, 11)
        self._method(1, 85, 10, b"\0")
        self._expect(85, 11)

    def publish(self, queue, body, headers=None, flags=0, values=b""):
        """headers: an encoded table; flags, values: further properties, encoded. Returns when it is confirmed."""
        self._method(1, 60, 40, b"\0\0" + short(b"") + short(queue.encode()) + b"\0")
        flags |= 0x1000 | (0x2000 if headers is not None else 0)  # delivery-mode, headers
        properties = (headers or b"") + b"\x02" + values
        self._frame(2, 1, struct.pack(">HHQH", 60, 0, len(body), flags) + properties)
        for at in range(0, len(body), self.frame_max - 8):
            self._frame(3, 1, body[at:at + self.frame_max - 8])
        self._expect(60, 80)

    def close(self):
        self._socket.close()

    def _frame(self, kind, channel, payload):
        self._socket.sendall(struct.pack(">BHI", kind, channel, len(payload)) + payload + b"\xce")

    def _method(self, channel, class_id, method_id, arguments):
        self._frame(1, channel, struct.pack(">HH", class_id, method_id) + arguments)

    def _expect(self, class_id, method_id):
        kind, _, size = struct.unpack(">BHI", self._file.read(7))
        payload = self._file.read(size + 1)[:-1]
        if kind != 1 or struct.unpack_from(">HH", payload) != (class_id, method_id):
            raise OSError(f"expected {class_id}.{method_id}, got {payload[:60]!r}")
        return payload
