# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pre-flight check: where an upgrade from one Harvester version to another would get stuck (FM 7, 8.3).

Pure: the same versions, release table and evidence give the same document.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .._core.errors import RemediationError
from .._core.lenient import Document
from .._diagnosis.facts.decisions import server_version
from .._diagnosis.facts.sources import not_seen
from .._documents.canonical import digest
from .._documents.evidence import Cluster, Evidence, Upgrade
from .._harvester.upgrade_path.guard import ask_guard
from .._harvester.upgrade_path.release_table import HarvesterRelease, ReleaseTable
from .admission_checks import admission_checks, completed
from .catalog_checks import catalog_checks
from .check import BLOCKED, FAIL, PASS, SAFE, UNKNOWN, Check, ranked, verdict
from .path_checks import path_checks
from .prediction import Prediction, predict
from .questions import questions_from_evidence, questions_from_versions, rancher_step_runs
from .release_checks import release_checks

SCHEMA = "harvester_ops.remediation/preflight/v1"

#: What the checks of a cluster rest on. The rest of the evidence is about an upgrade that runs.
_NEEDED_SOURCES = (
    "releases",
    "settings",
    "cluster_repos",
    "chart_index",
    "managed_charts",
    "bundles",
    "capi_cluster",
    "nodes",
    "operations",
    "helm_pods",
    "upgrade",
    "rancher_config",
)


def preflight(
    table: ReleaseTable,
    *,
    target: HarvesterRelease | str,
    current: HarvesterRelease | str = "",
    evidence: Document | None = None,
) -> dict[str, Any]:
    """The preflight document.

    ``target`` and ``current`` are versions, or the releases of release files; without ``current`` the evidence tells
    it. Without evidence only the versions are looked at. Raises RemediationError (versions-missing) when one of the
    versions is missing.
    """
    cluster = None if evidence is None else Evidence.from_dict(evidence)
    after = _release(table, target)
    before = _running(_release(table, current or installed_version(cluster) or ""), cluster)
    if not after.version or (cluster is None and not before.version):
        raise RemediationError(
            "versions-missing",
            f"The {'current' if after.version else 'target'} Harvester version is not given.",
            "Set preflight_target_version or preflight_release_file; without a cluster also preflight_current_version.",
        )
    predictions = predictions_of(table, before, after, cluster)
    checks = path_checks(table, before, after, predictions)
    if cluster is not None:
        checks += _cluster_checks(table, after, cluster)
    document = _document(before, after, predictions, ranked(checks))
    return {**document, "cluster": cluster and _cluster(cluster, digest(evidence))}


def predictions_of(
    table: ReleaseTable,
    current: HarvesterRelease,
    target: HarvesterRelease,
    evidence: Evidence | None = None,
) -> list[Prediction]:
    """What becomes of each chart of Rancher."""
    if evidence is None:
        questions = questions_from_versions(table, current, target)
    else:
        questions = questions_from_evidence(table, evidence, target)
    return [predict(question) for question in questions]


def installed_version(evidence: Evidence | None) -> str | None:
    """The Harvester version of a cluster: what it says itself, else what its latest Upgrade went to or came from."""
    if evidence is None:
        return None
    if evidence.harvester_version:
        return evidence.harvester_version
    upgrade = evidence.upgrade or Upgrade()
    conditions = {item.type: item.status for item in upgrade.conditions}
    succeeded = bool(completed(upgrade)) and conditions.get("Completed") == "True"
    return (upgrade.version if succeeded else upgrade.previous_version) or None


def headline(before: str, after: str, checks: list[Check]) -> str:
    """One sentence for the whole, from ranked checks."""
    path = f"{before or 'the installed version'} -> {after}"
    word = verdict(checks)
    if word == SAFE:
        return f"{path}: no stuck point is in sight."
    serious = [check for check in checks if check.outcome != PASS]
    worst = [check for check in serious if check.outcome == FAIL] or serious
    more = len(worst) - 1
    tail = f" ({more} more)" if more else ""
    label = "will be refused or hang" if word == BLOCKED else "is risky"
    return f"{path} {label}: {worst[0].message}{tail}"


def _release(table: ReleaseTable, given: HarvesterRelease | str) -> HarvesterRelease:
    """A version without a row is a release about which nothing else is known; a file's gaps are filled from its row."""
    if isinstance(given, str):
        return table.release(given) or HarvesterRelease(given, source="unknown")
    known = table.release(given.version)
    if known is None:
        return given
    return replace(
        given,
        shell_images=given.shell_images or known.shell_images,
        known_issues=known.known_issues,
    )


def _running(release: HarvesterRelease, evidence: Evidence | None) -> HarvesterRelease:
    """What really runs wins over the table."""
    if evidence is None:
        return release
    kubernetes = evidence.cluster.kubernetes_version if evidence.cluster else None
    return replace(
        release,
        rancher=server_version(evidence) or release.rancher,
        kubernetes=kubernetes or release.kubernetes,
    )


def _cluster_checks(
    table: ReleaseTable, target: HarvesterRelease, evidence: Evidence
) -> list[Check]:
    return [
        *release_checks(evidence, table, target),
        *admission_checks(evidence),
        *catalog_checks(evidence, target),
        *(
            Check(
                "not-seen",
                UNKNOWN,
                f"Source/{hole['source']}",
                f"{hole['source']} could not be read ({hole['state']}): {hole['reason'] or 'no reason given'}",
                "Look again with the permissions of the shipped ClusterRole.",
            )
            for hole in _holes(evidence)
        ),
    ]


def _holes(evidence: Evidence) -> list[dict[str, Any]]:
    listed = {hole["source"]: hole for hole in not_seen(evidence)}
    for name in _NEEDED_SOURCES:
        if name not in evidence.sources:
            listed[name] = {"source": name, "state": "error", "reason": "it was not collected"}
    return [listed[name] for name in _NEEDED_SOURCES if name in listed]


def _document(
    before: HarvesterRelease,
    after: HarvesterRelease,
    predictions: list[Prediction],
    checks: list[Check],
) -> dict[str, Any]:
    guard = ask_guard(before.version, after.version, after.min_upgradable_version or "")
    return {
        "schema": SCHEMA,
        "current": _release_document(before),
        "target": _release_document(after),
        "verdict": verdict(checks),
        "headline": headline(before.version, after.version, checks),
        "guard": {
            "allowed": guard.allowed if before.version else None,
            "rule": guard.rule.value if before.version else None,
            "message": guard.message if before.version else "",
        },
        "rancher_step_runs": rancher_step_runs(before.rancher, after),
        "dependencies": [prediction.to_dict() for prediction in predictions],
        "checks": [check.to_dict() for check in checks],
    }


def _release_document(release: HarvesterRelease) -> dict[str, Any]:
    return {
        "harvester": release.version or None,
        "rancher": release.rancher,
        "kubernetes": release.kubernetes,
        "min_upgradable_version": release.min_upgradable_version,
        "note": release.note,
        "source": release.source,
    }


def _cluster(evidence: Evidence, evidence_digest: str) -> dict[str, Any]:
    cluster = evidence.cluster or Cluster()
    return {
        "uid": cluster.uid or None,
        "server": cluster.server or None,
        "collected_at": evidence.collected_at or None,
        "evidence_digest": evidence_digest,
    }
