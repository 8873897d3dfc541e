"""Just enough of AMQP 0-9-1 and of Kafka's protocol to know where a frame ends and what it is."""
import struct

PUBLISH, ACK, TUNE = (60, 40), (60, 80), (10, 30)
PRODUCE = 0


class AmqpFrames:
    """Cuts one direction of an AMQP connection, from its first byte, into frames."""

    def __init__(self):
        self._bytes = b""

    def feed(self, data):
        self._bytes += data
        while len(self._bytes) >= 8:
            if self._bytes.startswith(b"AMQP"):
                size = 8
            else:
                size = 8 + struct.unpack_from(">I", self._bytes, 3)[0]
            if len(self._bytes) < size:
                return
            frame, self._bytes = self._bytes[:size], self._bytes[size:]
            yield frame


def amqp_method(frame):
    """(class, method) of a method frame, else None."""
    return struct.unpack_from(">HH", frame, 7) if frame[0] == 1 else None


class KafkaFrames:
    """Cuts one direction of a Kafka connection, from its first byte, into requests or responses."""

    def __init__(self):
        self._bytes = b""

    def feed(self, data):
        self._bytes += data
        while len(self._bytes) >= 4:
            size = 4 + struct.unpack_from(">I", self._bytes)[0]
            if len(self._bytes) < size:
                return
            frame, self._bytes = self._bytes[:size], self._bytes[size:]
            yield frame


def kafka_request(frame):
    """(api key, correlation id) of a request."""
    key, _, correlation = struct.unpack_from(">hhi", frame, 4)
    return key, correlation


def kafka_response(frame):
    """The correlation id of a response."""
    return struct.unpack_from(">i", frame, 4)[0]
