# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an upgrade changes in the objects of a release, fit to be shown: without credentials."""

from __future__ import annotations

from typing import Any

from .._core.redaction import Redactor
from .manifest import objects_of

Objects = dict[str, Any]
# A chart of custom resource definitions changes thousands of lines; who wants them all asks helm.
MOST_OBJECTS = 200


def manifest_diff(before: str, after: str) -> tuple[Objects, Objects]:
    """The objects that two manifests do not have alike, by C(Kind/namespace/name), on both sides.

    What Secrets hold is replaced by codes, the same code for the same content on both sides, and so is
    whatever sounds like a credential elsewhere. A manifest that is no YAML shows as one entry.
    """
    redactor = Redactor()
    sides = [_objects(text) for text in (before, after)]
    names = sorted(
        name for name in {*sides[0], *sides[1]} if sides[0].get(name) != sides[1].get(name)
    )[:MOST_OBJECTS]
    shown = [
        {name: _masked(side[name], redactor) for name in names if name in side} for side in sides
    ]
    return shown[0], shown[1]


def _objects(manifest: str) -> Objects:
    try:
        return {key.label: obj for key, obj in objects_of(manifest).items()}
    except ValueError as error:
        return {"unreadable": str(error)}


def _masked(obj: Any, redactor: Redactor) -> Any:
    if not isinstance(obj, dict) or obj.get("kind") != "Secret":
        return redactor.value(obj)
    masked = dict(redactor.value(obj))
    for field in ("data", "stringData"):
        content = obj.get(field)
        if isinstance(content, dict):
            masked[field] = {key: redactor.token(str(value)) for key, value in content.items()}
    return masked
