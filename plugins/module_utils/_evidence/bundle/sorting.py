# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files sorted by the cluster they are of.

Two files are of one cluster when the uid of namespace kube-system says so, or where one lacks it that of namespace
harvester-system, or the name of an Upgrade, or pods with names that Kubernetes made up. Names of files mean nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..._core.errors import RemediationError
from .combination import Combination, combine
from .folder import contents_of
from .identity import GivenFile, identify
from .limits import LIMITS, Limits
from .recognition import EVIDENCE, UPGRADE_LOG, is_damaged

#: Names that mean something else to Ansible.
_RESERVED = frozenset({"all", "localhost", "ungrouped"})
_SUFFIXES = re.compile(r"(?:\.(?:zip|tar|tgz|gz|bz2|xz|tbz2?|txz|json))+$", re.IGNORECASE)
_MOST_NAMED = 20


@dataclass(frozen=True)
class Sorted:
    """The files of each cluster, archives that cannot be read and so may be of any, and why files were left out."""

    clusters: tuple[Combination, ...]
    damaged: tuple[Combination, ...] = ()
    left_out: tuple[str, ...] = ()


def evidence_clusters(paths: Sequence[str], limits: Limits = LIMITS) -> dict[str, Any]:
    """For each cluster a ``name`` that fits a host, the ``paths`` of its files and ``words`` on them; ``left_out``; and
    all that as ``text``, which is empty for one file.

    Raises RemediationError: `evidence-invalid`, `archive-unsafe`.
    """
    found = sort_files(paths, limits)
    # What cannot be read has to be in the table, as failed, rather than be missed there.
    every = (*found.clusters, *found.damaged)
    named = list(zip(_names(every), every, strict=True))
    return {
        "clusters": [
            {"name": name, "paths": [file.path for file in each.files], "words": each.words}
            for name, each in named
        ],
        "left_out": list(found.left_out),
        "text": "\n".join(_text(named, found.left_out)),
    }


def _text(named: Sequence[tuple[str, Combination]], left_out: Sequence[str]) -> Iterator[str]:
    if len(named) > 1:
        yield f"The files are of {len(named)} clusters:"
        yield from (f"  {name}: {each.words}" for name, each in named)
    else:
        yield from (f"Read: {each.words}" for _name, each in named if len(each.files) > 1)
    if left_out:
        yield "Left out:"
        yield from (f"  {each}" for each in left_out)


def sort_files(paths: Sequence[str], limits: Limits = LIMITS) -> Sorted:
    """Look into the files, and those in folders, and put together what is of one cluster.

    One file alone is not looked into. What is in a folder and is no evidence is left out; what was named is refused.
    """
    named, inside, others = _spread(paths)
    if len(named) + len(inside) == 1:
        (path,) = (*named, *inside)
        return Sorted((_alone(path),), left_out=_named(others))
    files, refused = [identify(path, limits) for path in named], []
    for path in inside:
        try:
            files.append(identify(path, limits))
        except RemediationError as error:
            refused.append((path, error))
    if not files:
        raise refused[0][1]
    damaged = tuple(_alone(path) for path, error in refused if is_damaged(error))
    left_out = [f"{path}: {error.message}" for path, error in refused if not is_damaged(error)]
    return Sorted(
        tuple(map(combine, _grouped(files))), damaged, left_out=(*left_out, *_named(others))
    )


def _alone(path: str) -> Combination:
    """A file that was not looked into."""
    return combine((GivenFile(path, EVIDENCE),))


def _spread(paths: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """The paths that are to be read: those named, those in folders; and the files in folders that are no evidence."""
    named, inside, others = [], [], []
    for path in dict.fromkeys(paths):
        place = Path(path).expanduser().absolute()
        try:
            found = contents_of(place) if place.is_dir() else None
        except OSError as error:
            raise RemediationError(
                "evidence-invalid",
                f"{error.filename or place} cannot be read: {error.strerror or error}.",
                "Give a folder that the account that runs Ansible is allowed to read.",
            ) from error
        if found is None or not found.given or (len(found.given) == 1 and found.given[0].is_dir()):
            named.append(str(place))
        else:
            inside += [str(each) for each in found.given]
            others += [str(each) for each in found.others]
    return named, inside, others


def _named(others: Sequence[str]) -> tuple[str, ...]:
    more = len(others) - _MOST_NAMED
    shown = [f"{path}: neither an archive nor evidence." for path in others[:_MOST_NAMED]]
    return (*shown, *([f"{more} more files that are no evidence."] if more > 0 else []))


def _grouped(files: Sequence[GivenFile]) -> list[tuple[GivenFile, ...]]:
    """Groups of files of one cluster, in the order of their first files."""
    groups: list[list[GivenFile]] = []
    for file in sorted(files, key=lambda each: (each.kind == UPGRADE_LOG, each.uid == "")):
        best = max(groups, key=lambda group: _tie(file, group), default=None)
        if best is not None and _tie(file, best) > (0, 0):
            best.append(file)
        else:
            groups.append([file])
    logs = [group for group in groups if all(each.kind == UPGRADE_LOG for each in group)]
    if len(groups) == 2 and len(logs) == 1:
        # There is one cluster that it can be of, and it says itself what ties it to it, or that nothing does.
        return [tuple(each for group in groups for each in group)]
    order = {file.path: number for number, file in enumerate(files)}
    return sorted(map(tuple, groups), key=lambda group: min(order[each.path] for each in group))


def _tie(file: GivenFile, group: Sequence[GivenFile]) -> tuple[int, int]:
    """How firmly a file is tied to those of a cluster; (0, 0) when it is not, or is known to be of another one."""
    ties = [tie(file, each) for each in group]
    return (0, 0) if (-1, 0) in ties else max(ties)


def tie(one: GivenFile, other: GivenFile) -> tuple[int, int]:
    """How firmly two files are tied; below (0, 0) when they are of different clusters."""
    if one.uid and other.uid:
        return (4, 0) if one.uid == other.uid else (-1, 0)
    if one.projects and other.projects:
        return (3, 0) if one.projects & other.projects else (-1, 0)
    if one.upgrades & other.upgrades:
        return 2, len(one.pods & other.pods)
    shared = len(one.pods & other.pods)
    return (1, shared) if shared else (0, 0)


def _names(clusters: Sequence[Combination]) -> list[str]:
    """A host's name for each cluster: as much of its path as tells it from the others."""
    every = [_parts(each.first) for each in clusters]
    while len({parts[0] for parts in every}) == 1 and all(len(parts) > 1 for parts in every):
        every = [parts[1:] for parts in every]
    names: list[str] = []
    for parts in every:
        alike = [other for other in every if other is not parts]
        needed = next(
            (
                count
                for count in range(1, len(parts))
                if not any(other[:count] == parts[:count] for other in alike)
            ),
            len(parts),
        )
        names.append(_free("-".join(parts[:needed]), names))
    return names


def _parts(path: str) -> list[str]:
    *folders, name = Path(path).parts
    return [*folders, _SUFFIXES.sub("", name)]


def _free(wanted: str, taken: Sequence[str]) -> str:
    """The name with what a host may be called, and not taken yet."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", wanted).strip("-.") or "cluster"
    if name.lower() in _RESERVED:
        name = f"cluster-{name}"
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free
