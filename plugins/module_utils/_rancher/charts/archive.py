# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chart archives, looked at before anybody unpacks them.

An archive comes from a pod, a web server or a person. Helm will unpack it in memory, so what is
checked here is what must not get that far: an archive that is cut off, that unfolds to gigabytes,
that holds names or links that leave its directory, or that is another chart than asked for.
"""

from __future__ import annotations

import hashlib
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from ..._core.errors import RemediationError

# Helm's own limits are 100 MiB unpacked and 5 MiB a file; fleet's charts unpack to less than 3 MiB.
MAX_ARCHIVE_BYTES = 64 * 1024 * 1024
MAX_UNPACKED_BYTES = 100 * 1024 * 1024
# Charts pack to a tenth of their size or so, zeros to a thousandth. A small archive may be all repetition.
MAX_RATIO = 100
_RATIO_COUNTS_FROM = 1024 * 1024
# A name or a comment of a megabyte is an attack on whoever reads it into memory.
MAX_HEADER_BYTES = 64 * 1024
MAX_ENTRIES = 10_000
MAX_CHART_YAML_BYTES = 1024 * 1024

_BLOCK = 256 * 1024
_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class ChartArchive:
    """What an intact archive holds; C(digest) is the SHA-256 in hex, sizes are bytes.

    C(kube_version) is Chart.yaml's C(kubeVersion), which helm enforces; the annotations say more.
    """

    name: str
    version: str
    app_version: str | None
    digest: str
    size: int
    unpacked_size: int
    entries: int
    kube_version: str | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The archive as a document, without its annotations."""
        names = (name for name in self.__dataclass_fields__ if name != "annotations")
        return {name: getattr(self, name) for name in names}


def _invalid(origin: str, what: str) -> RemediationError:
    return RemediationError(
        "chart-archive-invalid",
        f"The chart archive {origin} {what}.",
        "Fetch it again, or give another source (chart_source, chart_path).",
        details={"origin": origin},
    )


def _unsafe(origin: str, what: str) -> RemediationError:
    return RemediationError(
        "chart-archive-unsafe",
        f"The chart archive {origin} {what}. No chart made by helm package does.",
        "Do not use this archive, and find out where it comes from.",
        details={"origin": origin},
    )


class _BoundedGunzip:
    """A readable stream over a gzip file that refuses to give more than a limit, and notices a cut."""

    def __init__(self, source: IO[bytes], origin: str, limit: int, packed: int) -> None:
        self._source, self._origin = source, origin
        self._limit = min(limit, max(MAX_RATIO * packed, _RATIO_COUNTS_FROM))
        self._stream = zlib.decompressobj(wbits=31)
        self._waiting = b""
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        """Up to C(size) bytes; empty at the end of an intact gzip stream."""
        wanted = _BLOCK if size < 0 else size
        content = bytearray()
        while len(content) < wanted and not self._stream.eof:
            self._waiting = self._waiting or self._source.read(_BLOCK)
            if not self._waiting:
                raise _invalid(self._origin, "is cut off: its gzip stream has no end")
            try:
                content += self._stream.decompress(self._waiting, wanted - len(content))
            except zlib.error as error:
                raise _invalid(self._origin, f"is damaged: {error}") from error
            self._waiting = self._stream.unconsumed_tail
        self.given += len(content)
        if self.given > self._limit:
            raise _unsafe(self._origin, f"unpacks to more than {self._limit} bytes")
        return bytes(content)

    def read_to_end(self) -> None:
        """Read what is left, so that a cut or a bomb behind the last entry is noticed, too.

        Nothing may follow: helm would go on with a second gzip stream, ours ends with the first.
        """
        while self.read(_BLOCK):
            pass
        if self._stream.unused_data or self._source.read(1):
            raise _unsafe(self._origin, "holds something behind its end")


_EXTENDED_HEADERS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


class _BoundedHeader(tarfile.TarInfo):
    """Refuses headers that go on for ever, before tarfile reads them into memory as a whole."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _BoundedHeader:
        """The header in a block of an archive."""
        header = super().frombuf(buf, encoding, errors)
        if header.type in _EXTENDED_HEADERS and header.size > MAX_HEADER_BYTES:
            raise _HeaderTooLongError(header.size)
        return header


class _HeaderTooLongError(Exception):
    """An extended header of so many bytes."""


def _checked_name(member: tarfile.TarInfo, origin: str) -> PurePosixPath:
    name = member.name
    path = PurePosixPath(name)
    shown = repr(name[:120])
    if not name or "\0" in name or "\\" in name:
        raise _unsafe(origin, f"holds an entry with the malformed name {shown}")
    if path.is_absolute() or ":" in next(iter(path.parts), ""):
        raise _unsafe(origin, f"holds an entry with an absolute name, {shown}")
    if ".." in path.parts:
        raise _unsafe(origin, f"holds an entry that leaves its directory, {shown}")
    return path


def _members(archive: tarfile.TarFile, origin: str) -> Iterator[tarfile.TarInfo]:
    try:
        for count, member in enumerate(archive, 1):
            if count > MAX_ENTRIES:
                raise _unsafe(origin, f"holds more than {MAX_ENTRIES} entries")
            yield member
    except _HeaderTooLongError as error:
        raise _unsafe(origin, f"holds a header of {error} bytes") from error
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise _invalid(origin, f"is no intact tar archive: {error}") from error


def _check_kind(member: tarfile.TarInfo, origin: str) -> None:
    if not (member.isfile() or member.isdir()) or member.issparse():
        kind = "a link" if member.issym() or member.islnk() else "a device or another special file"
        raise _unsafe(origin, f"holds {kind}, {member.name[:120]!r}")
    if member.size > MAX_UNPACKED_BYTES:
        raise _unsafe(origin, f"holds an entry of {member.size} bytes, {member.name[:120]!r}")


def _read_chart_yaml(archive: tarfile.TarFile, member: tarfile.TarInfo, origin: str) -> bytes:
    if member.size > MAX_CHART_YAML_BYTES:
        raise _unsafe(origin, f"has a Chart.yaml of {member.size} bytes")
    try:
        stream = archive.extractfile(member)
        content = stream.read() if stream else b""
    except (tarfile.TarError, EOFError) as error:
        raise _invalid(origin, f"is no intact tar archive: {error}") from error
    if len(content) != member.size:
        raise _invalid(origin, "is cut off in the middle of Chart.yaml")
    return content


def _walk(archive: tarfile.TarFile, origin: str) -> tuple[bytes, int]:
    """The content of C(<root>/Chart.yaml) and the number of entries, every entry checked."""
    chart_yaml: bytes | None = None
    roots: set[str] = set()
    count = 0
    for member in _members(archive, origin):
        count += 1
        _check_kind(member, origin)
        path = _checked_name(member, origin)
        roots.update(path.parts[:1])
        if len(roots) > 1:
            raise _invalid(origin, f"holds more than one directory: {', '.join(sorted(roots))}")
        if len(path.parts) == 2 and path.name == "Chart.yaml" and member.isfile():
            if chart_yaml is not None:
                raise _unsafe(origin, "holds Chart.yaml twice")
            chart_yaml = _read_chart_yaml(archive, member, origin)
    if chart_yaml is None:
        raise _invalid(origin, "holds no Chart.yaml")
    return chart_yaml, count


def _parse_chart_yaml(content: bytes, origin: str) -> dict[str, Any]:
    import yaml

    try:
        metadata = yaml.load(content, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise _invalid(
            origin, f"has a Chart.yaml that is no YAML ({type(error).__name__})"
        ) from error
    if not isinstance(metadata, dict):
        raise _invalid(origin, "has a Chart.yaml that is no mapping")
    return metadata


def _text(metadata: dict[str, Any], key: str, origin: str) -> str:
    value = metadata.get(key)
    if not isinstance(value, str) or not value:
        raise _invalid(origin, f"has a Chart.yaml without {key}")
    return value


def _digest_of(path: Path, origin: str) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            size += len(block)
    if size > MAX_ARCHIVE_BYTES:
        raise _unsafe(origin, f"is {size} bytes large")
    return digest.hexdigest(), size


def read_archive(path: Path, origin: str = "") -> ChartArchive:
    """What the archive at a path holds, after checking all of it.

    C(origin) is what messages call the archive. Raises RemediationError C(chart-not-found) (no such
    file), C(chart-archive-invalid) (damaged, cut off, no chart) or C(chart-archive-unsafe).
    """
    origin = origin or str(path)
    try:
        digest, size = _digest_of(path, origin)
        with path.open("rb") as source:
            if source.read(2) != _GZIP_MAGIC:
                raise _invalid(origin, "is no gzip file" if size else "is empty")
            source.seek(0)
            stream = _BoundedGunzip(source, origin, MAX_UNPACKED_BYTES, size)
            with tarfile.open(fileobj=stream, mode="r|", errorlevel=2, tarinfo=_BoundedHeader) as archive:  # type: ignore[call-overload]
                chart_yaml, entries = _walk(archive, origin)
            stream.read_to_end()
    except _HeaderTooLongError as error:
        raise _unsafe(origin, f"begins with a header of {error} bytes") from error
    except tarfile.TarError as error:
        raise _invalid(origin, f"is no intact tar archive: {error}") from error
    except OSError as error:
        raise RemediationError(
            "chart-not-found",
            f"The chart archive {origin} cannot be read: {error.strerror or error}.",
            "Check the path and its permissions.",
            details={"origin": origin},
        ) from error
    return _described(
        _parse_chart_yaml(chart_yaml, origin), origin, digest, size, stream.given, entries
    )


def _described(
    metadata: dict[str, Any], origin: str, digest: str, size: int, unpacked: int, entries: int
) -> ChartArchive:
    app_version, kube_version = metadata.get("appVersion"), metadata.get("kubeVersion")
    annotations = metadata.get("annotations")
    return ChartArchive(
        name=_text(metadata, "name", origin),
        version=_text(metadata, "version", origin),
        app_version=app_version if isinstance(app_version, str) else None,
        digest=digest,
        size=size,
        unpacked_size=unpacked,
        entries=entries,
        kube_version=kube_version if isinstance(kube_version, str) and kube_version else None,
        annotations={
            key: value
            for key, value in (annotations.items() if isinstance(annotations, dict) else ())
            if isinstance(key, str) and isinstance(value, str)
        },
    )


def verify_archive(
    path: Path,
    name: str,
    version: str,
    *,
    origin: str = "",
    digest: str | None = None,
    app_version: str | None = None,
) -> ChartArchive:
    """C(read_archive), and the chart must be exactly the one asked for.

    Name and version are compared byte for byte: V(106.0.0+up0.12.0) is not V(106.0.0+up0.12.0-rc.3).
    C(digest) is a SHA-256 in hex, with or without C(sha256:). Raises RemediationError
    C(chart-mismatch) or C(chart-digest-mismatch) besides those of C(read_archive).
    """
    origin = origin or str(path)
    archive = read_archive(path, origin)
    wanted = {"name": name, "version": version, "app_version": app_version}
    found = {key: getattr(archive, key) for key in wanted}
    if any(value not in (None, found[key]) for key, value in wanted.items()):
        raise RemediationError(
            "chart-mismatch",
            f"The chart archive {origin} holds {archive.name} {archive.version} "
            f"(app version {archive.app_version}), wanted is {name} {version}"
            + (f" (app version {app_version})." if app_version else "."),
            "Give the archive of exactly that version; another one is never used in its place.",
            details={"wanted": wanted, "found": found},
        )
    if digest:
        require_digest(archive, digest, origin)
    return archive


def require_digest(
    archive: ChartArchive, digest: str, origin: str, digest_from: str = "index"
) -> None:
    """Raise RemediationError C(chart-digest-mismatch) unless an archive has the digest somebody gives."""
    expected = digest.lower().removeprefix("sha256:")
    if expected != archive.digest:
        raise RemediationError(
            "chart-digest-mismatch",
            f"The chart archive {origin} has SHA-256 {archive.digest}, the {digest_from} says {expected}.",
            "Do not use it: it is not the archive that the digest was made of.",
            details={"expected": expected, "found": archive.digest},
        )
