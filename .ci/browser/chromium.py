"""A headless Chromium, driven by the Chrome DevTools Protocol."""

import base64
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from png import smaller
from websocket import WebSocket

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-port=0",
]
NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
INSTALL = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]


class Missing(Exception):
    """There is no browser, and it cannot be installed."""


def program():
    """The path of Chromium, which is installed if it is missing."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
    if not shutil.which("apt-get"):
        raise Missing(f"none of {', '.join(NAMES)} is on PATH, and there is no apt-get: install Chromium")
    for command in (INSTALL, ["apt-get", "update"], INSTALL):
        outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    found = shutil.which("chromium")
    if outcome.returncode != 0 or not found:
        said = outcome.stderr.strip()[-500:]
        raise Missing(f"Chromium is missing, and `{' '.join(INSTALL)}` has failed; install it by hand:\n{said}")
    return found


class Browser:
    """One page of a browser of its own, which ends with it."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="pathway-browser-", ignore_cleanup_errors=True)
        command = [program(), *FLAGS, f"--user-data-dir={self.folder.name}", "about:blank"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = self._port()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=10) as answer:
            target = next(target for target in json.load(answer) if target["type"] == "page")
        path = target["webSocketDebuggerUrl"].split(f":{port}", 1)[1]
        self.socket = WebSocket("127.0.0.1", port, path)
        self.number = 0
        # What the page has said that it should not have: errors of the console, failed requests, exceptions.
        self.complaints = []
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    def _port(self):
        file, deadline = Path(self.folder.name, "DevToolsActivePort"), time.monotonic() + 60
        while time.monotonic() < deadline:
            if file.exists() and file.read_text().count("\n"):
                return int(file.read_text().split("\n")[0])
            if self.process.poll() is not None:
                raise Missing(f"Chromium has ended at once, with code {self.process.returncode}")
            time.sleep(0.05)
        raise Missing("Chromium did not start within 60 s")

    def call(self, method, **parameters):
        """The result of a command."""
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.receive(30))
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]
            self._listen(message)

    def _listen(self, message):
        method, said = message.get("method"), message.get("params", {})
        if method == "Log.entryAdded" and said["entry"]["level"] == "error":
            self.complaints.append(f"{said['entry']['text']} {said['entry'].get('url', '')}")
        elif method == "Runtime.exceptionThrown":
            details = said["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(argument.get("value")) for argument in said["args"]))

    def open(self, url):
        failed = self.call("Page.navigate", url=url).get("errorText")
        if failed:
            raise AssertionError(f"{url}: {failed}")
        loaded = f"location.href.startsWith({url!r}) && document.readyState === 'complete'"
        self.wait(f"{url} is loaded", loaded)

    def ask(self, expression):
        """The value of an expression in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']['exception']['description']}")
        return result["result"].get("value")

    def wait(self, what, expression, seconds=15):
        """Waits until an expression is true, and returns how long that took."""
        begin = time.monotonic()
        while not self.ask(f"Boolean({expression})"):
            if time.monotonic() - begin > seconds:
                seen = self.ask("document.body?.innerText") or ""
                raise AssertionError(f"not within {seconds} s: {what}\nthe page says:\n{seen[:3000]}")
            time.sleep(0.05)
        return time.monotonic() - begin

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def scheme(self, scheme):
        """What the system prefers: `light` or `dark`."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def press(self, key):
        code = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32}[key]
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            more = text if kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **more)

    def picture(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        Path(path).write_bytes(smaller(base64.b64decode(data)))
