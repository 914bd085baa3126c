# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fields of a live object that helm owns, and those of them that a manifest does not have.

``metadata.managedFields`` tells who set a field. Helm 3 and Helm 4 both write as manager ``helm``: as ``Update`` where the
client merges, as ``Apply`` where the server does. With ``Update`` the API server counts its own defaults as set, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .field_path import MISSING, Item, Path, child
from .manifest import as_stored

MANAGER = "helm"
Tree = Mapping[str, Any]

_OWNERSHIP = frozenset(
    {
        ("metadata", "labels", "app.kubernetes.io/managed-by"),
        ("metadata", "annotations", "meta.helm.sh/release-name"),
        ("metadata", "annotations", "meta.helm.sh/release-namespace"),
    }
)
"""What helm adds to every object of a release, and no manifest has."""

_METADATA = ("labels", "annotations")
_SHARED = frozenset(("metadata", each) for each in _METADATA)
"""Mappings that helm puts its marks into, so that they never go as a whole."""


def has_owners(live: Mapping[str, Any]) -> bool:
    """Whether the object says who set its fields; somebody can have removed that."""
    return bool(_entries(live))


def made_by_others(live: Mapping[str, Any]) -> bool:
    """Whether the object says who set its fields, and helm is not among them: a controller can have copied the marks."""
    entries = _entries(live)
    return bool(entries) and not any(_is_helms(each) for each in entries)


def unlisted(live: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[Path]:
    """Fields of a live object that helm alone owns and that the object in the manifest does not have.

    Some of them may be the API server's defaults. The two must be written in the same version of their API.
    """
    entries = _entries(live)
    version = manifest.get("apiVersion")
    own = _merged(each for each in entries if _is_helms(each) and each.get("apiVersion") == version)
    others = _merged(each for each in entries if not _is_helms(each))
    found = _unlisted(own, others, as_stored(manifest), live, ())
    return [path for path in found if _may_go(path)]


def _entries(live: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    metadata = live.get("metadata")
    entries = metadata.get("managedFields") if isinstance(metadata, Mapping) else None
    return [each for each in entries or [] if isinstance(each, Mapping) and each.get("manager")]


def _is_helms(entry: Mapping[str, Any]) -> bool:
    return entry.get("manager") == MANAGER and not entry.get("subresource")


def _merged(entries: Iterator[Mapping[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for entry in entries:
        fields = entry.get("fieldsV1")
        if isinstance(fields, Mapping):
            merged = _union(merged, fields)
    return merged


def _union(one: Tree, other: Tree) -> dict[str, Any]:
    """Both sets of fields. A leaf (no children) covers all below it, so it stays a leaf."""
    united = dict(one)
    for key, tree in other.items():
        if key not in united:
            united[key] = tree
        elif isinstance(tree, Mapping) and tree and united[key]:
            united[key] = _union(united[key], tree)
        else:
            united[key] = {}
    return united


def _unlisted(own: Tree, others: Tree, manifest: Any, live: Any, path: Path) -> Iterator[Path]:
    for key, tree in own.items():
        part = _part(key)
        value = MISSING if part is None else child(live, part)
        if part is None or value is MISSING:
            continue
        listed, other = child(manifest, part), others.get(key)
        if listed is MISSING and (*path, part) in _SHARED:
            listed = {}
        if listed is MISSING or listed is None:
            if other is None:
                yield (*path, part)
            elif tree and other and not isinstance(part, Item):
                # An item of a list of which another manager has set a part is theirs as a whole.
                yield from _unlisted(tree, other, {}, value, (*path, part))
        elif tree and (other is None or other):
            yield from _unlisted(tree, other or {}, listed, value, (*path, part))
        elif not tree and other is None:
            yield from _more(value, listed, (*path, part))


def _more(live: Any, listed: Any, path: Path) -> Iterator[Path]:
    """Keys of a mapping that is owned as a whole, such as a nodeSelector."""
    if isinstance(live, Mapping) and isinstance(listed, Mapping):
        for key, value in live.items():
            other = listed.get(key)
            if other is None:
                yield (*path, str(key))
            else:
                yield from _more(value, other, (*path, str(key)))


def _part(key: str) -> str | Item | None:
    """One key of fieldsV1; None for what stands for the parent itself, or for a place in a list."""
    kind, _colon, rest = key.partition(":")
    if kind == "f":
        return rest
    try:
        if kind == "k":
            return Item(tuple(json.loads(rest).items()))
        if kind == "v":
            return Item(value=json.loads(rest))
    except (ValueError, AttributeError):
        return None
    return None


def _may_go(path: Path) -> bool:
    """Whether the field is of the object's content: not helm's own marks, not what the API server keeps."""
    if path[0] == "metadata":
        return len(path) > 2 and path[1] in _METADATA and path not in _OWNERSHIP
    return path[0] not in ("apiVersion", "kind", "status")
