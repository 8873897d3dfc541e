"""A TCP proxy that does to connections what networks do: delay, drip, swallow, reset, close by half, alter frames."""
import asyncio
import socket
import struct
import threading
import time

from rules import CUT

CHUNK = 65536


class Conditions:
    """What holds for every byte that passes now. The defaults are a perfect network."""

    def __init__(self, latency=0.0, slice=0, rate=0, hole=False, refuse=False):
        self.latency = latency  # seconds, each way
        self.slice = slice      # bytes per segment; 0: as they come
        self.rate = rate        # bytes a second and direction; 0: unlimited
        self.hole = hole        # nothing passes, nobody is told
        self.refuse = refuse    # new connections are reset at once


class Connection:
    """One client and its broker connection."""

    def __init__(self, proxy, client, broker):
        self.proxy = proxy
        self.writers = {"up": broker[1], "down": client[1]}  # where a side's bytes go
        self.readers = {"up": client[0], "down": broker[0]}
        self.limits = dict(proxy.limits)                     # bytes that may still pass before a reset
        self.rule = proxy.rule
        self.framers = {side: self.rule.framing() for side in ("up", "down")} if self.rule else None

    async def run(self):
        pumps = [asyncio.ensure_future(self._pump(side)) for side in ("up", "down")]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for writer in self.writers.values():
                writer.close()

    def reset(self):
        """RST, both ways, whatever is still on its way."""
        for writer in self.writers.values():
            found = writer.get_extra_info("socket")
            if found is not None and found.fileno() >= 0:
                found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def _pump(self, side):
        """Reads as long as there is room, so that latency does not become a limit on throughput."""
        due = asyncio.Queue(64)
        writing = asyncio.ensure_future(self._write(side, due))
        try:
            while data := await self.readers[side].read(CHUNK):
                await due.put((time.monotonic() + self.proxy.conditions.latency, data))
            await due.put((0, b""))
            await writing
        except OSError:
            pass
        finally:
            writing.cancel()

    async def _write(self, side, due):
        while True:
            when, data = await due.get()
            if not data:
                return
            if (wait := when - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            while self.proxy.conditions.hole:
                await asyncio.sleep(0.02)
            for part in self._ruled(side, data):
                if part is CUT or not await self._send(side, part):
                    return self.reset()

    def _ruled(self, side, data):
        if not self.rule:
            yield data
            return
        for frame in self.framers[side].feed(data):
            yield self.rule(self, side, frame)

    async def _send(self, side, data):
        """False when the connection is to be reset now."""
        writer = self.writers[side]
        limit = self.limits.get(side)
        if limit is not None:
            data = data[:limit]
            self.limits[side] = limit - len(data)
        while data:
            now = self.proxy.conditions
            size = now.slice or (max(1, now.rate // 20) if now.rate else len(data))
            writer.write(data[:size])
            await writer.drain()
            if now.rate:
                await asyncio.sleep(min(size, len(data)) / now.rate)
            elif now.slice:
                await asyncio.sleep(0)
            data = data[size:]
        return limit is None or self.limits[side] > 0


class Proxy:
    """Listens on `host`:`port`, connects to `target`; every method may be called from any thread."""

    def __init__(self, loop, target, port, host="127.0.0.1"):
        self.port, self.target, self._host = port, target, host
        self.conditions = Conditions()
        self.limits = {}
        self.rule = None
        self.accepted = 0
        self._connections = set()
        self._loop = loop
        loop.call(self._listen())

    async def _listen(self):
        self._server = await asyncio.start_server(self._accept, self._host, self.port)

    async def _accept(self, reader, writer):
        self.accepted += 1
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self.conditions.refuse:
                raise OSError("refused")
            broker = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            # A broker that is not there answers a connection with a reset.
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return
        connection = Connection(self, (reader, writer), broker)
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)

    def heal(self):
        """A perfect network from now on; present connections stay."""
        self.conditions, self.limits, self.rule = Conditions(), {}, None

    def set(self, **conditions):
        self.conditions = Conditions(**conditions)

    def reset(self):
        """Resets every present connection; returns how many."""
        async def now():
            connections = list(self._connections)
            for connection in connections:
                connection.reset()
            return len(connections)
        return self._loop.call(now())

    def half_close(self):
        """The broker's side of every present connection says that it sends no more."""
        async def now():
            for connection in list(self._connections):
                if connection.writers["down"].can_write_eof():
                    connection.writers["down"].write_eof()
        self._loop.call(now())

    def limit(self, side, size):
        """Every connection made from now on is reset after `size` bytes of that side; None: no longer."""
        self.limits = {} if size is None else {side: size}

    def arm(self, rule):
        """The rule holds for connections made from now on; present ones are reset, so that it sees all of each."""
        self.rule = rule
        self.reset()

    def broker_ports(self):
        """The ports that the broker sees the present connections come from."""
        async def now():
            return [c.writers["up"].get_extra_info("sockname")[1] for c in self._connections]
        return self._loop.call(now())

    def close(self):
        async def now():
            self._server.close()
            for connection in list(self._connections):
                connection.reset()
        self._loop.call(now())


class LoopThread:
    """An asyncio loop in a thread of its own, for all proxies of a test bed."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def call(self, coroutine, timeout=20):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout)

    def close(self):
        async def end():
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self.call(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()
