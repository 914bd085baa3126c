# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the upgrade is: its phase, and what the job waits for now (FM 1.1, 1.4, 1.7)."""

from __future__ import annotations

from typing import Any

from ..._core.lenient import Document, dig, integer, mapping, mappings, seconds_between, text, texts
from .sources import readable

NONE = "none"
NOT_STARTED = "not-started"
RANCHER = "rancher"
AFTER_RANCHER = "after-rancher"
ENDED = "ended"

_ENDED_STATES = ("Succeeded", "Failed")
_RANCHER_EVENTS = (
    "upgrading-rancher",
    "rancher-version",
    "rancher-dependencies",
    "helm-release",
    "helm-release-pending",
    "helm-rollback",
    "capi-cluster",
    "fleet-agent-missing",
    "fleet-agent-old",
    "field-agent-tls-mode",
    "not-imported",
)


def upgrade_facts(evidence: Document) -> dict[str, Any]:
    """``phase``, ``nodes_phase``, ``upgrade_count``, ``ended_well``, ``wait``, ``wait_kind``, ``job_running`` and ``attempts``.

    ``phase``: ``none`` (no Upgrade), ``not-started``, ``rancher``, ``after-rancher``, ``ended`` (the manifest job is
    over, well or not), or None when it cannot be known. ``nodes_phase``: see `_nodes_phase`. ``wait_kind``: what the job waits for, ``none`` when it waits
    for nothing, None when that cannot be known.
    """
    phase = _phase(evidence)
    wait = _wait(evidence)
    return {
        "phase": phase,
        "nodes_phase": _nodes_phase(evidence),
        "upgrade_count": _upgrade_count(evidence),
        "ended_well": _ended_well(evidence, phase),
        "wait": wait if phase not in (NONE, ENDED) else None,
        "wait_kind": _wait_kind(evidence, phase, wait),
        "job_running": _job_running(evidence),
        "job_failed": _condition(dig(evidence, "job", "conditions"), "Failed") == "True",
        "attempts": _attempts(evidence),
        "log_kinds": _log_kinds(evidence),
    }


def condition_status(evidence: Document, kind: str) -> str | None:
    """The status of a condition of the Upgrade: ``True``, ``False``, ``Unknown``, or None when it is not set."""
    return _condition(dig(evidence, "upgrade", "conditions"), kind)


def _condition(conditions: object, kind: str) -> str | None:
    for condition in mappings(conditions):
        if condition.get("type") == kind:
            return text(condition.get("status"))
    return None


def _upgrade_count(evidence: Document) -> int | None:
    names = texts(dig(evidence, "upgrade", "latest_names"))
    if names:
        return len(names)
    if mapping(evidence.get("upgrade")):
        return 1
    return 0 if readable(evidence, "upgrade") else None


def _phase(evidence: Document) -> str | None:
    count = _upgrade_count(evidence)
    if count is None:
        return None
    if count == 0:
        return NONE
    services = condition_status(evidence, "SystemServicesUpgraded")
    if services in ("True", "False") or dig(evidence, "upgrade", "state") in _ENDED_STATES:
        return ENDED
    if condition_status(evidence, "Completed") in ("True", "False"):
        return ENDED
    if not readable(evidence, "job"):
        return None
    if services is None and not mapping(evidence.get("job")):
        return NOT_STARTED
    return _job_phase(evidence)


def _nodes_phase(evidence: Document) -> bool | None:
    """Whether the nodes' upgrade has begun and has not ended well: also a failed one leaves nodes half upgraded, so
    nothing of the Rancher step is repaired then, and the Upgrade is never deleted (FM 6.26, 6.37).
    """
    if _upgrade_count(evidence) is None:
        return None
    state = dig(evidence, "upgrade", "state")
    if state == "Succeeded" or condition_status(evidence, "Completed") == "True":
        return False
    services = condition_status(evidence, "SystemServicesUpgraded")
    return services == "True" or state == "UpgradingNodes"


def _job_phase(evidence: Document) -> str | None:
    kinds = _log_kinds(evidence)
    if "next-phase" in kinds or "rancher-skipped" in kinds:
        return AFTER_RANCHER
    if any(kind in kinds for kind in _RANCHER_EVENTS):
        return RANCHER
    log = mapping(dig(_newest_pod(evidence), "log"))
    if log.get("state") == "ok" and log.get("truncated") is not True:
        # The script waits for a plan, from 1.7.2 on for charts too, before it says "Upgrading Rancher".
        return NOT_STARTED
    return None


def _ended_well(evidence: Document, phase: str | None) -> bool | None:
    if phase != ENDED:
        return False if phase is not None else None
    if dig(evidence, "upgrade", "state") == "Succeeded":
        return True
    return condition_status(evidence, "SystemServicesUpgraded") == "True" and (
        dig(evidence, "upgrade", "state") != "Failed"
    )


def _newest_pod(evidence: Document) -> Document:
    pods = mappings(evidence.get("job_pods"))
    return pods[0] if pods else {}


def _log_kinds(evidence: Document) -> list[str]:
    """The kinds of events in the newest pod's log, each once, in the order of the log."""
    events = mappings(dig(_newest_pod(evidence), "log", "events"))
    kinds = (text(event.get("kind")) for event in events)
    return list(dict.fromkeys(kind for kind in kinds if kind))


def _wait(evidence: Document) -> dict[str, Any] | None:
    wait = mapping(evidence.get("wait"))
    if text(wait.get("kind")) is None:
        return None
    age = integer(wait.get("age_seconds"))
    if age is None:
        age = seconds_between(wait.get("since"), evidence.get("collected_at"))
    return {**wait, "age_seconds": age}


def _wait_kind(evidence: Document, phase: str | None, wait: Document | None) -> str | None:
    if phase in (NONE, ENDED, NOT_STARTED) and not wait:
        return NONE
    if phase in (NONE, ENDED):
        return NONE
    if wait:
        return text(wait.get("kind"))
    if not readable(evidence, "job", "job_pods", "job_logs"):
        return None
    return NONE if dig(_newest_pod(evidence), "log", "state") == "ok" else None


def _job_running(evidence: Document) -> bool | None:
    if not readable(evidence, "job"):
        return None
    return (integer(dig(evidence, "job", "active")) or 0) > 0


def _attempts(evidence: Document) -> dict[str, Any]:
    """How many pods of the job have failed, and how many failures it is allowed."""
    failed = integer(dig(evidence, "job", "failed")) or 0
    limit = integer(dig(evidence, "job", "backoff_limit"))
    return {"failed": failed, "limit": 6 if limit is None else limit}
