"""HTTP clients that do not behave, on every listener."""
import asyncio
import contextlib
import json
import random
import socket
import threading
import urllib.request

from harness import eventually
from node import free_ports
from registry import fault

PORTS = dict(zip(("admin", "probes", "ingress"), free_ports(3)))
CLIENTS = 1000
TOKEN = "correct-horse"
MOST_TAPS = 4


def listeners(config, plan):
    for name, port in PORTS.items():
        config[name] = {"listen": f"127.0.0.1:{port}"}
    config["admin"]["token"] = TOKEN
    config["ingress"]["allow"] = [f"aout/{plan.prefix}.http"]


def ask(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
        return response.status, response.read().decode()


def ingress_status():
    return json.loads(ask(PORTS["admin"], "/api/v1/status")[1])["ingress"]


async def drip(port, head, until):
    """A byte a second, without an end."""
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        for byte in head:
            if until.is_set():
                break
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(1)
        writer.close()


async def flood(port, until):
    """Headers without an end, again and again."""
    while not until.is_set():
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"POST / HTTP/1.1\r\n" + b"X-Header: " + b"y" * 100_000 + b"\r\n" * 1000)
            await writer.drain()
            await reader.read(4096)
            writer.close()
        await asyncio.sleep(0.05)


async def idle(port, until):
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        while not until.is_set():
            await asyncio.sleep(0.2)
        writer.close()


async def watch(port, until, answers):
    """Asks to see all messages with their bodies, and reads no further than the status."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=64)
        writer.write(f"GET /api/v1/tap?body=1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())
        answers.append(int((await reader.readexactly(12))[9:]))
        while not until.is_set():
            await asyncio.sleep(0.2)
        writer.close()


def misbehave(until, answers):
    async def everybody():
        head = b"POST /v1/publish/aout/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000
        await asyncio.gather(*(idle(port, until) for port in PORTS.values() for _ in range(CLIENTS)),
                             *(drip(port, head, until) for port in PORTS.values() for _ in range(50)),
                             *(flood(port, until) for port in PORTS.values() for _ in range(4)),
                             *(watch(PORTS["admin"], until, answers) for _ in range(CLIENTS)))

    asyncio.run(everybody())


@fault("D58", f"slow clients, {CLIENTS} idle connections, {CLIENTS} that watch messages and do not read, and floods of headers on the admin, probe and ingress listeners",
       configure=listeners, ordered=True)
def hostile_clients(run):
    """Messages flow, probes answer, and the ingress takes what it is to take."""
    until = threading.Event()
    answers = []
    thread = threading.Thread(target=misbehave, args=(until, answers))
    with contextlib.closing(run.bed.amqp()) as amqp:
        amqp.channel.queue_declare(f"{run.plan.prefix}.http", durable=True, arguments=run.bed.queue_arguments)
        thread.start()
        try:
            for _ in range(20):
                run.sleep(0.5, 0.6)
                run.expect(ask(PORTS["probes"], "/livez")[0] == 200, "not alive")
                run.expect(ask(PORTS["admin"], "/readyz")[0] == 200, "not ready")
                request = urllib.request.Request(f"http://127.0.0.1:{PORTS['ingress']}/v1/publish/aout/{run.plan.prefix}.http", b"x")
                with urllib.request.urlopen(request, timeout=10) as response:
                    run.expect(response.status == 204, f"the ingress answers {response.status}")
        finally:
            until.set()
            thread.join()
        taps, refused = answers.count(200), answers.count(429)
        run.expect(1 <= taps <= MOST_TAPS and refused and taps + refused == len(answers),
                   f"of those who watch and do not read {taps} were let in and {refused} refused, of {len(answers)} answers")
        run.healed()
        run.expect(amqp.depth(f"{run.plan.prefix}.http") == 20, "not every message that was confirmed has arrived")


@fault("D59", "HTTP clients that reset their connections before the confirm", configure=listeners, ordered=True)
def clients_that_go(run):
    """Each message arrives whole or not at all, and every one that was answered with 204 has arrived."""
    queue = f"{run.plan.prefix}.http"
    seed = run.random.random()
    confirmed, began = set(), set()

    def client(number):
        draw = random.Random(f"{seed} {number}")
        for i in range(100):
            name = f"{number}.{i}"
            body = (name + " ").encode() * draw.randint(1, 5000)
            head = f"POST /v1/publish/aout/{queue} HTTP/1.1\r\nHost: localhost\r\nMombridge-Message-Id: {name}\r\n" \
                   f"Content-Length: {len(body)}\r\n\r\n"
            began.add(name)
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", PORTS["ingress"]), 10) as s:
                text = head.encode() + body
                stays = draw.random() < 0.3
                s.sendall(text if stays or draw.random() < 0.5 else text[:draw.randrange(len(text))])
                if stays and s.recv(4096).startswith(b"HTTP/1.1 204 "):
                    confirmed.add(name)
                if draw.random() < 0.5:  # a reset, not an orderly end
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

    with contextlib.closing(run.bed.amqp()) as amqp:
        amqp.channel.queue_declare(queue, durable=True, arguments=run.bed.queue_arguments)
        threads = [threading.Thread(target=client, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        status = eventually(lambda: next((s for s in [ingress_status()] if not s["open"]), None), 30, "every request to end")
        delivered = sum(end["requests"] for end in status["ended"] if end["outcome"] == "delivered")
        messages = amqp.consume(queue, delivered, settle=1)
        run.healed()
    arrived = [m.properties.message_id for m in messages]
    run.expect(len(arrived) == len(set(arrived)) == delivered, f"{len(arrived)} arrived, {len(set(arrived))} of them different, "
               f"and {delivered} were counted as delivered")
    run.expect(confirmed <= set(arrived) <= began, f"{len(confirmed - set(arrived))} that were answered with 204 have not arrived")
    run.expect(all(set(m.body.split()) == {m.properties.message_id.encode()} and m.body.endswith(b" ") for m in messages),
               "a body is not whole")
    run.expect(status["clients_gone"] > 0, "nobody that went was counted")
    run.note(f"{len(began)} begun, {len(arrived)} arrived, {len(confirmed)} answered, {status['clients_gone']} gone before")
