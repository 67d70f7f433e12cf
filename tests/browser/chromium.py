"""A headless Chromium driven over the DevTools protocol: one page, what it logged, and what it asked for."""

import base64
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from websockets.sync.client import ClientConnection, connect

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--window-size=1440,900",
    "--remote-debugging-port=0",
)


def executable() -> str | None:
    """The path of the browser, None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Chromium:
    """A browser with an empty profile. `requests`, `problems` and `errors` fill up while other calls wait."""

    requests: list[str]
    """The URLs asked for by the page and its workers."""
    problems: list[str]
    """What the page and its workers logged as an error or a warning: refusals of the security policy among them."""

    def __init__(self, profile: Path) -> None:
        self.requests = []
        self.problems = []
        self._profile = profile
        self._number = 0
        self._events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        chromium = executable()
        assert chromium is not None
        self._process = subprocess.Popen(
            [chromium, *FLAGS, f"--user-data-dir={self._profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        with ExitStack() as stack:
            stack.callback(self._kill)
            self._socket = stack.enter_context(self._connect())
            targets = self._call("Target.getTargets")["targetInfos"]
            page = next(target["targetId"] for target in targets if target["type"] == "page")
            self._session = self._call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
            self._listen(self._session)
            self._call("Page.enable", self._session)
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def open(self, url: str) -> None:
        """Goes to the URL; what it shows comes later, `wait` for it."""
        self._call("Page.navigate", self._session, url=url)

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page; a promise is awaited."""
        answer = self._call(
            "Runtime.evaluate", self._session, expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, expression: str, seconds: float = 60) -> Any:
        """The first value of the expression that is true in JavaScript's sense."""
        return _until(lambda: self.evaluate(expression), seconds, lambda: f"{expression}\n{self.problems}")

    def type(self, text: str) -> None:
        """Enters text where the focus is."""
        self._call("Input.insertText", self._session, text=text)

    def prefer(self, scheme: str) -> None:
        """Prefers light or dark colours from here on."""
        self._call(
            "Emulation.setEmulatedMedia", self._session, features=[{"name": "prefers-color-scheme", "value": scheme}]
        )

    def screenshot(self, path: Path) -> None:
        """Writes the page as it is now to a PNG file."""
        path.write_bytes(base64.b64decode(self._call("Page.captureScreenshot", self._session)["data"]))

    def origins(self) -> set[str]:
        """The origins of all requests so far that went over a network."""
        parts = [urlsplit(url) for url in self.requests]
        return {f"{part.scheme}://{part.netloc}" for part in parts if part.scheme not in ("data", "blob", "about")}

    def _connect(self) -> ClientConnection:
        file = self._profile / "DevToolsActivePort"

        def address() -> list[str]:
            return file.read_text().split("\n") if file.exists() else []

        port, path = _until(lambda: len(lines := address()) == 2 and lines, 30, lambda: "Chromium did not start")
        return connect(f"ws://127.0.0.1:{port}{path}", max_size=None, proxy=None)

    def _listen(self, session: str) -> None:
        for domain in ("Runtime", "Log", "Network"):
            self._call(f"{domain}.enable", session)
        self._call("Target.setAutoAttach", session, autoAttach=True, waitForDebuggerOnStart=True, flatten=True)

    def _call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        number = self._send(method, session, parameters)
        while True:
            message = json.loads(self._socket.recv(timeout=60))
            if message.get("id") == number:
                assert "error" not in message, f"{method}: {message['error']}"
                result: dict[str, Any] = message["result"]
                return result
            if "method" in message:
                self._note(message["method"], message["params"])

    def _send(self, method: str, session: str | None, parameters: dict[str, Any]) -> int:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        self._socket.send(json.dumps(message))
        return self._number

    def _note(self, method: str, event: dict[str, Any]) -> None:
        match method:
            case "Network.requestWillBeSent":
                self.requests.append(event["request"]["url"])
            case "Network.webSocketCreated":
                self.requests.append(event["url"])
            case "Log.entryAdded" if event["entry"]["level"] in ("error", "warning"):
                self.problems.append(event["entry"]["text"])
            case "Runtime.consoleAPICalled" if event["type"] in ("error", "warning", "assert"):
                self.problems.append(" ".join(str(part.get("value", part)) for part in event["args"]))
            case "Runtime.exceptionThrown":
                self.problems.append(str(event["exceptionDetails"]))
            case "Target.attachedToTarget":
                # A worker, held at its start until it is listened to. Nothing here waits for the answers.
                worker = event["sessionId"]
                for command in ("Runtime.enable", "Log.enable", "Network.enable", "Runtime.runIfWaitingForDebugger"):
                    self._send(command, worker, {})

    def _kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _until(probe: Callable[[], Any], seconds: float, describe: Callable[[], str]) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := probe()):
        if time.monotonic() > deadline:
            raise AssertionError(f"nothing within {seconds} seconds: {describe()}")
        time.sleep(0.05)
    return value
