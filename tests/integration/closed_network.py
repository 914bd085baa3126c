# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network in which nothing is but the API server: a namespace of the kernel with one way out.

The way out is a Unix socket, which network namespaces do not part. On one side of it somebody listens
on the API server's own address within the namespace, on the other we pass everything on to it.

Run as a program it is the inside: `closed_network.py SOCKET PORT COMMAND...`.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1
LOOPBACK = "127.0.0.1"


class ClosedNetwork:
    """Let commands reach one server on loopback, and nothing else in the world."""

    def __init__(self, server: str, scratch: Path) -> None:
        self._port = urlsplit(server).port or 443
        # The path of a Unix socket must be short.
        self._path = os.path.relpath(scratch / "way-out")
        self._listener = socket.socket(socket.AF_UNIX)
        self.passed_on = 0

    def __enter__(self) -> ClosedNetwork:
        self._listener.bind(self._path)
        self._listener.listen()
        _serve(self._listener, self._connect)
        return self

    def __exit__(self, *_exc: object) -> None:
        self._listener.close()

    def _connect(self) -> socket.socket:
        self.passed_on += 1
        return socket.create_connection((LOOPBACK, self._port))

    @property
    def prefix(self) -> list[str]:
        """What to put before a command."""
        unshare = (
            ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
        )
        inside = [sys.executable, __file__, str(Path(self._path).absolute()), str(self._port)]
        return [*unshare, *inside]


def is_possible() -> bool:
    """Whether the machine lets us have a network namespace."""
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    try:
        done = subprocess.run(["unshare", *user, "--net", "true"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def _serve(listener: socket.socket, connect: Callable[[], socket.socket]) -> None:
    def accept() -> None:
        while True:
            try:
                near, _address = listener.accept()
            except OSError:
                return
            far = connect()
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(one, other), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while block := source.recv(65536):
            target.sendall(block)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        target.close()


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh", b"lo", 0)
        flags = struct.unpack("16sh", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | _IFF_UP))


def _inside(path: str, port: int, command: list[str]) -> int:
    _raise_loopback()

    def connect() -> socket.socket:
        way_out = socket.socket(socket.AF_UNIX)
        # Relative, as the path may be longer than the kernel takes.
        os.chdir(os.path.dirname(path))
        way_out.connect(os.path.basename(path))
        return way_out

    here = os.getcwd()
    listener = socket.create_server((LOOPBACK, port))
    _serve(listener, connect)
    return subprocess.run(command, cwd=here, check=False).returncode


if __name__ == "__main__":
    sys.exit(_inside(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
