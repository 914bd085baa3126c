# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup set as one compressed archive: what is encrypted, and what goes into the cluster."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Mapping

from .errors import invalid

MAX_UNPACKED_BYTES = 512 * 1024 * 1024


def pack(files: Mapping[str, bytes]) -> bytes:
    """The set as one archive; the same files give the same bytes."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(files[name]), 0o600
            archive.addfile(member, io.BytesIO(files[name]))
    return gzip.compress(stream.getvalue(), mtime=0)


def unpack(data: bytes, where: str) -> dict[str, bytes]:
    """The files of an archive, read in memory: no name in it ever reaches a file system.

    Raises backup-invalid for anything that pack does not make, and past MAX_UNPACKED_BYTES.
    """
    content = inflate(data, MAX_UNPACKED_BYTES, where)
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.isfile() else None
                if stream is None:
                    raise invalid(where, f"{member.name} cannot be in a backup set")
                files[member.name] = stream.read()
    except (tarfile.TarError, EOFError) as error:
        raise invalid(where, f"its archive is damaged ({type(error).__name__})") from error
    return files


def inflate(data: bytes, limit: int, where: str) -> bytes:
    """What gzip-compressed data unfolds to. Raises backup-invalid when it is damaged, cut off, or past the limit."""
    stream = zlib.decompressobj(wbits=31)
    try:
        content = stream.decompress(data, limit)
    except zlib.error as error:
        raise invalid(where, f"its archive is damaged ({error})") from error
    if not stream.eof:
        why = "is larger than a backup set" if len(content) >= limit else "is cut off"
        raise invalid(where, f"its archive is damaged (it {why})")
    return content
