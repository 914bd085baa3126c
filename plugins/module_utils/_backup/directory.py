# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sets that lie below a folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .._core.errors import RemediationError
from .backup_set import (
    COVER,
    MANIFEST,
    check_sealed,
    identity_of,
    read_set,
    stored_files,
    verify_set,
)
from .cover import SetIdentity
from .errors import failed


@dataclass(frozen=True)
class FoundSet:
    """A set in a folder: what it is, and what is wrong with it ("" for nothing)."""

    path: Path
    identity: SetIdentity
    encrypted: bool = False
    problem: str = ""


def sets_below(directory: Path) -> list[FoundSet]:
    """Every set below a folder, damaged and half-written ones included, by name.

    Encrypted ones are checked as far as that goes without a passphrase. A folder that is not there
    holds none.
    """
    if not directory.is_dir():
        return []
    return [_found(path) for path in sorted(directory.iterdir()) if _may_be_set(path)]


def remove_set(path: Path) -> None:
    """Delete a set; under another name first, so that what is left of it is no set when it breaks off."""
    doomed = path.with_name(f".{path.name}.partial")
    try:
        path.rename(doomed)
        shutil.rmtree(doomed)
    except OSError as error:
        raise failed(f"{path} is too old and cannot be removed: {error.strerror}", "") from error


def _may_be_set(path: Path) -> bool:
    half_written = path.name.startswith(".") and path.name.endswith(".partial")
    holds = any((path / name).is_file() for name in (MANIFEST, COVER))
    return path.is_dir() and (half_written or holds)


def _found(path: Path) -> FoundSet:
    unknown = SetIdentity(path.name, "", "", "")
    if path.name.startswith("."):
        return FoundSet(path, unknown, problem="half-written: a run broke off while it wrote it")
    try:
        stored = stored_files(path)
        if COVER in stored:
            return FoundSet(path, check_sealed(stored, str(path)).identity, encrypted=True)
        manifest = verify_set(read_set(path), str(path))
    except RemediationError as error:
        return FoundSet(path, unknown, problem=error.message)
    return FoundSet(path, identity_of(manifest))


def sound(found: list[FoundSet]) -> Iterator[FoundSet]:
    """Those that nothing is wrong with."""
    return (each for each in found if not each.problem)
