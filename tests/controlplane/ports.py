# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chooses free loopback ports."""

from __future__ import annotations

import errno
import random
import socket

from controlplane.failure import ControlPlaneError

# Below what Linux hands out to outgoing connections by itself (32768 and up), so that a port is
# not taken by chance between our look and the server's start.
_FIRST, _LAST = 20000, 32000


def free_ports(count: int) -> list[int]:
    """``count`` different ports on 127.0.0.1 that nothing listens on now."""
    found: list[int] = []
    for port in random.sample(range(_FIRST, _LAST), 2000):
        if is_free(port):
            found.append(port)
            if len(found) == count:
                return found
    raise ControlPlaneError(f"no {count} free ports between {_FIRST} and {_LAST} on 127.0.0.1")


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True
