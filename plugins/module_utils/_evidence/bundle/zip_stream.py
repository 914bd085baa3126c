# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One member of a zip archive that comes in blocks, front to back: an archive in an archive cannot be rewound cheaply."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from re import Pattern

from .limits import incomplete
from .zip_recovery import DEFLATED, DESCRIPTOR, HEADER, SIGNATURE, STORED, wide_sizes

_SIZES_FOLLOW = 8  # a flag of a member whose header was written before its size was known
_STEP = 256 * 1024


class _Front:
    """Bytes taken from the front of blocks."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks, self._kept = iter(blocks), b""

    def take(self, size: int) -> bytes:
        """The next bytes, fewer at the end."""
        while len(self._kept) < size and (block := next(self._blocks, b"")):
            self._kept += block
        taken, self._kept = self._kept[:size], self._kept[size:]
        return taken

    def skip(self, size: int) -> None:
        """Leave out the next bytes."""
        while size > 0 and (taken := self.take(min(size, _STEP))):
            size -= len(taken)

    def give_back(self, rest: bytes) -> None:
        """Put bytes back to the front."""
        self._kept = rest + self._kept


def member_of_zip(blocks: Iterable[bytes], wanted: Pattern[str], most: int) -> bytes | None:
    """The first `most` bytes of the first member whose name is `wanted`; None when there is none, or the archive is
    damaged before it. Raises `evidence-incomplete` for a member that is damaged itself.
    """
    front = _Front(blocks)
    while True:
        raw = front.take(HEADER.size)
        if len(raw) < HEADER.size or not raw.startswith(SIGNATURE):
            return None
        fields = HEADER.unpack(raw)
        flags, method, packed, size, name_size, extra_size = fields[2], fields[3], *fields[7:]
        name = front.take(name_size).decode("utf-8", "replace")
        packed, _size = wide_sizes(front.take(extra_size), packed, size)
        open_end = bool(flags & _SIZES_FOLLOW) and not packed
        if method not in (STORED, DEFLATED) or (open_end and method == STORED and size):
            return None
        if wanted.search(name):
            return _stored(front, packed, most) if method == STORED else _deflated(front, most)
        if open_end and method == DEFLATED:
            for _block in _inflated(front):
                pass
        else:
            front.skip(packed)
        if flags & _SIZES_FOLLOW:
            front.skip(_descriptor_size(front))


def _stored(front: _Front, size: int, most: int) -> bytes | None:
    content = front.take(min(size, most))
    return content if len(content) == min(size, most) else None


def _deflated(front: _Front, most: int) -> bytes | None:
    """The first bytes of a deflated member; None when it ends before its end."""
    content = b""
    for block in _inflated(front):
        if block is None:
            return None
        content += block
        if len(content) >= most:
            break
    return content[:most]


def _inflated(front: _Front) -> Iterator[bytes | None]:
    """The content of a deflated member; None in the end for one that is cut off. The front is behind it then."""
    unpacker = zlib.decompressobj(-15)
    while not unpacker.eof:
        block = front.take(_STEP)
        if not block:
            yield None
            return
        while block and not unpacker.eof:
            try:
                yield unpacker.decompress(block, _STEP)
            except zlib.error as error:
                raise incomplete(f"A member is damaged: {error}.") from error
            block = unpacker.unconsumed_tail
    front.give_back(unpacker.unused_data)


def _descriptor_size(front: _Front) -> int:
    mark = front.take(len(DESCRIPTOR))
    front.give_back(mark)
    return 16 if mark == DESCRIPTOR else 12
