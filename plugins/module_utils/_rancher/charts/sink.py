# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the bytes of a chart archive go while they arrive: one private file, never a second copy in memory."""

from __future__ import annotations

import hashlib
from typing import IO

from ..._core.errors import RemediationError
from .archive import MAX_ARCHIVE_BYTES


class ChartSink:
    """A file that takes an archive block by block, and no more than a limit of bytes.

    A source writes to it; one that fails in the middle leaves a part behind, so whoever begins (again)
    calls `restart` first. C(size) is what has arrived since.
    """

    def __init__(self, stream: IO[bytes], limit: int = MAX_ARCHIVE_BYTES) -> None:
        self._stream, self._limit = stream, limit
        self._hashes: list[hashlib._Hash] = []
        self.size = 0

    def restart(self, *hashes: hashlib._Hash) -> None:
        """Forget what has arrived; C(hashes) are fed with what arrives from now on."""
        self._stream.seek(0)
        self._stream.truncate()
        self._hashes = list(hashes)
        self.size = 0

    def write(self, block: bytes) -> None:
        """Take a block. Raises RemediationError C(chart-archive-unsafe) beyond the limit."""
        self.size += len(block)
        if self.size > self._limit:
            raise RemediationError(
                "chart-archive-unsafe",
                f"The chart archive is larger than {self._limit} bytes; the rest was not fetched.",
                "Do not use this archive, and find out where it comes from.",
                details={"limit": self._limit},
            )
        for each in self._hashes:
            each.update(block)
        self._stream.write(block)
