# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of many files: what in it might be evidence. Links in it are left out, they may lead anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..._documents.evidence import SCHEMA
from .archive import archive_type

_MOST_LEVELS = 8
_BLOCK = 1024 * 1024
_LOG_FILE = re.compile(r"^[a-z0-9-]+\.[a-z0-9][a-z0-9.-]*\.[a-z0-9-]+\.\d{8}[^/]*\.log(?:\.gz)?$")


@dataclass
class Contents:
    """Paths of what might be evidence, in order, and of the files that cannot be."""

    given: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)


def contents_of(folder: Path) -> Contents:
    """Look into a folder and those in it. Raises OSError for a folder that cannot be read."""
    contents = Contents()
    _look_into(folder, contents, _MOST_LEVELS)
    return contents


def _look_into(folder: Path, contents: Contents, levels: int) -> None:
    if _is_unpacked(folder):
        contents.given.append(folder)
        return
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir():
            if levels:
                _look_into(path, contents, levels - 1)
        elif path.is_file():
            (contents.given if _may_be_evidence(path) else contents.others).append(path)


def _is_unpacked(folder: Path) -> bool:
    """Whether a folder is an unpacked support bundle, upgrade log or support archive itself."""
    yamls, logs = folder / "yamls", folder / "logs"
    if (yamls / "cluster").is_dir() or (yamls / "namespaced").is_dir():
        return True
    if (folder / "bundleGenerationError.log").is_file():
        return True
    if any(_LOG_FILE.match(path.name) for path in (*_entries(folder), *_entries(logs))):
        return True
    return next(logs.glob("*/*/*.log"), None) is not None


def _entries(folder: Path) -> Iterator[Path]:
    if folder.is_dir() and not folder.is_symlink():
        yield from folder.iterdir()


def _may_be_evidence(path: Path) -> bool:
    """Whether a file is an archive or an evidence document, by its content."""
    try:
        if archive_type(path) is not None:
            return True
        with path.open("rb") as stream:
            block = stream.read(_BLOCK)
            if block.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
                return False
            kept = b""
            while block:
                if SCHEMA.encode() in kept + block:
                    return True
                kept, block = block[-len(SCHEMA) :], stream.read(_BLOCK)
    except OSError:
        pass
    return False
