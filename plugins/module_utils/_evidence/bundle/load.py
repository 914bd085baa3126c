# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence from files: one path or several, each an evidence document, a support bundle, an upgrade log or an archive
of this collection."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..._core.errors import RemediationError
from ..._core.lenient import moment
from ..._documents.evidence import Origin, check_schema
from ..._documents.shape import write
from ..._documents.loading import MOST_BYTES, load_document
from ..._rancher.decision.system_charts import CHART_NAMESPACES
from ..live.collector import CollectOptions, collect
from .groups import groups
from .limits import LIMITS, Limits
from .recognition import (
    EVIDENCE,
    SUPPORT_ARCHIVE,
    SUPPORT_BUNDLE,
    UPGRADE_LOG,
    Recognized,
    recognize,
)
from .support_bundle import SupportBundle

_SHOWN_MEMBERS = 5


def load_evidence(
    paths: Sequence[str], options: CollectOptions, limits: Limits = LIMITS
) -> dict[str, Any]:
    """The evidence document of what is at the paths.

    Raises RemediationError: `evidence-invalid` (unknown files, or files that do not go together), `archive-unsafe`.
    """
    found = [recognize(path, limits) for path in paths]
    try:
        return _combined(found, options)
    finally:
        for each in found:
            if each.archive is not None:
                each.archive.close()


def _combined(found: Sequence[Recognized], options: CollectOptions) -> dict[str, Any]:
    by_kind = {each.kind: each for each in found}
    main = by_kind.get(SUPPORT_BUNDLE) or by_kind.get(SUPPORT_ARCHIVE) or by_kind.get(EVIDENCE)
    if len(by_kind) < len(found):
        raise _refusal(
            f"{', '.join(each.path for each in found)} are several of one kind, so of several clusters or times.",
            "Give one of each kind: a diagnosis is of one cluster at one time.",
        )
    if main is None or main.kind != SUPPORT_BUNDLE:
        others = [each for each in found if each is not main]
        if main is None or others:
            raise _refusal(
                f"{', '.join(each.path for each in others or found)} cannot be diagnosed in this combination.",
                "An upgrade log shows no objects: give it together with a support bundle.",
            )
        return _document(main)
    return _from_bundle(main, by_kind.get(UPGRADE_LOG), options)


def _document(found: Recognized) -> dict[str, Any]:
    """The evidence that a run of the collection has written, by itself or in an archive."""
    if found.archive is None:
        return load_document(found.path, "evidence")
    name = f"{found.root}evidence.json"
    try:
        document = json.loads(found.archive.text(name, MOST_BYTES))
    except (ValueError, RecursionError) as error:
        raise _refusal(
            f"{name} in {found.path} is not JSON: {str(error)[:200]}.", "Give the archive whole."
        ) from error
    check_schema(document)
    return dict(document)


def _from_bundle(
    found: Recognized, log: Recognized | None, options: CollectOptions
) -> dict[str, Any]:
    assert found.archive is not None
    bundle = SupportBundle(found.archive, found.root)
    document = collect(bundle, options, groups=groups(sorted(bundle.covered_namespaces)))
    if found.archive.refused is not None:
        raise found.archive.refused
    origin = Origin(
        kind=SUPPORT_BUNDLE,
        path=found.path,
        created_at=bundle.created_at,
        note=_note(bundle),
        lacks=tuple(_lacks(bundle, found)),
    )
    return {**document, "origins": write((origin,))}


def _note(bundle: SupportBundle) -> str:
    if moment(bundle.created_at) is None:
        return "It does not say when it was made, so no age is known."
    return f"Ages count to {bundle.created_at}, when it was made."


def _lacks(bundle: SupportBundle, found: Recognized) -> list[str]:
    """What it cannot show, a sentence each."""
    assert found.archive is not None
    lacks = []
    if not bundle.has_objects:
        lacks.append("It has logs only: no objects of the Kubernetes API.")
    else:
        lacks.append(
            "Secrets: of each Helm release only the last revision is known, from Rancher's Apps; which Secrets exist is not."
        )
        unseen = sorted(set(CHART_NAMESPACES.values()) - bundle.covered_namespaces)
        if unseen:
            lacks.append(f"Namespaces that it does not cover: {', '.join(unseen)}.")
    if bundle.cut:
        lacks.append(f"What is behind the place where it ends: {bundle.cut}.")
    damaged = sorted(found.archive.damaged)
    if damaged:
        more = f" and {len(damaged) - _SHOWN_MEMBERS} more" if len(damaged) > _SHOWN_MEMBERS else ""
        lacks.append(f"Damaged members: {', '.join(damaged[:_SHOWN_MEMBERS])}{more}.")
    return lacks


def _refusal(message: str, remedy: str) -> RemediationError:
    return RemediationError("evidence-invalid", message, remedy)
