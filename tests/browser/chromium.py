# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives a headless Chromium over its DevTools protocol, as far as the tests of a page need it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import websocket

INSTALLER = Path(__file__).resolve().parents[1] / "tools" / "chromium.sh"
CANNOT_INSTALL = 3
Document = dict[str, Any]


class ChromiumMissingError(Exception):
    """There is none, and this account may not install one."""


def program() -> str:
    """The path of a Chromium; installed first where that is possible."""
    found = subprocess.run([INSTALLER], capture_output=True, text=True, check=False)
    if found.returncode == CANNOT_INSTALL:
        raise ChromiumMissingError(found.stderr.strip())
    if found.returncode:
        raise RuntimeError(f"{INSTALLER.name} failed:\n{found.stderr}")
    return found.stdout.strip().splitlines()[-1]


@dataclass
class Page:
    """One page in the browser."""

    socket: websocket.WebSocket
    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    _number: int = 0

    def call(self, method: str, **parameters: Any) -> Document:
        """One command of the protocol; what the page does meanwhile is noted."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        self.socket.send(json.dumps(command))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: Document = answer["result"]
                return result
            self._note(answer)

    def _note(self, event: Document) -> None:
        parameters = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        if event.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown"):
            self.messages.append(json.dumps(parameters))

    def open(self, path: Path) -> None:
        """Load a file, with everything it asks for noted."""
        for domain in ("Page", "Network", "Log", "Runtime", "Accessibility"):
            self.call(f"{domain}.enable")
        self.requests.clear()
        self.messages.clear()
        self.call("Page.navigate", url=path.as_uri())
        deadline = time.monotonic() + 30
        while self.run("document.readyState") != "complete" or self.run("location.href") in (
            "about:blank",
        ):
            assert time.monotonic() < deadline, f"{path} does not load"
            time.sleep(0.05)

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def look_like(self, scheme: str, width: int = 1280, height: int = 900) -> None:
        """A light or dark desktop with a window of that size."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", media="screen", features=[feature])
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def press(self, key: str) -> None:
        """A key, as the keyboard would send it."""
        code = {"Tab": 9, "Enter": 13}[key]
        for kind in ("rawKeyDown", "keyUp"):
            pressed = {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code}
            self.call("Input.dispatchKeyEvent", **pressed)

    def accessibility_tree(self) -> list[Document]:
        """What a screen reader gets: the nodes that are not ignored."""
        nodes: list[Document] = self.call("Accessibility.getFullAXTree")["nodes"]
        return [node for node in nodes if not node.get("ignored")]

    def screenshot(self, path: Path) -> None:
        """The whole page, not only the window."""
        content = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": content["width"], "height": content["height"], "scale": 1}
        taken = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(taken["data"]))

    def print_to(self, path: Path) -> None:
        """The page as a PDF."""
        self.call("Emulation.setEmulatedMedia", media="", features=[])
        printed = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        path.write_bytes(base64.b64decode(printed["data"]))


@contextlib.contextmanager
def chromium() -> Iterator[Page]:
    """A browser with an empty page, without a network; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="remediation-chromium-") as profile:
        # Names resolve to nothing: a request that leaves would fail, and is noted anyway.
        command = [
            program(),
            "--headless=new",
            "--disable-gpu",
            "--hide-scrollbars",
            "--no-first-run",
            "--remote-debugging-port=0",
            "--remote-allow-origins=*",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
            f"--user-data-dir={profile}",
            "about:blank",
        ]
        if os.geteuid() == 0:
            command.insert(1, "--no-sandbox")
        with open(os.devnull, "wb") as nowhere:
            process = subprocess.Popen(
                command, stdout=nowhere, stderr=nowhere, start_new_session=True
            )
        try:
            yield Page(_connect(Path(profile), process))
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _connect(profile: Path, process: subprocess.Popen[bytes]) -> websocket.WebSocket:
    port_file = profile / "DevToolsActivePort"
    deadline = time.monotonic() + 60
    while not (port_file.exists() and port_file.read_text().count("\n")):
        assert process.poll() is None, f"Chromium ended with {process.returncode}"
        assert time.monotonic() < deadline, "Chromium does not open its DevTools port"
        time.sleep(0.05)
    port = port_file.read_text().splitlines()[0]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=10) as answer:
        pages = [each for each in json.load(answer) if each["type"] == "page"]
    return websocket.create_connection(pages[0]["webSocketDebuggerUrl"], timeout=60)
