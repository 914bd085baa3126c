# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zip archives that lost their end, and with it their directory: every member has a header of its own as well."""

from __future__ import annotations

import struct
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from .limits import Limits, incomplete, unsafe

HEADER = struct.Struct("<4sHHHHHIIIHH")
SIGNATURE = b"PK\x03\x04"
DESCRIPTOR = b"PK\x07\x08"
_SPLIT_MARK = b"PK00"
_BLOCK = 256 * 1024
_UNKNOWN = 0xFFFFFFFF
STORED, DEFLATED = 0, 8
_lock = threading.Lock()  # one stream, several readers


@dataclass(frozen=True)
class Recovered:
    """Where a member is; sizes in bytes. `whole` is false when the archive ends in it."""

    offset: int
    method: int
    packed: int
    size: int
    whole: bool = True


def recover(stream: IO[bytes], label: str, limits: Limits) -> dict[str, Recovered]:
    """The members in front of the place where the archive ends."""
    found: dict[str, Recovered] = {}
    end = stream.seek(0, 2)
    position = 4 if _at(stream, 0, 4) == _SPLIT_MARK else 0
    while True:
        raw = _at(stream, position, HEADER.size)
        if len(raw) < HEADER.size or not raw.startswith(SIGNATURE):
            return found
        _sign, _version, flags, method, *_times, _crc, packed, size, name_size, extra_size = (
            HEADER.unpack(raw)
        )
        tail = _at(stream, position + HEADER.size, name_size + extra_size)
        name = tail[:name_size].decode("utf-8", "replace")
        if not name or "\ufffd" in name:
            return found  # what looks like a header is none
        start = position + HEADER.size + name_size + extra_size
        if len(found) >= limits.members:
            raise unsafe(label, f"has more than {limits.members} members")
        packed, size = wide_sizes(tail[name_size:], packed, size)
        if flags & 8 and not packed:
            packed, size = _measured(stream, start, method, limits)
        found[name] = Recovered(start, method, packed, size, start + packed <= end)
        position = start + packed
        if flags & 8:
            position += 16 if _at(stream, position, 4) == DESCRIPTOR else 12


def inflate(stream: IO[bytes], member: Recovered) -> Iterator[bytes]:
    """The content of a member as far as it is there."""
    if member.method not in (STORED, DEFLATED):
        raise incomplete("A member is packed with a method that is not deflate.")
    unpacker = zlib.decompressobj(-15)
    position, left = member.offset, member.packed
    while left > 0:
        block = _at(stream, position, min(_BLOCK, left))
        if not block:
            return
        position, left = position + len(block), left - len(block)
        if member.method == STORED:
            yield block
            continue
        try:
            while block:
                yield unpacker.decompress(block, _BLOCK * 4)
                block = unpacker.unconsumed_tail
        except zlib.error as error:
            raise incomplete(f"A member is damaged: {error}.") from error


def _measured(stream: IO[bytes], start: int, method: int, limits: Limits) -> tuple[int, int]:
    """The sizes of a member whose header does not have them: deflate says itself where it ends."""
    if method != DEFLATED:
        return 0, 0
    unpacker = zlib.decompressobj(-15)
    position, size = start, 0
    try:
        while not unpacker.eof and (block := _at(stream, position, _BLOCK)):
            position += len(block)
            while block and not unpacker.eof:
                size += len(unpacker.decompress(block, _BLOCK * 4))
                block = unpacker.unconsumed_tail
            if size > limits.unpacked:
                break
    except zlib.error:
        pass
    # A member without an end is longer than what is there.
    return position - start - len(unpacker.unused_data) + (0 if unpacker.eof else 1), size


def wide_sizes(extra: bytes, packed: int, size: int) -> tuple[int, int]:
    """Sizes of more than 32 bits are in an extra field (zip64)."""
    while len(extra) >= 4 and _UNKNOWN in (packed, size):
        kind, length = struct.unpack_from("<HH", extra)
        if kind == 1 and length >= 16 and len(extra) >= 20:
            size, packed = struct.unpack_from("<QQ", extra, 4)
            break
        extra = extra[4 + length :]
    return packed, size


def _at(stream: IO[bytes], position: int, size: int) -> bytes:
    with _lock:
        stream.seek(position)
        return stream.read(size)
