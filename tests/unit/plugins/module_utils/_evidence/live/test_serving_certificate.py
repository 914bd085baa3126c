# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate of Rancher's webhook, as the collector reads it."""

from __future__ import annotations

import base64
import builtins
import json
from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.live.collector import (
    CollectOptions,
    collect,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.certificates import (
    SECRET,
    Authority,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.upgrading_cluster import (
    UpgradingCluster,
    stuck_cluster,
)

KINDS = ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")


def cluster_with(secret: dict[str, Any] | None, *bundles: str | None) -> UpgradingCluster:
    """A cluster whose two webhook configurations have these caBundles."""
    cluster = stuck_cluster()
    if secret is not None:
        cluster.add(SECRET, data=secret, type="kubernetes.io/tls")
    for kind, bundle in zip(KINDS, bundles, strict=False):
        service = {"namespace": "cattle-system", "name": "rancher-webhook"}
        cluster.add(
            f"/apis/admissionregistration.k8s.io/v1/{kind}/rancher.cattle.io",
            webhooks=[{"name": "w", "clientConfig": {"service": service, "caBundle": bundle}}],
        )
    return cluster


def evidence_of(cluster: UpgradingCluster) -> dict[str, Any]:
    return collect(cluster, CollectOptions())  # type: ignore[arg-type]


def trust(evidence: dict[str, Any]) -> tuple[Any, Any]:
    webhook = derive(evidence).webhooks.rancher_webhook
    return webhook.trusted, webhook.why


def test_a_certificate_that_callers_trust() -> None:
    authority = Authority.make()
    evidence = evidence_of(cluster_with(authority.secret(), authority.bundle, authority.bundle))
    found = evidence["webhook_certificate"]
    assert (found["not_after"], found["names"]) == (
        "2027-01-01T00:00:00Z",
        ["rancher-webhook.cattle-system.svc"],
    )
    assert (found["subject"], found["issuer"]) == (
        "CN=rancher-webhook.cattle-system.svc",
        "CN=dynamiclistener-ca",
    )
    assert trust(evidence) == (True, None)


def test_the_key_is_nowhere() -> None:
    authority = Authority.make()
    secret = authority.secret()
    text = json.dumps(evidence_of(cluster_with(secret, authority.bundle)))
    assert secret["tls.key"] not in text
    assert base64.b64decode(secret["tls.key"]).decode()[40:80] not in text
    assert "PRIVATE KEY" not in text


def test_an_expired_certificate() -> None:
    authority = Authority.make()
    ended = datetime(2026, 11, 1, tzinfo=timezone.utc)
    cluster = cluster_with(authority.secret(ended), authority.bundle, authority.bundle)
    assert trust(evidence_of(cluster)) == (False, "the certificate has expired")


def test_an_expired_authority() -> None:
    authority = Authority.make(datetime(2026, 11, 1, tzinfo=timezone.utc))
    cluster = cluster_with(authority.secret(), authority.bundle, authority.bundle)
    assert trust(evidence_of(cluster)) == (False, "the certificate has expired")


def test_one_configuration_that_holds_another_authority() -> None:
    authority, other = Authority.make(), Authority.make()
    evidence = evidence_of(cluster_with(authority.secret(), authority.bundle, other.bundle))
    trusted, why = trust(evidence)
    assert trusted is False
    assert "caBundle" in why
    assert derive(evidence).webhooks.rancher_webhook.bundles_differ is True


def test_a_certificate_for_another_name() -> None:
    authority = Authority.make()
    secret = authority.secret(host="webhook.default.svc")
    trusted, why = trust(evidence_of(cluster_with(secret, authority.bundle)))
    assert trusted is False
    assert "name of the Service" in why


@pytest.mark.parametrize("content", [None, "", "%%%", "bm8gY2VydGlmaWNhdGU="])
def test_what_is_no_certificate_is_said(content: str | None) -> None:
    authority = Authority.make()
    cluster = cluster_with({"tls.crt": content}, authority.bundle)
    evidence = evidence_of(cluster)
    assert "no certificate" in evidence["webhook_certificate"]["error"]
    assert trust(evidence) == (None, None)
    assert "unreadable" in derive(evidence).webhooks.rancher_webhook.undecided


def test_without_the_library_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority.make()
    cluster = cluster_with(authority.secret(), authority.bundle)
    really = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("cryptography"):
            raise ImportError(name)
        return really(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    evidence = evidence_of(cluster)
    assert "cryptography" in evidence["webhook_certificate"]["error"]
    assert trust(evidence)[0] is None


def test_absent_and_forbidden_are_two_answers() -> None:
    absent = evidence_of(cluster_with(None))
    assert absent["sources"]["webhook_certificate"]["state"] == "absent"
    assert absent["webhook_certificate"]["present"] is False
    assert derive(absent).webhooks.rancher_webhook.undecided is None
    cluster = cluster_with(None)
    cluster.fail = lambda _verb, path: (
        RemediationError("forbidden", "No permission.") if path == SECRET else None
    )
    forbidden = evidence_of(cluster)
    assert forbidden["webhook_certificate"] is None
    assert "forbidden" in derive(forbidden).webhooks.rancher_webhook.undecided
