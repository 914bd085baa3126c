# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives and folders read in place: the names of their members, and the content of one in blocks.

Nothing is written to disk. Whatever is given may be damaged or hostile: names that leave the archive, links, and what
unpacks to far more than it may are refused; an archive that is cut off gives what is in front of the cut.
"""

from __future__ import annotations

import os
import re
import stat
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from ..._core.errors import RemediationError
from .limits import LIMITS, Limits, incomplete, unsafe
from .zip_recovery import Recovered, inflate, recover
from .zip_stream import member_of_zip

_BLOCK = 256 * 1024
_MAX_TAR_HEADER = 64 * 1024
_LINKS = "holds links"
#: The archive of a node in a support bundle, and the one file of it that is read.
_NODE_ZIP = re.compile(r"(?:^|/)nodes/[^/]+\.zip$")
_NODE_FILE = re.compile(r"^[^/]+/configs/etc/harvester-release\.yaml$")
_MOST_NODE_FILE = 64 * 1024

Wanted = Callable[[str], bool]


class Archive:
    """Members by their path. `cut` says why the archive is not whole, `damaged` which members are not, and why.

    `times` are texts that sort members by when they were written, where that is known.
    """

    def __init__(self, label: str, limits: Limits = LIMITS) -> None:
        self.label = label
        self.sizes: dict[str, int] = {}
        self.times: dict[str, str] = {}
        self.damaged: dict[str, str] = {}
        self.cut = ""
        self.refused: RemediationError | None = None
        self.limits = limits
        self._given = 0
        self._lock = threading.Lock()

    def blocks(self, name: str) -> Iterator[bytes]:
        """The content of a member. Raises `evidence-incomplete` for one that is damaged, `archive-unsafe` for a bomb.

        The latter is kept in `refused`, so that it is not lost where the failure of one read is not the end.
        """
        content = self._blocks(name)
        for block in _gunzipped(content, name) if name.endswith(".gz") else content:
            with self._lock:
                self._given += len(block)
            if self._given > self.limits.unpacked:
                raise self._refuse(f"unpacks to more than {self.limits.unpacked} bytes")
            yield block

    def lines(self, name: str) -> Iterator[str]:
        """The lines of a member, without their ends."""
        rest = b""
        for block in self.blocks(name):
            *whole, rest = (rest + block).split(b"\n")
            for line in whole:
                yield line.decode("utf-8", "replace")
            if len(rest) > self.limits.line:
                raise self._refuse(f"has a line of more than {self.limits.line} bytes in {name}")
        if rest:
            yield rest.decode("utf-8", "replace")

    def text(self, name: str, limit: int = 1024 * 1024) -> str:
        """The beginning of a member."""
        content = bytearray()
        for block in self.blocks(name):
            content += block
            if len(content) >= limit:
                break
        return bytes(content[:limit]).decode("utf-8", "replace")

    def node_file(self, name: str) -> bytes | None:
        """harvester-release.yaml in a member that is the zip of a node. Raises `evidence-incomplete`."""
        return member_of_zip(self.blocks(name), _NODE_FILE, _MOST_NODE_FILE)

    def close(self) -> None:
        """Give back what is open."""

    def _blocks(self, name: str) -> Iterator[bytes]:
        raise NotImplementedError

    def _refuse(self, what: str) -> RemediationError:
        self.refused = unsafe(self.label, what)
        return self.refused

    def _add(self, name: str, size: int, packed: int | None = None) -> None:
        """Take in a member after a look at its name and sizes."""
        limits = self.limits
        parts = name.replace("\\", "/").split("/")
        if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
            raise unsafe(self.label, f"holds the name {name[:100]!a}, which leaves its folder")
        if any(ord(letter) < 32 for letter in name):
            raise unsafe(self.label, f"holds the name {name[:100]!a} with control characters")
        if len(name.encode("utf-8", "replace")) > limits.name_bytes:
            raise unsafe(self.label, f"holds a name of more than {limits.name_bytes} bytes")
        if len(self.sizes) >= limits.members:
            raise unsafe(self.label, f"has more than {limits.members} members")
        if packed is not None and size > max(limits.ratio_from, limits.ratio * max(packed, 1)):
            raise unsafe(self.label, f"unpacks {name[:100]!a} to {size} bytes from {packed}")
        self.sizes[name] = size


def _gunzipped(blocks: Iterator[bytes], name: str) -> Iterator[bytes]:
    """The content of a gzip member as far as it goes; what is appended to one is a stream of its own."""
    unpacker = zlib.decompressobj(wbits=31)
    for block in blocks:
        while block:
            try:
                yield unpacker.decompress(block, _BLOCK)
            except zlib.error as error:
                raise incomplete(f"{name} is damaged: {error}.") from error
            block = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
            if unpacker.eof:
                unpacker = zlib.decompressobj(wbits=31)


class FolderArchive(Archive):
    """A folder. Links in it are left out: they may lead anywhere."""

    def __init__(self, folder: Path, limits: Limits = LIMITS) -> None:
        super().__init__(str(folder), limits)
        self._folder = folder
        for parent, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                path = Path(parent, name)
                found = path.lstat()
                if stat.S_ISREG(found.st_mode):
                    member = path.relative_to(folder).as_posix()
                    self._add(member, found.st_size)
                    self.times[member] = f"{found.st_mtime_ns:020}"

    def _blocks(self, name: str) -> Iterator[bytes]:
        try:
            with (self._folder / name).open("rb") as stream:
                while block := stream.read(_BLOCK):
                    yield block
        except OSError as error:
            raise incomplete(f"{name} cannot be read: {error.strerror or error}.") from error


class ZipArchive(Archive):
    """A zip archive. One without its directory, which is at its end, is read from member to member."""

    def __init__(self, path: Path, limits: Limits = LIMITS) -> None:
        super().__init__(str(path), limits)
        self._stream: IO[bytes] = path.open("rb")
        self._zip: zipfile.ZipFile | None = None
        self._recovered: Mapping[str, Recovered] = {}
        try:
            self._zip = zipfile.ZipFile(self._stream)
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            self._recover()
        else:
            self._read_directory(self._zip)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _read_directory(self, found: zipfile.ZipFile) -> None:
        for member in found.infolist():
            if stat.S_ISLNK(member.external_attr >> 16):
                raise unsafe(self.label, _LINKS)
            if member.is_dir():
                continue
            self._add(member.filename, member.file_size, member.compress_size)
            self.times[member.filename] = "{:04}{:02}{:02}{:02}{:02}{:02}".format(*member.date_time)
            if member.flag_bits & 1:
                self.damaged[member.filename] = "it is encrypted"

    def _recover(self) -> None:
        self.cut = "it is cut off: its directory, which is at its end, is missing"
        self._recovered = recover(self._stream, self.label, self.limits)
        for name, member in self._recovered.items():
            if name.endswith("/"):
                continue
            self._add(name, member.size, member.packed)
            if not member.whole:
                self.damaged[name] = "the archive ends in the middle of it"

    def _blocks(self, name: str) -> Iterator[bytes]:
        if self._zip is None:
            yield from inflate(self._stream, self._recovered[name])
            return
        try:
            with self._zip.open(name) as stream:
                while block := stream.read(_BLOCK):
                    yield block
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            RuntimeError,
            NotImplementedError,
        ) as error:
            self.damaged.setdefault(name, str(error)[:200])
            raise incomplete(f"{name} of {self.label} is damaged: {error}.") from error


class _BoundedHeader(tarfile.TarInfo):
    """Refuses headers that go on for ever, before tarfile reads them into memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _BoundedHeader:
        """The header in a block of an archive."""
        header = super().frombuf(buf, encoding, errors)
        extended = (
            tarfile.XHDTYPE,
            tarfile.XGLTYPE,
            tarfile.GNUTYPE_LONGNAME,
            tarfile.GNUTYPE_LONGLINK,
        )
        if header.type in extended and header.size > _MAX_TAR_HEADER:
            raise unsafe("given", f"has a header of {header.size} bytes")
        return header


class TarArchive(Archive):
    """A tar archive, compressed or not. It can be read only once from front to back, so what is wanted is kept packed."""

    def __init__(self, path: Path, wanted: Wanted, limits: Limits = LIMITS) -> None:
        super().__init__(str(path), limits)
        self._kept: dict[str, list[bytes]] = {}
        self._node_files: dict[str, bytes | None] = {}
        self._kept_bytes = 0
        self._packed_size = path.stat().st_size
        try:
            with tarfile.open(path, mode="r|*", tarinfo=_BoundedHeader) as archive:
                for member in archive:
                    self._take(archive, member, wanted)
        except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError) as error:
            if not self.sizes:
                raise incomplete(f"{path} is not a readable tar archive: {error}.") from error
            self.cut = f"it is cut off or damaged: {error}"

    def _take(self, archive: Any, member: tarfile.TarInfo, wanted: Wanted) -> None:
        if member.issym() or member.islnk():
            raise unsafe(self.label, _LINKS)
        if not member.isfile():
            return
        name = member.name.removeprefix("./")
        self._add(name, member.size)
        self.times[name] = f"{member.mtime:020.0f}"
        unpacked = sum(self.sizes.values()) if len(self.sizes) % 1000 == 0 else member.size
        limits = self.limits
        if unpacked > min(
            limits.unpacked, max(limits.ratio_from, limits.ratio * self._packed_size)
        ):
            raise unsafe(self.label, f"unpacks to more than {limits.ratio} times its size")
        if not wanted(name):
            return
        stream = archive.extractfile(member)
        if _NODE_ZIP.search(name):
            # The zip itself is large, and nothing else of it is read.
            blocks = iter(lambda: stream.read(_BLOCK), b"")
            with suppress(RemediationError):
                self._node_files[name] = member_of_zip(blocks, _NODE_FILE, _MOST_NODE_FILE)
        else:
            self._keep(name, stream)

    def node_file(self, name: str) -> bytes | None:
        """What was kept of the zip of a node."""
        return self._node_files.get(name)

    def _keep(self, name: str, stream: Any) -> None:
        if self._kept_bytes > self.limits.kept:
            self.damaged[name] = "the archive is too large; unpack it and give the folder"
            return
        packer = zlib.compressobj(1)
        blocks: list[bytes] = []
        self._kept[name] = blocks
        self.damaged[name] = "the archive ends in the middle of it"
        while block := stream.read(_BLOCK):
            blocks.append(packer.compress(block))
        blocks.append(packer.flush())
        del self.damaged[name]
        self._kept_bytes += sum(map(len, blocks))

    def _blocks(self, name: str) -> Iterator[bytes]:
        if name not in self._kept:
            raise incomplete(
                f"{name} of {self.label} was not read: {self.damaged.get(name, 'it is not wanted')}."
            )
        unpacker = zlib.decompressobj()
        for packed in self._kept[name]:
            if block := unpacker.decompress(packed):
                yield block


def archive_type(path: Path) -> type[Archive] | None:
    """The type of archive a file is, by its first bytes; None for any other file. Raises OSError."""
    with path.open("rb") as stream:
        head = stream.read(512)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK00PK")):
        return ZipArchive
    if head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")) or head[257:262] == b"ustar":
        return TarArchive
    return None


def open_archive(path: Path, wanted: Wanted, limits: Limits = LIMITS) -> Archive | None:
    """The archive or folder at a path; None when it is neither. Raises OSError, archive-unsafe."""
    if path.is_dir():
        return FolderArchive(path, limits)
    found = archive_type(path)
    if found is None:
        return None
    return ZipArchive(path, limits) if found is ZipArchive else TarArchive(path, wanted, limits)
