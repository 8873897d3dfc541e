"""A headless Chromium as an operator's browser."""
import base64
import os
import pathlib

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from harness import eventually

WIDTHS = (1280, 360)
SCHEMES = ("light", "dark")


class Browser:
    """One tab. What its console says that no test expects is a failure: see unexpected()."""

    def __init__(self, folder):
        options = webdriver.ChromeOptions()
        # Root has no sandbox to give away, a container's /dev/shm is small, and the rest saves memory.
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-extensions",
                         "--renderer-process-limit=1", "--disable-background-networking", "--no-first-run", f"--user-data-dir={folder}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=webdriver.chrome.service.Service("/usr/bin/chromedriver"))
        self.driver.set_page_load_timeout(60)
        self.look(1280, "light")

    def close(self):
        self.driver.quit()

    def open(self, url):
        self.driver.get(url)
        return self

    def look(self, width, scheme, height=900):
        """As a window of this size, with the user's choice of light or dark."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def scripts(self, run):
        """Whether the page's scripts run; from the next open() on."""
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not run})

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def text(self, selector):
        """Of the first such element; None: there is none."""
        return self.script("return document.querySelector(arguments[0])?.textContent ?? null", selector)

    def table(self, section):
        """Rows as {title of the column: text}."""
        return self.script("""
            const table = document.querySelector(`#${arguments[0]} table`);
            if (!table) return [];
            const titles = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
            return [...table.tBodies[0].rows].filter((row) => row.cells.length === titles.length)
              .map((row) => Object.fromEntries([...row.cells].map((cell, i) => [titles[i], cell.textContent])));""", section)

    def row(self, section, **wanted):
        """The first row that has these texts; {}: there is none."""
        return next((row for row in self.table(section) if wanted.items() <= row.items()), {})

    def node(self, name):
        """(colour, words) of that node of the topology; None: there is none."""
        return self.script("""
            for (const node of document.querySelectorAll("svg .node"))
              if (node.querySelector(".name").textContent === arguments[0])
                return [node.getAttribute("class").replace("node ", ""), node.querySelector("title").textContent];
            return null;""", name)

    def eventually(self, check, what, timeout=60):
        return eventually(check, timeout, what)

    def focused(self):
        """What the user sees of the element that has the focus."""
        return self.script("""
            const element = document.activeElement;
            if (!element || element === document.body) return null;
            const style = getComputedStyle(element), inner = element.querySelector(":scope > .node > .box");
            const box = (inner ?? element).getBoundingClientRect();
            const mark = inner ? getComputedStyle(inner).strokeWidth === "2.5px" : style.outlineStyle !== "none" && style.outlineWidth !== "0px";
            return {tag: element.tagName.toLowerCase(), where: element.closest("section")?.id ?? "", text: element.textContent.slice(0, 40),
                    inside: box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight, mark};""")

    def press(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def tab(self):
        self.press(Keys.TAB)

    def too_wide(self):
        """How far the page can be scrolled sideways, in pixels."""
        return self.script("""
            scrollTo(9999, scrollY);
            const by = scrollX;
            scrollTo(0, scrollY);
            return Math.max(by, document.documentElement.scrollWidth - innerWidth);""")

    def unexpected(self, *expected):
        """Lines of the console since the last call, without those that have one of these texts."""
        return [line["message"] for line in self.driver.get_log("browser") if not any(text in line["message"] for text in expected)]

    def screenshot(self, name):
        """Of the whole page, into the build folder, at both widths, light and dark."""
        folder = pathlib.Path(os.environ.get("MOMBRIDGE_SCREENSHOTS", "/tmp"))
        folder.mkdir(parents=True, exist_ok=True)
        for width in WIDTHS:
            for scheme in SCHEMES:
                self.look(width, scheme)
                self.eventually(lambda: self.script("return innerWidth") == width, "the width")
                height = self.script("return document.documentElement.scrollHeight")
                self.look(width, scheme, min(height, 4000))
                shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
                (folder / f"{name}-{width}-{scheme}.png").write_bytes(base64.b64decode(shot["data"]))
        self.look(1280, "light")
