# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence from files: one path or several, each an evidence document, a support bundle, an upgrade log or an archive
of this collection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from ..._core.errors import RemediationError
from ..._core.lenient import moment
from ..._documents.evidence import Origin
from ..._documents.loading import load_document
from ..._documents.shape import write
from ..._rancher.decision.system_charts import CHART_NAMESPACES
from ..live.collector import CollectOptions, collect
from .archive import Archive
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
from .support_archive import read_support_archive
from .support_bundle import SupportBundle
from .upgrade_log import UpgradeLog

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
    bundle, log = by_kind.get(SUPPORT_BUNDLE), by_kind.get(UPGRADE_LOG)
    document = by_kind.get(SUPPORT_ARCHIVE) or by_kind.get(EVIDENCE)
    if len(by_kind) < len(found):
        raise _refusal(
            f"{', '.join(each.path for each in found)} are several of one kind, so of several clusters or times.",
            "Give one of each kind: a diagnosis is of one cluster at one time.",
        )
    if document is not None and len(found) > 1:
        raise _refusal(
            f"{document.path} is evidence that is complete in itself; it cannot be combined with other files.",
            "Give it alone, or a support bundle with the log of the upgrade.",
        )
    return _document(document) if document is not None else _from_archives(bundle, log, options)


def _document(found: Recognized) -> dict[str, Any]:
    """The evidence that a run of the collection has written, by itself or in an archive."""
    if found.archive is None:
        return load_document(found.path, "evidence")
    return read_support_archive(found.kind, found.path, found.archive, found.root)


def _from_archives(
    bundle: Recognized | None, log: Recognized | None, options: CollectOptions
) -> dict[str, Any]:
    """Collect from a support bundle, from the log of an upgrade, or from both."""
    of_log = None if log is None or log.archive is None else UpgradeLog(log.archive, log.root)
    archive = bundle.archive if bundle is not None else None
    label = log.path if log is not None else ""
    reader = SupportBundle(archive or Archive(label), bundle.root if bundle else "", of_log)
    document = collect(reader, options, groups=groups(reader, of_log), exec_in=_no_process)
    origins = []
    for each in (bundle, log):
        if each is not None and each.archive is not None:
            if each.archive.refused is not None:
                raise each.archive.refused
            origins.append(
                _bundle_origin(reader, each.path, each.archive)
                if each is bundle
                else _log_origin(each)
            )
    return {**document, "origins": write(tuple(origins))}


def _no_process(*_arguments: Any, **_options: Any) -> NoReturn:
    raise RemediationError("forbidden", "A support bundle has no process that could be asked.")


def _bundle_origin(bundle: SupportBundle, path: str, archive: Archive) -> Origin:
    return Origin(
        kind=SUPPORT_BUNDLE,
        path=path,
        created_at=bundle.created_at,
        note=_note(bundle),
        lacks=tuple(_lacks(bundle, archive)),
    )


def _log_origin(found: Recognized) -> Origin:
    return Origin(
        kind=UPGRADE_LOG,
        path=found.path,
        note="Its lines have no times but those that a program prints itself, so most ages are unknown.",
        lacks=("Objects of the Kubernetes API, helm's own pods and rancher-webhook.",),
    )


def _note(bundle: SupportBundle) -> str:
    if moment(bundle.created_at) is None:
        return "It does not say when it was made, so no age is known."
    return f"Ages count to {bundle.created_at}, when it was made."


def _lacks(bundle: SupportBundle, archive: Archive) -> list[str]:
    """What it cannot show, a sentence each."""
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
    damaged = sorted(archive.damaged)
    if damaged:
        more = f" and {len(damaged) - _SHOWN_MEMBERS} more" if len(damaged) > _SHOWN_MEMBERS else ""
        lacks.append(f"Damaged members: {', '.join(damaged[:_SHOWN_MEMBERS])}{more}.")
    return lacks


def _refusal(message: str, remedy: str) -> RemediationError:
    return RemediationError("evidence-invalid", message, remedy)
