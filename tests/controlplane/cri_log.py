# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Log files in the format of the container runtime interface, which kwok serves as pod logs.

Each line is ``<RFC 3339 time with nanoseconds> <stream> F <text>``.
"""

from __future__ import annotations

import time
from pathlib import Path


class CriLog:
    """Appends to one container's log; readers that follow it see each line at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    def write(self, text: str, *, stream: str = "stdout", at: float | None = None) -> None:
        """Log one or more lines; ``at`` is in seconds since the epoch, now when left out."""
        nanoseconds = time.time_ns() if at is None else round(at * 1e9)
        seconds, fraction = divmod(nanoseconds, 10**9)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{fraction:09d}Z"
        lines = (f"{stamp} {stream} F {line}\n" for line in text.split("\n"))
        with self.path.open("a", encoding="utf-8") as file:
            file.write("".join(lines))
