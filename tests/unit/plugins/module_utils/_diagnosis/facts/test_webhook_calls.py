# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API server's message about a failed call of a webhook means."""

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.webhook_calls import (
    failed_calls,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import evidence_of

POST = 'failed to call webhook: Post "https://rancher-webhook.cattle-system.svc:443/v1/webhook?timeout=10s": '
X509 = "tls: failed to verify certificate: x509: "


@pytest.mark.parametrize(
    ("end", "problem"),
    [
        (
            X509
            + "certificate has expired or is not yet valid: current time 2026-11-23T15:00:00Z is after 2026-11-01T00:00:00Z",
            "expired",
        ),
        (
            X509
            + "certificate has expired or is not yet valid: current time 2026-11-23T15:00:00Z is before 2027-11-01T00:00:00Z",
            "not-yet-valid",
        ),
        (X509 + "certificate has expired or is not yet valid", "expired-or-not-yet-valid"),
        (X509 + 'certificate signed by unknown authority (possibly because of "x")', "unknown-authority"),
        (X509 + "certificate is valid for a, not rancher-webhook.cattle-system.svc", "wrong-name"),
        (X509 + "certificate relies on legacy Common Name field, use SANs instead", "wrong-name"),
        ("context deadline exceeded", "timeout"),
        ("dial tcp 10.53.1.1:443: i/o timeout", "timeout"),
        ("net/http: TLS handshake timeout", "timeout"),
        ("dial tcp 10.53.1.1:443: connect: connection refused", "refused"),
        ("EOF", "refused"),
        ('no endpoints available for service "rancher-webhook"', "no-endpoints"),
        ('service "rancher-webhook" not found', "service-missing"),
        ("the server is currently unable to handle the request", "server-error"),
        ("something new", "failed"),
    ],
)  # fmt: skip
def test_the_problem(end: str, problem: str) -> None:
    text = (
        f'Internal error occurred: failed calling webhook "rancher.cattle.io.secrets": {POST}{end}'
    )
    match = {"kind": "x", "text": text, "at": "2026-11-23T14:59:00Z"}
    (call,) = failed_calls(evidence_of({"set": {"leader_log": {"matches": [match]}}}))
    assert (call.problem, call.service) == (problem, "cattle-system/rancher-webhook")
    assert call.text.startswith('failed calling webhook "rancher.cattle.io.secrets"')


def test_the_service_is_the_one_that_was_called() -> None:
    """Not the one a webhook of that name has in the configurations."""
    text = 'failed calling webhook "rancher.cattle.io.secrets": Post "https://other.elsewhere.svc:443/x": EOF'
    match = {"kind": "x", "text": text, "at": "2026-11-23T14:59:00Z"}
    (call,) = failed_calls(evidence_of({"set": {"leader_log": {"matches": [match]}}}))
    assert call.service == "elsewhere/other"


def test_a_refusal_is_no_failed_call() -> None:
    match = {"kind": "x", "text": 'admission webhook "a" denied the request', "at": None}
    assert failed_calls(evidence_of({"set": {"leader_log": {"matches": [match, 1, {}]}}})) == []


def test_the_job_says_it_too() -> None:
    text = f'Error: UPGRADE FAILED: failed calling webhook "a": {POST}EOF'
    (call,) = failed_calls(
        evidence_of({"wait": {"kind": "upgrade-failed", "age": 60, "text": text}})
    )
    assert call.source == "the upgrade job"


def test_a_service_that_no_configuration_names_any_more_is_not_missed() -> None:
    url = "https://capi-webhook-service.cattle-provisioning-capi-system.svc:443/x"
    text = (
        f'failed calling webhook "default.cluster.cluster.x-k8s.io": Post "{url}": '
        'service "capi-webhook-service" not found'
    )
    log = {"matches": [{"kind": "x", "text": text, "at": "2026-11-23T14:59:00Z"}]}
    hook = {"name": "h", "service": "cattle-provisioning-capi-system/capi-webhook-service"}
    named = [{"kind": "MutatingWebhookConfiguration", "name": "c", "webhooks": [hook]}]
    assert not failed_calls(evidence_of({"set": {"leader_log": log}}))
    for known in (named, None):
        changed = {"leader_log": log, "webhook_configurations": known}
        assert len(failed_calls(evidence_of({"set": changed}))) == 1
