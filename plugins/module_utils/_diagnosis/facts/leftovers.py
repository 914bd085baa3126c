# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Rancher step does besides upgrading releases, and what is left undone when it is skipped or interrupted
(FM 1.7 steps 15 to 26, 6.24, 6.25, 6.30, 6.31, 6.35, 6.38)."""

from __future__ import annotations

from typing import Any

from ..._core.lenient import Document, dig, integer, mapping, mappings, text, texts
from .sources import readable
from .upgrade import AFTER_RANCHER, ENDED, NONE

RKE_STATE_TYPE = "rke.cattle.io/cluster-state"
_STV = ("cattle-system", "stv-aggregation")
_RKE_STATE = ("fleet-local", "local-rke-state")
_PLAN_OF_STV = "system-agent-upgrader"


def stv_aggregation(evidence: Document, upgrade: Document) -> dict[str, Any]:
    """The empty Secret that Rancher 2.11 and later names in a Plan; the job makes it late in the Rancher step."""
    secret = _secret(evidence, *_STV)
    plans = [
        plan
        for plan in mappings(evidence.get("plans"))
        if plan.get("name") == _PLAN_OF_STV and plan.get("complete") is not True
    ]
    return {
        "missing": None if secret is None else not secret.get("present"),
        "plan_waits": bool(plans) if readable(evidence, "plans") else None,
        "due": _past_rancher(upgrade),
    }


def rke_state(evidence: Document, upgrade: Document) -> dict[str, Any]:
    """Secret fleet-local/local-rke-state: its type is converted right after the Rancher step."""
    secret = _secret(evidence, *_RKE_STATE)
    return {
        "known": secret is not None,
        "present": None if secret is None else bool(secret.get("present")),
        "type": text(dig(secret, "type")),
        "wanted_type": RKE_STATE_TYPE,
        "due": upgrade.get("phase") in (ENDED, NONE) if upgrade.get("phase") else None,
    }


def fleet_workspace(evidence: Document, upgrade: Document) -> dict[str, Any]:
    """status.fleetWorkspaceName and the label of the provisioning cluster; set right after the Rancher step."""
    cluster = mapping(evidence.get("provisioning_cluster"))
    name = text(cluster.get("fleet_workspace_name"))
    label = text(cluster.get("management_cluster_label"))
    known = readable(evidence, "provisioning_cluster")
    return {
        "known": known,
        "present": bool(cluster) if known else None,
        "name": name,
        "label": label,
        "wrong": (name != "fleet-local" or label != "local") if known and cluster else None,
        "due": _past_rancher(upgrade) is True or upgrade.get("wait_kind") == "plan",
    }


def skipped_phase(
    evidence: Document, upgrade: Document, dependencies: list[Document], facts: Document
) -> dict[str, Any]:
    """Whether a retried pod has skipped the Rancher step, and what of it is not done.

    The line "Skip update Rancher" alone proves nothing: where source and target carry the same Rancher it is normal.
    So an earlier pod must have failed inside the step.
    """
    pods = mappings(evidence.get("job_pods"))
    logs_known = readable(evidence, "job_pods", "job_logs")
    skipped = "rancher-skipped" in (upgrade.get("log_kinds") or ())
    undone = _undone(dependencies, facts)
    return {
        "known": logs_known,
        "skipped": skipped if logs_known else None,
        "earlier_failed": any(_failed_inside(pod) for pod in pods[1:]),
        "earlier_unknown": _earlier_unknown(evidence, pods),
        "undone": undone,
        "releases": [each["release"] for each in dependencies if _behind(each)],
    }


def _undone(dependencies: list[Document], facts: Document) -> list[str]:
    """The items of FM 6.24 that are not as the Rancher step leaves them."""
    items = {
        "releases": any(_behind(each) for each in dependencies),
        "stv-aggregation": dig(facts, "stv_aggregation", "missing") is True,
        "fleet-config": dig(facts, "fleet_config", "lost") is True,
        "fleet-agent": dig(facts, "fleet_agent", "older_than_controller") is True
        or dig(facts, "fleet_agent", "redeploy_pending") is True,
        "cluster-repos": bool(dig(facts, "chart_catalog", "missing_repos")),
        "capi-webhooks": bool(dig(facts, "legacy_capi_webhooks", "orphaned")),
    }
    return [name for name, undone in items.items() if undone]


def _behind(dependency: Document) -> bool:
    return dependency["awaited"] and dependency["at_expected"] is False


def _failed_inside(pod: Document) -> bool:
    kinds = {text(event.get("kind")) for event in mappings(dig(pod, "log", "events"))}
    ended_badly = pod.get("phase") == "Failed" or (integer(pod.get("exit_code")) or 0) != 0
    inside = "upgrading-rancher" in kinds and not kinds & {"rancher-skipped", "next-phase"}
    return ended_badly and inside


def _earlier_unknown(evidence: Document, pods: list[Document]) -> bool:
    """Whether an attempt failed whose log cannot be read any more."""
    failed = integer(dig(evidence, "job", "failed")) or 0
    seen = [pod for pod in pods[1:] if dig(pod, "log", "state") == "ok"]
    return failed > len(seen)


def retry_trap(evidence: Document, upgrade: Document) -> dict[str, Any]:
    """The job's attempts all end on an object that the first attempt has deleted (FM 6.25)."""
    ends = [_last_event(pod) for pod in mappings(evidence.get("job_pods"))]
    trapped = [
        event
        for event in ends
        if event.get("kind") in ("cluster-repo-not-found", "setting-not-found")
    ]
    return {
        "trapped": bool(trapped),
        "objects": sorted({name for event in trapped if (name := text(event.get("name")))}),
        "line": text(trapped[0].get("text")) if trapped else None,
        "open": upgrade.get("phase") not in (NONE, ENDED) if upgrade.get("phase") else None,
    }


def _last_event(pod: Document) -> Document:
    events = mappings(dig(pod, "log", "events"))
    return events[-1] if events else {}


def path_refusal(evidence: Document) -> str | None:
    """The version guard's words when it has refused the upgrade (FM 7.2)."""
    for condition in mappings(dig(evidence, "upgrade", "conditions")):
        said = " ".join(
            part for key in ("reason", "message") if (part := text(condition.get(key))) is not None
        )
        if condition.get("status") == "False" and any(words in said for words in GUARD_WORDS):
            return said[:500]
    return None


GUARD_WORDS = (
    "upgrading from dev versions to non-dev versions is prohibited",
    "downgrading is prohibited",
    "current version does not meet minimum upgrade requirement",
    "cross-version upgrades from/to any prerelease version are prohibited",
    "invalid version string",
    "incomparable: dev version",
    "invalid harvester version",
)


def waited_plan(evidence: Document, upgrade: Document) -> dict[str, Any]:
    """The Plan the job waits for and the nodes that have not carried it out."""
    name = text(dig(upgrade, "wait", "name"))
    for plan in mappings(evidence.get("plans")):
        if name and (
            plan.get("name") == name or f"{plan.get('namespace')}/{plan.get('name')}" == name
        ):
            return {
                "name": name,
                "found": True,
                "complete": plan.get("complete"),
                "missing_nodes": texts(plan.get("missing_nodes"))[:20],
            }
    return {"name": name, "found": False, "complete": None, "missing_nodes": []}


def _past_rancher(upgrade: Document) -> bool | None:
    phase = upgrade.get("phase")
    return None if phase is None else phase in (AFTER_RANCHER, ENDED)


def _secret(evidence: Document, namespace: str, name: str) -> Document | None:
    """What is known of a Secret: None when it was not looked at."""
    if not readable(evidence, "secrets"):
        return None
    for secret in mappings(evidence.get("secrets")):
        if (secret.get("namespace"), secret.get("name")) == (namespace, name):
            return secret if isinstance(secret.get("present"), bool) else None
    return None
