"""The proxy does what the faults believe it does."""
import pathlib
import socket
import struct
import sys
import threading
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "brokers"))

import rules  # noqa: E402
from node import free_ports  # noqa: E402
from proxy import LoopThread, Proxy  # noqa: E402


@pytest.fixture
def echo():
    """A server that sends back what it gets."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection):
        try:
            while data := connection.recv(65536):
                connection.sendall(data)
        except OSError:
            pass
        connection.close()

    def accept():
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


@pytest.fixture
def proxy(echo):
    loop = LoopThread()
    proxy = Proxy(loop, echo, free_ports(1)[0])
    yield proxy
    proxy.close()
    loop.close()


def connect(proxy):
    connection = socket.create_connection(("127.0.0.1", proxy.port), 10)
    connection.settimeout(20)
    return connection


def receive(connection, size):
    data = b""
    while len(data) < size and (part := connection.recv(size - len(data))):
        data += part
    return data


def ask(connection, data):
    connection.sendall(data)
    return receive(connection, len(data))


def test_passes_everything(proxy):
    data = bytes(range(256)) * 2000
    with connect(proxy) as connection:
        threading.Thread(target=connection.sendall, args=(data,), daemon=True).start()
        assert receive(connection, len(data)) == data


def test_slices_and_latency(proxy):
    with connect(proxy) as connection:
        proxy.set(slice=1)
        assert ask(connection, b"one byte at a time") == b"one byte at a time"
        proxy.set(latency=0.2)
        since = time.monotonic()
        assert ask(connection, b"late") == b"late"
        assert time.monotonic() - since >= 0.4


def test_rate(proxy):
    with connect(proxy) as connection:
        proxy.set(rate=20_000)
        since = time.monotonic()
        ask(connection, b"x" * 10_000)
        assert time.monotonic() - since >= 0.4


def test_hole_and_heal(proxy):
    with connect(proxy) as connection:
        assert ask(connection, b"before") == b"before"
        proxy.set(hole=True)
        connection.sendall(b"kept")
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            connection.recv(4)
        proxy.heal()
        connection.settimeout(20)
        assert receive(connection, 4) == b"kept"


def test_reset(proxy):
    with connect(proxy) as connection:
        assert ask(connection, b"before") == b"before"
        assert proxy.reset() == 1
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_reset_after_bytes(proxy):
    proxy.limit("down", 5)
    with connect(proxy) as connection:
        connection.sendall(b"0123456789")
        got = b""
        with pytest.raises(ConnectionResetError):
            while data := connection.recv(1):
                got += data
        assert got in (b"", b"0123", b"01234")  # a reset may overtake what it follows


def test_half_close(proxy):
    with connect(proxy) as connection:
        assert ask(connection, b"before") == b"before"
        proxy.half_close()
        assert connection.recv(1) == b""


def test_refuse(proxy):
    proxy.set(refuse=True)
    with pytest.raises(ConnectionResetError), connect(proxy) as connection:
        connection.sendall(b"x")
        connection.recv(1)


def frame(kind, payload):
    return struct.pack(">BHI", kind, 1, len(payload)) + payload + b"\xce"


ACK = frame(1, struct.pack(">HHQB", 60, 80, 1, 0))
OTHER = frame(1, struct.pack(">HH", 20, 11))


def test_cut_before_confirm(proxy):
    rule = rules.CutBeforeConfirm(skip=1)
    proxy.arm(rule)
    with connect(proxy) as connection:
        assert ask(connection, OTHER + ACK) == OTHER + ACK
        connection.sendall(ACK)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert rule.hits == 1


def test_corrupt_frame_end(proxy):
    proxy.arm(rules.CorruptFrameEnd())
    with connect(proxy) as connection:
        assert ask(connection, OTHER) == OTHER[:-1] + b"\x00"
        assert ask(connection, OTHER) == OTHER


def test_drop_produce_response(proxy):
    """The echo makes a request its own response: key 0 (Produce), then version and correlation id."""
    rule = rules.DropProduceResponse()
    proxy.arm(rule)
    with connect(proxy) as connection:
        metadata = struct.pack(">ihhi", 8, 3, 1, 9)
        assert ask(connection, metadata) == metadata
        # As a response the first four bytes, key and version, are the correlation id: they must be those of the request.
        connection.sendall(struct.pack(">ihhi", 8, 0, 7, 7))
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert rule.hits == 1
