# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restoration changes, as an operator reads it: without secrets."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from .._core.redaction import Redactor
from .._helm.storage import decode_revision, revision_from_metadata
from .change import Restoration, content_of

CONTEXT_LINES = 2


def differences(changes: Iterable[Restoration]) -> dict[str, str]:
    """Before and after of what is restored as texts for a diff."""
    redactor = Redactor()
    before, after = [], []
    for each in changes:
        before.append(_shown(redactor, each.label, each.live))
        after.append(_shown(redactor, each.label, each.saved))
    return {"before": "".join(before), "after": "".join(after)}


def diff_text(changes: Iterable[Restoration]) -> str:
    """The same as one unified diff, object by object."""
    redactor = Redactor()
    lines: list[str] = []
    for each in changes:
        before = _shown(redactor, each.label, each.live).splitlines()
        after = _shown(redactor, each.label, each.saved).splitlines()
        compared = difflib.unified_diff(before, after, n=CONTEXT_LINES, lineterm="")
        # The first two lines name files, which there are none of.
        lines += ["", f"{each.label} ({each.action})", *list(compared)[2:]]
    return "\n".join(lines)


def _shown(redactor: Redactor, label: str, found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    content = content_of(found)
    if label.startswith("Secret/"):
        for part in ("data", "stringData"):
            content[part] = {
                key: redactor.token(str(value)) for key, value in (content.get(part) or {}).items()
            }
        content.update(_revision(found))
    text = json.dumps(redactor.value(content), indent=2, sort_keys=True, ensure_ascii=False)
    return f"{label}\n{text}\n"


def _revision(found: Mapping[str, Any]) -> dict[str, Any]:
    """What `helm history` would say about a revision; its blob says nothing to a reader."""
    if revision_from_metadata(found) is None:
        return {}
    revision = decode_revision(found)
    if not revision.decoded:
        return {"helm": f"cannot be decoded: {revision.error}"}
    return {
        "helm": {
            "revision": revision.revision,
            "status": revision.status,
            "chart": f"{revision.chart_name}-{revision.chart_version}",
            "updated": revision.last_deployed,
            "description": revision.description,
        }
    }
