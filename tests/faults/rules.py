"""What a proxy does to single frames. A rule sees every frame of the connections made after it was armed.

rule(connection, side, frame) returns the bytes to pass on, b"" to drop the frame, or CUT to drop it and reset the
connection. side is "up" (to the broker) or "down". Each rule acts `times` times, then lets everything pass; `hits`
counts. Rules are called by the proxy's thread alone.
"""
import frames

CUT = object()


class Rule:
    framing = frames.AmqpFrames

    def __init__(self, times=1, skip=0):
        self.times, self.skip, self.hits = times, skip, 0

    def __call__(self, connection, side, frame):
        if self.hits >= self.times or not self.matches(connection, side, frame):
            return frame
        if self.skip:
            self.skip -= 1
            return frame
        self.hits += 1
        return self.act(frame)

    def matches(self, connection, side, frame):
        raise NotImplementedError

    def act(self, frame):
        return CUT


class CutBeforeConfirm(Rule):
    """The broker has the message, its confirm never arrives."""

    def matches(self, connection, side, frame):
        return side == "down" and frames.amqp_method(frame) == frames.ACK


class CutAfterPublish(Rule):
    """The method of a publish goes through, its content does not."""

    def matches(self, connection, side, frame):
        return side == "up" and frames.amqp_method(frame) == frames.PUBLISH


class CorruptFrameEnd(Rule):
    """A frame of content or a method arrives with a wrong end mark."""

    def matches(self, connection, side, frame):
        return side == "down" and frame[0] in (1, 2, 3) and frames.amqp_method(frame) not in ((10, 10), frames.TUNE)

    def act(self, frame):
        return frame[:-1] + b"\x00"


class DropProduceResponse(Rule):
    """The records are in the log, but nobody says so: the response is lost and the connection with it."""

    framing = frames.KafkaFrames

    def __init__(self, times=1, skip=0):
        super().__init__(times, skip)
        self._produces = set()

    def matches(self, connection, side, frame):
        if side == "up":
            key, correlation = frames.kafka_request(frame)
            if key == frames.PRODUCE:
                self._produces.add((connection, correlation))
            return False
        response = (connection, frames.kafka_response(frame))
        found = response in self._produces
        self._produces.discard(response)
        return found
