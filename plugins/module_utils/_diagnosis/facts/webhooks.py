# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Admission webhooks that nobody answers for (FM 6.19, 6.20)."""

from __future__ import annotations

from typing import Any

from ..._core.lenient import mapping, seconds_between, text
from ..._documents.evidence import Evidence, Webhook, WebhookConfiguration

RANCHER_WEBHOOK = "rancher.cattle.io"
LEGACY_CAPI = (
    "mutating-webhook-configuration",
    "validating-webhook-configuration",
    "capi-mutating-webhook-configuration",
    "capi-validating-webhook-configuration",
)
_RECENT = 900


def webhook_facts(evidence: Evidence) -> dict[str, Any]:
    """``rancher_webhook`` and ``legacy_capi_webhooks``."""
    known = evidence.readable("webhook_configurations")
    configurations = evidence.webhook_configurations or ()
    own = [item for item in configurations if item.name == RANCHER_WEBHOOK]
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


def _unreachable(configurations: list[WebhookConfiguration]) -> bool | None:
    """Whether a Service behind them is gone or has nobody ready; None when that was not looked at."""
    answers = [_answers(webhook) for item in configurations for webhook in item.webhooks]
    if False in answers:
        return True
    return None if None in answers else False


def _answers(webhook: Webhook) -> bool | None:
    if webhook.service is None:
        return True
    if webhook.service_exists is False or webhook.ready_endpoints is False:
        return False
    return True if webhook.service_exists and webhook.ready_endpoints else None


def _orphaned(configuration: WebhookConfiguration) -> bool:
    webhooks = configuration.webhooks
    gone = bool(webhooks) and all(item.service_exists is False for item in webhooks)
    return configuration.name in LEGACY_CAPI and gone


def _brief(configuration: WebhookConfiguration) -> dict[str, Any]:
    return {
        "kind": configuration.kind or None,
        "name": configuration.name or None,
        "services": sorted({item.service or "?" for item in configuration.webhooks}),
    }


def _failed_calls(evidence: Evidence, name: str) -> list[dict[str, Any]]:
    """What the leader has logged about failed calls of late."""
    found = []
    for match in map(mapping, evidence.leader_log.matches if evidence.leader_log else ()):
        webhook = text(match.get("webhook"))
        age = seconds_between(match.get("last_at"), evidence.collected_at)
        about = match.get("kind") == "webhook-call-failed" and webhook and name in webhook
        if about and (age is None or age <= _RECENT):
            found.append({"webhook": webhook, "text": (text(match.get("text")) or "")[:400]})
    return found[:3]


def _deployment(evidence: Evidence) -> dict[str, Any] | None:
    for item in evidence.fleet.deployments if evidence.fleet else ():
        if item.name == "rancher-webhook":
            return {"ready": item.ready, "replicas": item.replicas}
    return None
