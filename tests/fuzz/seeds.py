"""Makes the first inputs of the fuzz targets: one example of each form that a target knows, and its edges.

    seeds.py FOLDER      writes FOLDER/TARGET/NAME
"""
import pathlib
import struct
import sys


# AMQP 0-9-1, section 4.2.

def short(text):
    text = text if isinstance(text, bytes) else text.encode()
    return bytes([len(text)]) + text


def long(text):
    text = text if isinstance(text, bytes) else text.encode()
    return struct.pack(">I", len(text)) + text


def table(*entries):
    return long(b"".join(short(name) + value for name, value in entries))


def string(text):
    return b"S" + long(text)


def array(*values):
    return b"A" + long(b"".join(values))


def nested(*entries):
    return b"F" + table(*entries)


SCALARS = {
    "null": b"V", "bool": b"t\x01", "i8": b"b\x80", "u8": b"B\xff", "i16": b"s\x80\x00", "i16_other": b"U\x7f\xff",
    "u16": b"u\xff\xff", "i32": b"I\x80\x00\x00\x00", "u32": b"i\xff\xff\xff\xff", "i64": b"l" + b"\x80" + bytes(7),
    "i64_other": b"L" + bytes(8), "time": b"T" + struct.pack(">Q", 1_700_000_000), "f32": b"f" + struct.pack(">f", 0.1),
    "f64": b"d" + struct.pack(">d", -0.0), "nan": b"d" + struct.pack(">d", float("nan")),
    "inf": b"f" + struct.pack(">f", float("-inf")), "decimal": b"D\x02" + struct.pack(">i", -12345),
    "string": string("text"), "no_utf8": string(b"\xff\x01"), "bytes": b"x" + long(b"\x00\x01"), "empty": string(""),
}


def deep(levels):
    value = b"V"
    for _ in range(levels):
        value = array(value)
    return value


TABLES = {
    **{name: table((name, value)) for name, value in SCALARS.items()},
    "all": table(*SCALARS.items()),
    "nothing": table(),
    "no_name": table(("", b"V")),
    "long_name": table(("n" * 255, b"V")),
    "twice": table(("n", b"V"), ("n", string("again"))),
    "array": table(("a", array(SCALARS["i32"], string("x"), nested(("n", b"V"))))),
    "deepest": table(("a", deep(16))),
    "too_deep": table(("a", deep(17))),
    "unknown_type": table(("a", b"Z")),
    "cut": table(("a", string("text")))[:-2],
    "size_too_large": table(("a", b"S\xff\xff\xff\xff")),
    "x_death": table(("x-death", array(nested(("count", SCALARS["i64"]), ("queue", string("q")))))),
    "bridge": table(("mombridge-key", string("k")), ("mombridge-tombstone", b"t\x01"),
                    ("mombridge-timestamp-ms", b"l" + struct.pack(">q", 1_700_000_000_123)),
                    ("mombridge-hops", string("1 route")), ("mombridge-types", array(string("n"))),
                    ("n", array(string("one"), string("two")))),
    "encoded_id": table(("mombridge-correlation-id-encoding", string("base64url"))),
    "reply_partition": table(("mombridge-reply-partition", SCALARS["i32"])),
    "put_back": table(("mombridge-put-back", SCALARS["i64"]), ("mombridge-put-back-target", string("t"))),
    "cloud_events": table(("cloudEvents_id", string("1")), ("cloudEvents:type", string("t")), ("ce_source", string("s"))),
}


def properties(**given):
    """Flags and values in the order of the specification; `headers` is a table."""
    names = ["content_type", "content_encoding", "headers", "delivery_mode", "priority", "correlation_id", "reply_to",
             "expiration", "message_id", "timestamp", "type", "user_id", "app_id", "cluster_id"]
    flags, values = 0, b""
    for bit, name in enumerate(names):
        if name in given:
            flags |= 1 << (15 - bit)
            value = given[name]
            if name in ("delivery_mode", "priority"):
                value = bytes([value])
            elif name == "timestamp":
                value = struct.pack(">Q", value)
            elif name != "headers":
                value = short(value)
            values += value
    return struct.pack(">H", flags) + values


def amqp_properties():
    read_all = b"\x0f"  # with a body, with all that bridges noted, of a reply, and with what queues note
    yield "nothing", read_all + properties()
    yield "all", read_all + properties(
        content_type="text/plain", content_encoding="gzip", headers=TABLES["all"], delivery_mode=2, priority=9,
        correlation_id="id", reply_to="amq.rabbitmq.reply-to.x", expiration="60000", message_id="m", timestamp=1_700_000_000,
        type="t", user_id="guest", app_id="a", cluster_id="c")
    for name, headers in TABLES.items():
        yield "headers_" + name, read_all + properties(headers=headers)
        yield "plain_" + name, b"\x00" + properties(headers=headers)
    yield "tombstone", b"\x0e" + properties(headers=table(("mombridge-tombstone", b"t\x01")))
    yield "id_bytes", read_all + properties(correlation_id=b"\xff\x00")
    yield "id_encoded", read_all + properties(correlation_id="_wA", headers=TABLES["encoded_id"])
    yield "expiration_text", read_all + properties(expiration="soon")
    yield "expiration_large", read_all + properties(expiration="9" * 18)
    yield "record_time", read_all + properties(
        timestamp=1_700_000_000, headers=table(("mombridge-timestamp-ms", b"l" + struct.pack(">q", 1_700_000_000_123))))
    yield "continued", read_all + b"\x00\x01"
    yield "cut", read_all + properties(correlation_id="id")[:-1]


def frame(kind, channel, payload, end=0xCE):
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + bytes([end])


def amqp_frames():
    heartbeat = frame(8, 0, b"")
    deliver = frame(1, 3, struct.pack(">HH", 60, 60) + short("tag") + struct.pack(">QB", 1, 0) + short("") + short("q"))
    header = frame(2, 3, struct.pack(">HHQ", 60, 0, 4) + properties(content_type="t"))
    for step in (0, 6, 255):
        cut = bytes([step, 0])
        yield f"heartbeats_{step}", cut + heartbeat * 3
        yield f"message_{step}", cut + deliver + header + frame(3, 3, b"body")
    yield "cut", b"\x01\x00" + deliver[:-3]
    yield "no_end", b"\xff\x00" + frame(3, 1, b"body", 0)
    yield "too_large", b"\xff\x01" + struct.pack(">BHI", 3, 1, 4097)
    yield "just_fits", b"\xff\x01" + frame(3, 1, bytes(4088))
    yield "large_header", b"\xff\x01" + frame(2, 1, bytes(5000))
    yield "other_protocol", b"\xff\x00" + b"AMQP\x00\x00\x09\x01"
    yield "http", b"\x05\x00" + b"HTTP/1.1 400 Bad Request\r\n\r\n"


def method(class_, number, arguments=b""):
    return struct.pack(">HHH", len(arguments) + 4, class_, number) + arguments


def amqp_methods():
    server = table(("product", string("RabbitMQ")), ("version", string("3.10.8")), ("capabilities", nested(("basic.nack", b"t\x01"))))
    start = method(10, 10, b"\x00\x09" + server + long("AMQPLAIN PLAIN") + long("en_US"))
    tune = method(10, 30, struct.pack(">HIH", 2047, 131072, 60))
    open_ok = method(10, 41, short(""))
    yield "login", start + tune + open_ok
    yield "no_limits", start + method(10, 30, bytes(8)) + open_ok
    yield "small_frames", start + method(10, 30, struct.pack(">HIH", 1, 4096, 1))
    yield "no_plain", method(10, 10, b"\x00\x09" + server + long("EXTERNAL") + long("en_US"))
    yield "deep_greeting", method(10, 10, b"\x00\x09" + table(("a", deep(60))) + long("PLAIN") + long(""))
    yield "out_of_turn", tune + start + start
    yield "cut", start[:-9]
    yield "refused", start + method(10, 50, struct.pack(">H", 403) + short("ACCESS_REFUSED") + struct.pack(">HH", 0, 0))
    tag = struct.pack(">QB", 1, 1)
    yield "answers", b"".join([
        method(20, 11, long("")), method(20, 20, b"\x01"), method(40, 11), method(50, 11, short("q") + bytes(8)), method(50, 21),
        method(50, 41, bytes(4)), method(60, 11), method(60, 21, short("c")), method(60, 30, short("c") + b"\x00"), method(60, 72, short("x")),
        method(60, 80, tag), method(60, 120, tag), method(85, 11), method(10, 60, short("memory")), method(10, 61)])
    yield "deliveries", method(60, 60, short("c") + tag + short("e") + short("k")) + method(60, 71, tag + short("e") + short("k") + bytes(4)) + \
        method(60, 50, struct.pack(">H", 312) + short("NO_ROUTE") + short("e") + short("k"))
    yield "of_clients", method(50, 10, bytes(2) + short("q") + b"\x00" + table(("x", deep(40)))) + method(60, 40, bytes(2) + short("") + short("q"))
    yield "of_nobody", method(99, 99) + b"\x00\x02\x00\x0a"


# Kafka.

def record(flags, *headers):
    out = bytes([flags])
    for name, value in headers:
        out += short(name) + (b"\xff" if value is None else short(value))
    return out


def kafka_record():
    everything = 0x0F  # with a body, a key, all that bridges noted, of a reply
    yield "nothing", record(everything)
    yield "tombstone", record(0x0E)
    yield "plain", record(everything, ("n", "v"), ("empty", ""), ("null", None), ("bytes", b"\xff"))
    yield "twice", record(everything, ("n", "1"), ("n", "2"))
    properties_ = [("content-type", "text/plain"), ("content-encoding", "gzip"), ("message-id", "m"), ("type", "t"),
                   ("app-id", "a"), ("priority", "9"), ("expiration", "60000"), ("timestamp", "1700000000")]
    yield "properties", record(everything, *properties_)
    yield "properties_twice", record(everything, *properties_, *properties_)
    for name, value in properties_:
        yield "noted_" + name, record(everything, (name, value), ("mombridge-types", "str:" + name))
    yield "no_properties", record(everything, ("priority", "007"), ("expiration", "soon"), ("timestamp", "-1"), ("type", b"\xff"))
    yield "reply", record(everything, ("kafka_correlationId", b"\x00\xff"), ("kafka_replyTopic", "r"),
                          ("kafka_replyPartition", b"\x00\x00\x01\x02"))
    yield "reply_broken", record(everything, ("kafka_replyPartition", b"\xff\xff\xff\xff"), ("kafka_replyTopic", None))
    scalars = [("bool", "true"), ("i8", "-128"), ("u8", "255"), ("i16", "-1"), ("u16", "1"), ("i32", "5"), ("u32", "5"),
               ("i64", "-5"), ("u64", "18446744073709551615"), ("f32", "0.1"), ("f64", "-0"), ("dec", "1.20"),
               ("time", "1700000000"), ("str", b"\xff"), ("bin", "text")]
    for kind, value in scalars:
        yield "typed_" + kind, record(everything, ("n", value), ("mombridge-types", kind + ":n"))
    yield "typed_all", record(everything, *scalars, ("mombridge-types", ";".join(f"{k}:{k}" for k, _ in scalars)))
    yield "typed_nested", record(everything, ("n", '{"a":[1,"x",null]}'), ("mombridge-types", "{[i32,str,null]}:n"))
    yield "typed_escaped", record(everything, ("a;b%", "1"), ("mombridge-types", "i8:a%3Bb%25"))
    yield "typed_twice", record(everything, ("n", "1"), ("n", "x"), ("mombridge-types", "i8:n;str:n"))
    yield "typed_wrong", record(everything, ("n", "x"), ("mombridge-types", "i8:n;:;;x"))
    yield "not_restored", record(0x03, ("n", "1"), ("mombridge-types", "i8:n"))
    yield "bridge", record(everything, ("mombridge-hops", "1 r"), ("mombridge-deadline", "1700000000000"),
                           ("mombridge-error", "timeout"), ("mombridge-redelivered", "true"), ("mombridge-key", "k"))
    yield "dead_letter", record(everything, ("mombridge-dead-reason", "r"), ("kafka_dlt-exception-message", "m"))
    yield "broker_owned", record(everything, ("x-death", "1"), ("CC", "q"), ("x-delay", "5"))


def typed_text():
    for kind, text in [
            ("bool", "true"), ("i8", "-128"), ("u8", "255"), ("i64", "-9223372036854775808"),
            ("u64", "18446744073709551615"), ("f32", "1e-45"), ("f64", "123456789012345680000"), ("f64", "inf"),
            ("f64", "nan"), ("dec", "1." + "0" * 255), ("dec", "-0.05"), ("time", "1700000000"), ("str", "text"),
            ("bin", "text"), ("null", ""), ("i8", "128"), ("[]", "[]"), ("{}", "{}"), ("[i32,str]", '[1,"x"]'),
            ("{i8,[bool,null],{f64}}", '{"a":1,"b":[true,null],"c":{"d":-0}}'), ("{~bin}", '{"ff":"00"}'),
            ("[raw]", '["ff"]'), ("[f64,f32]", '["inf","nan"]'), ("[dec]", "[92233720368547758.07]"),
            ("[str]", '["\\u00e4\\ud83d\\ude07\\n\\/\\""]'), ("[str]", '["\\ud800"]'), ("[i32]", "[1,2]"),
            ("[" * 16 + "null" + "]" * 16, "[" * 16 + "null" + "]" * 16), ("[" * 17, "[" * 17),
            ("[i8]", " [ 1 ] "), ("[str]", '["open'), ("[u64]", "[18446744073709551616]"), ("[f64]", "[1e999]")]:
        yield f"{kind[:12]}_{abs(hash_of(text)) % 10000}", f"{kind}\n{text}".encode()


def nested_json():
    kinds = ["null", "boolean", "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64", "decimal", "timestamp",
             "string", "bytes", "array", "table"]
    content = {"f32": struct.pack("<f", 0.1), "f64": struct.pack("<d", -0.0), "string": short("a\"b\n"), "bytes": short(b"\xff"),
               "array": b"\x01\x00", "table": b"\x01" + short("n") + b"\x00", "decimal": b"\x02" + b"\xff" * 8}
    for number, kind in enumerate(kinds):
        one = bytes([number]) + content.get(kind, b"\xff" * 8)
        yield "array_of_" + kind, b"\x00\x01" + one
        yield "table_of_" + kind, b"\x01\x01" + short("n") + one
    yield "named_oddly", b"\x01\x03" + b"".join(short(name) + b"\x00" for name in (b"", b"\xff", b'"\\\x00'))
    yield "broken_text", b"\x00\x01" + bytes([14]) + short(b"\xc3")
    yield "deepest", b"\x00" + b"\x01\x10" * 15 + b"\x01\x00"


def pattern():
    for name, lines in {
            "exact": ["a.b", "a.b", "a.b"], "star": ["a.*", "*.b", "a.b"], "hash": ["#", "a.#", "a.b.c"],
            "hash_inside": ["a.#.z", "#.m.#", "a.m.z"], "no_words": ["", "#", ""], "empty_words": ["a..b", "a.*.b", "a..b"],
            "many": [".".join(["#", "a"] * 20), ".".join(["*"] * 20), ".".join(["a"] * 40)],
            "glob": ["amq.gen-*", "[a-z]?", "amq.gen-x"], "nul": ["a", "b", "a\0b"], "bytes": ["\xff", "*", "\xff"]}.items():
        yield name, "\n".join(lines).encode("latin-1")


def expression():
    for number, (text, target) in enumerate([
            ("^orders.*", "orders.new"), ("^orders\\.(new|old)$", "orders.old"), ("^[a-z]+[0-9]?$", "a1"),
            ("^[^_].*", "x"), ("^[[:alpha:]]{2,3}$", "ab"), ("^(a|b|)(c)*$", ""), ("^a{255}$", "a"), ("[", ""), ("(", ""),
            ("^.{3}$", "abc"), ("^\\.$", "."), ("^[]a]$", "]"), ("a||b", ""), ("^*", "*"), ("{", "{"), ("", "")]):
        yield f"{number:02}", f"{text}\n{target}".encode()


def target_template():
    for name, lines in {
            "literal": ["orders", "t", "k", "h", "v"], "target": ["{target}", "t", "k", "h", "v"],
            "all": ["a.{target}.{key}.{broker}.{header.h}", "t", "k", "h", "v"], "no_key": ["{key}", "t", "", "h", "v"],
            "no_header": ["{header.other}", "t", "k", "h", "v"], "unknown": ["{what}", "", "", "", ""],
            "open": ["a{target", "", "", "", ""], "closed": ["a}b", "", "", "", ""], "empty": ["", "", "", "", ""],
            "twice": ["{target}{target}", "t", "", "", ""], "default": ["x{header.a:-none}{key:-}{target:-t}", "", "", "h", "v"],
            "escaped": ["{key:-\\{\\}\\\\:-}", "t", "", "h", "v"], "open_default": ["{key:-a", "t", "k", "h", "v"],
            "no_name": ["{header.}", "", "", "", ""]}.items():
        yield name, "\n".join(lines).encode()


def url():
    for number, text in enumerate([
            "amqp://localhost", "amqps://localhost/", "amqp://u:p@host:5672/vhost", "amqp://u%40x:p%2F@h/%2f", "amqp://[::1]:5672",
            "amqp://[fe80::1%25eth0]/v", "amqp://h:0", "amqp://h:65536", "amqp://u:p%zz@h", "amqp://u:p/@h", "amqp://h/a/b",
            "amqp://h/v?x=1", "amqp://@h", "amqp://:@h", "amqp://u@h", "amqp://", "http://h", "amqp://h/" + "v" * 256,
            "amqp://u%00:p@h", "amqp://a:b@c@d", "@host", "/v@host:1"]):
        yield f"{number:02}", text.encode()


def return_path():
    for number, text in enumerate([
            "", "id", "AQAB", "0b9c2d0e-5f5d-4c57-8f43-0a3f5b1c7d11", "0B9C2D0E5F5D4C578F430A3F5B1C7D11", "a" * 255,
            "\x08\x05amq.gen-JzTY20BRgKO-HjmUJj0wLg" + "id", "\x1b\x7fspring.gen-x" + "i" * 40, "\x02\x00x"]):
        yield f"{number:02}", text.encode("latin-1")


def config():
    broker = "brokers:\n  shop: {type: amqp, url: amqp://localhost}\n  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
    yield "smallest", (broker + "routes: [{from: {broker: shop, queue: orders}, to: {broker: lake, target: orders}}]\n").encode()
    yield "memory", b"brokers: {m: {type: memory}}\nroutes: [{from: {broker: m, target: 'a.#'}, to: {broker: m, target: 'b'}}]\n"
    yield "requests", (broker.replace("localhost}", "localhost, accept_replies: true, allow_reply_to: ['r.*']}", 1) +
                       "replies: {timeout: 5s, keys: [{id: a, secret: s}]}\n"
                       "routes: [{from: {broker: lake, topic: '^ask.*'}, to: {broker: shop, target: '{header.x}.{key}'}}]\n").encode()
    yield "failures", (broker + "failures: {attempts: 3, backoff: 1s, dead_letter: {broker: shop, target: dead}}\n"
                       "routes: [{from: {broker: shop, queue: q, declare: {durable: true}, bindings: [{exchange: e, key: 'a.*'}]},"
                       " to: [{broker: lake, target: t, headers: {n: 1, s: x}}]}]\n").encode()
    yield "aliases", b"a: &a {type: memory}\nbrokers: {x: *a, y: *a}\n"
    yield "environment", b"brokers: {m: {type: memory, queues: [${X:-a}]}}\n"
    yield "flow", b"[{[{\n"
    yield "tags", b"!!binary a: !x [1, 0x10, 1e3, ~, no, \"\\u00e4\\0\"]\n"


def amqp_table():
    for name, bytes_ in TABLES.items():
        yield name, bytes_[4:]


def tls_transport():
    """After how many bytes of a true handshake, divided by 8, the peer begins to lie; whether it ends; what it says."""
    alert = b"\x15\x03\x03\x00\x02\x02\x30"
    rubbish = {
        "nothing": b"", "alert": alert, "warning": alert[:5] + b"\x01\x00", "plain": b"AMQP\x00\x00\x09\x01", "http": b"HTTP/1.1 400 Bad Request",
        "long": b"\x16\x03\x03\xff\xff" + bytes(40), "empty": b"\x17\x03\x03\x00\x00" * 20, "data": b"\x17\x03\x03\x00\x20" + bytes(32),
        "hello": b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03" + bytes(32) + b"\x00\xc0\x2f\x00",
        "request": b"\x16\x03\x03\x00\x04\x00\x00\x00\x00", "cipher": b"\x14\x03\x03\x00\x01\x01" * 3,
    }
    for name, text in rubbish.items():
        for truth in (0, 1, 12, 16, 100, 255):
            yield f"{name}{truth}", bytes([truth, len(name) % 2, len(text)]) + text
            yield f"{name}{truth} by bytes", bytes([truth, 1]) + b"".join(b"\x01" + text[i:i + 1] for i in range(len(text)))


def http_request():
    """The size of a piece, and what a client sends."""
    head = b"POST /v1/publish/shop/order%2Fnew?timeout=2s HTTP/1.1\r\nHost: localhost\r\n"
    requests = {
        "counted": head + b"Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
        "chunked": head + b"Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0a\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n",
        "headers": head + b"Mombridge-Key: k\r\nMombridge-Priority: 3\r\nMombridge-Header-a: b\r\nmombridge-header-x-death: 1\r\n"
                          b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        "old": b"POST /v1/request/lake/t HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx",
        "both": head + b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
        "folded": head + b"A: b\r\n c\r\n\r\n", "bare": head.replace(b"\r", b""), "tls": b"\x16\x03\x01\x02\x00\x01\n",
        "get": b"\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
    }
    requests["several"] = requests["counted"] + requests["chunked"] + requests["get"] + requests["old"]
    for name, text in requests.items():
        for piece in (0, 6, 255):
            yield f"{name}{piece}", bytes([piece]) + text


def worker_frames():
    """What a worker process sends to the bridge."""
    def text(content):
        return long(content)

    def slice_(content):
        return struct.pack(">I", 0) if content is None else struct.pack(">I", len(content) + 1) + content

    def message(body=b"body", headers=()):
        fields = (b"target", body, None, b"text/plain", None, b"", None, None, None, None)
        return (b"".join(map(slice_, fields)) + struct.pack(">QQIII", 0, 1_700_000_000_000, 1, 0, len(headers))
                + b"".join(slice_(name) + slice_(value) for name, value in headers))

    def frame(kind, fields):
        return struct.pack(">IB", len(fields) + 1, kind) + fields

    headers = ((b"a", b"1"), (b"mombridge-types", b"i32:a;bool:b"), (b"none", None))
    frames = {
        "created": frame(32, text("plugin") + text("1.0")), "refused": frame(33, text("why")), "started": frame(34, b""),
        "not started": frame(35, text("why")),
        "returned": frame(36, struct.pack(">QBiQ", 7, 0, -2, 99) + text("") + b"\x00"),
        "completed": frame(36, struct.pack(">QBiQ", 7, 1, 0, 99) + text("") + b"\x00"),
        "replied": frame(36, struct.pack(">QBiQ", 7, 1, 0, 99) + text("") + b"\x01" + message(headers=headers)),
        "broken": frame(36, struct.pack(">QBiQ", 7, 2, 0, 99) + text("why") + b"\x00"),
        "publish": frame(37, struct.pack(">Q", 1) + text("shop") + message()), "find": frame(38, text("shop")),
        "log": frame(39, b"\x01" + text("line")), "count": frame(40, text("messages") + struct.pack(">Q", 1)),
        "breach": frame(41, text("it did")), "stopped": frame(42, b""),
    }
    yield from frames.items()
    yield "all", b"".join(frames.values())
    yield "too many headers", frame(36, struct.pack(">QBiQ", 7, 1, 0, 9) + text("") + b"\x01" + message()[:-4] + b"\xff" * 4)
    yield "empty", struct.pack(">I", 0)
    yield "huge", b"\xff" * 8


def hash_of(text):
    """The same in every run, unlike hash()."""
    value = 0
    for c in text.encode():
        value = (value * 31 + c) & 0xFFFFFFFF
    return value


TARGETS = [amqp_frames, amqp_methods, amqp_properties, amqp_table, config, expression, http_request, kafka_record, nested_json, pattern, return_path,
           target_template, tls_transport, typed_text, url, worker_frames]


def main(folder):
    for target in TARGETS:
        place = pathlib.Path(folder) / target.__name__
        place.mkdir(parents=True, exist_ok=True)
        for name, content in target():
            (place / "".join(c if c.isalnum() else "_" for c in name)).write_bytes(content)


if __name__ == "__main__":
    main(sys.argv[1])
