# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Admission webhooks that nobody answers for (FM 6.19, 6.20)."""

from __future__ import annotations

from typing import Any

from ..._core.lenient import Document, dig, integer, mappings, seconds_between, text
from .sources import readable

RANCHER_WEBHOOK = "rancher.cattle.io"
LEGACY_CAPI = (
    "mutating-webhook-configuration",
    "validating-webhook-configuration",
    "capi-mutating-webhook-configuration",
    "capi-validating-webhook-configuration",
)
_RECENT = 900


def webhook_facts(evidence: Document) -> dict[str, Any]:
    """``rancher_webhook`` and ``legacy_capi_webhooks``."""
    known = readable(evidence, "webhook_configurations")
    configurations = mappings(evidence.get("webhook_configurations"))
    own = [item for item in configurations if item.get("name") == RANCHER_WEBHOOK]
    return {
        "rancher_webhook": {
            "known": known,
            "present": bool(own),
            "unreachable": _unreachable(own) if known else None,
            "failed_calls": _failed_calls(evidence, RANCHER_WEBHOOK),
            "deployment": _deployment(evidence),
        },
        "legacy_capi_webhooks": {
            "known": known,
            "orphaned": [_brief(item) for item in configurations if _orphaned(item)],
            "failed_calls": _failed_calls(evidence, "cluster.x-k8s.io"),
        },
    }


def _unreachable(configurations: list[Document]) -> bool | None:
    """Whether a Service behind them is gone or has nobody ready; None when that was not looked at."""
    answers = [
        _answers(webhook) for item in configurations for webhook in mappings(item.get("webhooks"))
    ]
    if False in answers:
        return True
    return None if None in answers else False


def _answers(webhook: Document) -> bool | None:
    if webhook.get("service") is None:
        return True
    exists, ready = webhook.get("service_exists"), webhook.get("ready_endpoints")
    if exists is False or ready is False:
        return False
    return True if exists is True and ready is True else None


def _orphaned(configuration: Document) -> bool:
    webhooks = mappings(configuration.get("webhooks"))
    gone = bool(webhooks) and all(item.get("service_exists") is False for item in webhooks)
    return configuration.get("name") in LEGACY_CAPI and gone


def _brief(configuration: Document) -> dict[str, Any]:
    return {
        "kind": text(configuration.get("kind")),
        "name": text(configuration.get("name")),
        "services": sorted(
            {text(item.get("service")) or "?" for item in mappings(configuration.get("webhooks"))}
        ),
    }


def _failed_calls(evidence: Document, name: str) -> list[dict[str, Any]]:
    """What the leader has logged about failed calls of late."""
    found = []
    for match in mappings(dig(evidence, "leader_log", "matches")):
        webhook = text(match.get("webhook"))
        age = seconds_between(match.get("last_at"), evidence.get("collected_at"))
        about = match.get("kind") == "webhook-call-failed" and webhook and name in webhook
        if about and (age is None or age <= _RECENT):
            found.append({"webhook": webhook, "text": (text(match.get("text")) or "")[:400]})
    return found[:3]


def _deployment(evidence: Document) -> dict[str, Any] | None:
    for item in mappings(dig(evidence, "fleet", "deployments")):
        if item.get("name") == "rancher-webhook":
            return {"ready": integer(item.get("ready")), "replicas": integer(item.get("replicas"))}
    return None
