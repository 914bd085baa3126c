# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence from files: one path or several, each an evidence document, a support bundle, an upgrade log or an archive
of this collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from ..._core.errors import RemediationError
from ..._core.lenient import mappings, moment, text
from ..._core.listing import first_of
from ..._documents.origin import Origin
from ..._documents.shape import write
from ..._rancher.decision.system_charts import CHART_NAMESPACES
from ..live.collector import CollectOptions, collect
from .archive import Archive
from .combination import Combination
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
from .sorting import sort_files
from .stored_document import stored_document
from .support_bundle import SupportBundle
from .upgrade_log import UpgradeLog

_SHOWN_MEMBERS = 5


def load_evidence(
    paths: Sequence[str], options: CollectOptions, limits: Limits = LIMITS
) -> dict[str, Any]:
    """The evidence document of what is at the paths.

    Raises RemediationError: `evidence-invalid` (unknown files, or files of several clusters), `archive-unsafe`.
    """
    clusters = sort_files(paths, limits).clusters
    if len(clusters) > 1:
        raise _several(clusters)
    (chosen,) = clusters
    found: list[Recognized] = []
    try:
        found += (recognize(each.path, limits) for each in chosen.used)
        document = _document(found, options)
    finally:
        for each in found:
            if each.archive is not None:
                each.archive.close()
    return _with_origins(document, found[0], chosen)


def _several(clusters: Sequence[Combination]) -> RemediationError:
    shown = "; ".join(each.words for each in clusters[:_SHOWN_MEMBERS])
    more = f"; and {len(clusters) - _SHOWN_MEMBERS} more" if len(clusters) > _SHOWN_MEMBERS else ""
    return _refusal(
        f"The files are of {len(clusters)} clusters: {shown}{more}.",
        "Give the files of one cluster. The playbooks diagnose, preflight and report take those of many with"
        " remediation_evidence, and without remediation_hosts.",
    )


def _document(found: Sequence[Recognized], options: CollectOptions) -> dict[str, Any]:
    by_kind = {each.kind: each for each in found}
    stored = by_kind.get(SUPPORT_ARCHIVE) or by_kind.get(EVIDENCE)
    if stored is not None:
        return stored_document(stored)
    return _from_archives(by_kind.get(SUPPORT_BUNDLE), by_kind.get(UPGRADE_LOG), options)


def _with_origins(
    document: dict[str, Any], first: Recognized, chosen: Combination
) -> dict[str, Any]:
    """The document with what is to be said about the files that it was read from, and those that stood back."""
    if not chosen.said:
        return document
    origins = list(document.get("origins") or ())
    if not origins:
        origins = write((Origin(first.kind, first.path, text(document.get("collected_at"))),))
    for each in origins:
        said = chosen.said.get(each["path"])
        each["note"] = " ".join(part for part in (said, each["note"]) if part) or None
    used = [file.path for file in chosen.used]
    back = [
        Origin(each.kind, each.path, each.written or None, chosen.said.get(each.path), used=False)
        for each in chosen.files
        if each.path not in used
    ]
    return {**document, "origins": [*origins, *write(tuple(back))]}


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
                _bundle_origin(reader, each.path, each.archive, document)
                if each is bundle
                else _log_origin(reader, each)
            )
    return {**document, "origins": write(tuple(origins))}


def _no_process(*_arguments: Any, **_options: Any) -> NoReturn:
    raise RemediationError("forbidden", "A support bundle has no process that could be asked.")


def _bundle_origin(
    bundle: SupportBundle, path: str, archive: Archive, document: Mapping[str, Any]
) -> Origin:
    return Origin(
        kind=SUPPORT_BUNDLE,
        path=path,
        created_at=bundle.created_at,
        note=_note(bundle),
        lacks=tuple(_lacks(bundle, archive, mappings(document.get("nodes")))),
    )


def _log_origin(bundle: SupportBundle, found: Recognized) -> Origin:
    taken = [
        f"{namespace}/{pod} ({container})"
        for namespace, pod, container in sorted(bundle.taken_from_log)
    ]
    given = (
        f"Logs taken from it: {first_of(taken, _SHOWN_MEMBERS)}."
        if taken
        else "No log was taken from it."
    )
    return Origin(
        kind=UPGRADE_LOG,
        path=found.path,
        note=f"{given} Its lines have no times but those that a program prints itself, so most ages are unknown.",
        lacks=("Objects of the Kubernetes API, helm's own pods and rancher-webhook.",),
    )


def _note(bundle: SupportBundle) -> str:
    if moment(bundle.created_at) is None:
        return "It does not say when it was made, so no age is known."
    return f"Ages count to {bundle.created_at}, when it was made."


def _lacks(
    bundle: SupportBundle, archive: Archive, nodes: Sequence[Mapping[str, Any]]
) -> list[str]:
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
    without = bundle.node_files.lacking(text(each.get("name")) or "" for each in nodes)
    if without:
        lacks.append(f"Files of nodes: {first_of(without, _SHOWN_MEMBERS)}.")
    if bundle.cut:
        lacks.append(f"What is behind the place where it ends: {bundle.cut}.")
    if archive.damaged:
        lacks.append(f"Damaged members: {first_of(sorted(archive.damaged), _SHOWN_MEMBERS)}.")
    return lacks


def _refusal(message: str, remedy: str) -> RemediationError:
    return RemediationError("evidence-invalid", message, remedy)
