"""The page of the admin listener in a real Chromium."""
import contextlib
import signal
import threading
import time

import pytest

from browser import Browser
from configs import configuration, fixture_handler, lake, local, route, sample, shop
from harness import Amqp, eventually, unique
from cut_proxy import Proxy, free_port

# What Chromium itself says of a question that gets no answer, and of one that needs the token.
NO_ANSWER = "net::ERR_"
REFUSED = "status of 401"
ENTER = "\ue007"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    made = Browser(tmp_path_factory.mktemp("chromium"))
    yield made
    made.close()


@contextlib.contextmanager
def traffic(url, *queues):
    """Messages into these queues, some hundred a second, until the end of the block."""
    ended = threading.Event()

    def send():
        client = Amqp(url)
        number = 0
        while not ended.is_set():
            for queue in queues:
                client.publish(queue, b"%d" % number, message_id=f"m{number}")
            number += 1
            ended.wait(0.005)
        client.close()

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def rate_of(text):
    return 0 if text in (None, "", "–") else float(text.replace(",", ""))


class Scene:
    """A bridge with something of everything, and its page."""

    def __init__(self, bridge, browser, rabbit, amqp, kafka, kafka_client):
        self.proxy = Proxy(int(rabbit.url.rsplit(":", 1)[1].rstrip("/")))
        self.orders, self.returns, self.geo = unique("orders"), unique("returns"), unique("geocode")
        self.topic, self.dead, self.fragile = kafka_client.topic(), unique("dead"), unique("fragile")
        for queue in (self.orders, self.returns, self.geo, self.dead, self.fragile):
            amqp.queue(queue)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/"
        self.config = configuration(
            route(shop(queue=self.orders), lake(target=self.topic), local(target="audit"), name="orders"),
            route(local(target="audit"), {"handler": "audit"}, name="audit"),
            route(shop(queue=self.returns), shop(target=unique("missing")), name="returns"),
            route(shop(queue=self.geo), {"handler": "geocode", "reply_to": lake(target=self.topic)}, name="<b onclick=alert(1)>geo</b>"),
            route(shop(queue=self.fragile), {"handler": "fragile"}, name="fragile"),
            name="orders-bridge", shop=f"amqp://guest:guest@127.0.0.1:{self.proxy.port}/", lake=kafka.bootstrap,
            handlers={"audit": fixture_handler("good_sync", isolation="in_process"), "geocode": sample("echo"),
                      "fragile": fixture_handler("bad_body")},
            failures={"attempts": 1, "backoff": "10ms", "dead_letter": shop(target=self.dead)},
            admin={"listen": f"127.0.0.1:{port}"})
        self.life = bridge(self.config)
        self.browser = browser
        browser.look(1280, "light")
        browser.open(self.url)

    def reload(self, config):
        self.life.configure(config)
        self.life.signal(signal.SIGHUP)


def test_an_operators_day(bridge, browser, rabbit, amqp, kafka, kafka_client):
    scene = Scene(bridge, browser, rabbit, amqp, kafka, kafka_client)
    page, life = scene.browser, scene.life
    with traffic(rabbit.url, scene.orders, scene.geo):
        # Rates rise, on the edges and in the tables.
        page.eventually(lambda: page.text(".head .pill") == "ready", "ready")
        page.eventually(lambda: rate_of(page.row("routes", Route="orders").get("Messages/s")) > 5, "a rate")
        page.eventually(lambda: "ms" in page.row("routes", Route="orders")["p99"], "a p99")
        assert page.row("routes", Route="orders", State="flowing", From=f"shop {scene.orders}")
        assert rate_of(page.row("handlers", Handler="audit")["Calls/s"]) > 0
        assert page.node("orders")[0] == "ok" and page.node("shop") == ["ok", "shop: up"]
        flowing = page.script("return [...document.querySelectorAll('svg .rate.flows')].map((label) => label.textContent)")
        assert len(flowing) >= 5 and all(rate_of(text) > 0 for text in flowing)
        assert page.script("return document.querySelectorAll('svg .edge.flows').length") == len(flowing)
        # What the configuration names stays text.
        assert page.row("routes", Route="<b onclick=alert(1)>geo</b>") and page.script("return document.querySelectorAll('b').length") == 0

        top = life.command("top", "--once", "--interval", "1s").stdout.splitlines()
        busiest = next(line for line in top if line.startswith("orders ")).split()
        assert rate_of(busiest[2]) > 0 and busiest[6] == "ms", busiest

        # A message that nobody takes is shown with its reason.
        amqp.publish(scene.returns, b"x")
        letter = page.eventually(lambda: page.row("letters", Route="returns"), "the dead letter")
        assert letter["From"] == f"shop {scene.returns}" and "undeliverable: " in letter["Reason"] and letter["Attempts"] == "1"
        assert page.text(".figures dd.bad, .figures div:nth-child(5) dd") == "1"

        # A worker that crashes is shown with what ended it, and runs again.
        assert page.row("handlers", Handler="audit")["Worker"] == "in the bridge"
        assert page.row("handlers", Handler="fragile")["Worker"].startswith("running for ")
        amqp.publish(scene.fragile, b"abort")
        said = page.eventually(lambda: next((text for text in [page.row("handlers", Handler="fragile")["Worker"]]
                                             if "restarts: 2, " in text and text.startswith("running for ")), None), "the crash")
        assert "was killed by SIGABRT" in said
        letter = page.eventually(lambda: page.row("letters", Route="fragile"), "its dead letter")
        assert "was killed by SIGABRT" in letter["Reason"]

        page.screenshot("page")
        check_narrow(page)
        check_keyboard(page, scene.url)

        # A broker that dies turns red, with the reason, and comes back.
        scene.proxy.cut()
        page.eventually(lambda: page.node("shop")[0] == "bad", "red")
        assert page.node("shop")[1].startswith("shop: failing: ")
        assert page.text(".head .pill") == "not ready"
        link = page.row("links", Broker="shop", Link="publisher")
        assert link["State"] == "failing" and link["Reason"] and link["Since"]
        page.eventually(lambda: "broker shop: failing" in page.text("#said"), "the announcement")
        page.screenshot("broker-away")
        scene.proxy.mend()
        page.eventually(lambda: page.node("shop") == ["ok", "shop: up"] and page.text(".head .pill") == "ready", "green")
        page.eventually(lambda: "broker shop: up" in page.text("#said"), "the announcement")

        # A bad reload shows file and line, and the good one after it takes that away.
        scene.reload({**scene.config, "nonsense": 1})
        page.eventually(lambda: page.text("#reload .pill") == "last reload failed", "the verdict")
        line = next(n for n, text in enumerate(life.file.read_text().splitlines(), 1) if text.startswith("nonsense"))
        assert page.text("#reload li.bad").startswith(f"{life.file}:{line}:1: error: ")
        page.screenshot("bad-reload")
        scene.reload({**scene.config, "unrouted": "discard"})
        page.eventually(lambda: page.text("#reload .pill") == "in force" and page.text("#reload p").startswith("reloaded: "), "the verdict")
        assert page.text("#reload li.bad") is None
        assert page.unexpected() == []

    # A bridge that is gone is said, and its return too.
    life.kill()
    page.eventually(lambda: page.text(".head .pill").startswith("no answer since "), "no answer")
    assert "stale" in page.script("return document.getElementById('bridge').className")
    life.start()
    page.eventually(lambda: page.text(".head .pill") == "ready", "the bridge again")
    assert page.script("return document.getElementById('bridge').className") == ""
    assert page.unexpected(NO_ANSWER) == []

    # Without scripts, the same in tables.
    page.scripts(False)
    try:
        page.open(scene.url)
        assert page.text("#topology") is None
        assert page.row("routes", Route="orders")["To"].startswith(f"lake/{scene.topic}")
        assert page.row("routes", Route="<b onclick=alert(1)>geo</b>")
        assert {row["State"] for row in page.table("links")} == {"up"}
        assert page.row("handlers", Handler="geocode") and page.row("subscriptions", Subscription=scene.orders)
        assert page.text("#reload .pill") == "in force"
        page.screenshot("no-scripts")
        check_narrow(page)
        assert page.unexpected(NO_ANSWER) == []
    finally:
        page.scripts(True)


def check_narrow(page):
    page.look(360, "light")
    assert page.too_wide() == 0
    # What is wider scrolls by itself.
    assert page.script("const box = document.querySelector('#routes .scroll'); return box.scrollWidth > box.clientWidth")
    page.look(1280, "light")


def check_keyboard(page, url):
    """Everything is reached by the tabulator, seen while it has the focus, and left again."""
    def begin():
        page.open(url)
        page.eventually(lambda: page.text(".head .pill") == "ready" and page.node("orders"), "the page")
        page.tab()
        assert page.focused()["text"] == "Skip to the routes" and page.focused()["inside"]
    begin()
    page.press(ENTER)
    assert page.script("return location.hash") == "#routes"
    page.tab()
    assert page.focused()["where"] == "routes"
    begin()
    reached = []
    for _ in range(60):
        page.tab()
        focused = page.focused()
        if focused is None:
            break
        assert focused["inside"] and focused["mark"], focused
        reached.append(focused["where"])
    assert focused is None, "the tabulator does not come to an end"
    assert {"topology", "routes", "links", "handlers", "subscriptions", "letters"} <= set(reached)


def test_a_page_that_nobody_sees_asks_nothing(bridge, browser):
    port = free_port()
    bridge(configuration(admin={"listen": f"127.0.0.1:{port}"}))
    page = browser.open(f"http://127.0.0.1:{port}/")

    def questions():
        return page.script("return performance.getEntriesByType('resource').length")

    def hide(yes):
        page.script("Object.defineProperty(document, 'hidden', {value: arguments[0], configurable: true});"
                    "document.dispatchEvent(new Event('visibilitychange'));", yes)
    page.eventually(lambda: questions() >= 2, "questions")
    hide(True)
    eventually(lambda: page.script("return performance.getEntriesByType('resource').every((entry) => entry.responseEnd > 0)"))
    asked = questions()
    time.sleep(4.5)  # twice as long as between two questions
    assert questions() == asked
    hide(False)
    page.eventually(lambda: questions() > asked, "questions again")
    assert page.unexpected() == []


def test_the_token(bridge, browser, tmp_path):
    port = free_port()
    bridge(configuration(admin={"listen": f"0.0.0.0:{port}", "token": "correct-horse"}))
    url = f"http://127.0.0.1:{port}/"
    page = browser.open(url)
    shown = "return document.getElementById('login').hidden === false && document.getElementById('bridge').hidden"
    assert page.script(shown)
    assert page.focused()["tag"] == "input"
    page.press("wrong", ENTER)
    page.eventually(lambda: page.text("#refused") == "The bridge refuses this token.", "the refusal")
    assert page.script(shown)
    page.screenshot("token")
    page.press("correct-horse", ENTER)
    page.eventually(lambda: page.text(".head .pill") == "ready" and not page.script(shown), "the page")
    page.open(url)  # again in the same tab
    page.eventually(lambda: page.text(".head .pill") == "ready", "the page")
    assert page.driver.current_url == url
    assert page.unexpected(REFUSED) == []
