# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Webhook configurations of Cluster API that outlived their Service (FM 6.20)."""

from __future__ import annotations

from typing import Any

from .._core.errors import RemediationError
from .._kube import paths
from .._kube.change import Change, precondition, read_or_none
from .._kube.client import KubeClient, Object

GROUP = "admissionregistration.k8s.io/v1"
RESOURCES = {
    "MutatingWebhookConfiguration": "mutatingwebhookconfigurations",
    "ValidatingWebhookConfiguration": "validatingwebhookconfigurations",
}
# The names Cluster API's charts have used; a configuration of another name is somebody else's.
NAMES = (
    "mutating-webhook-configuration",
    "validating-webhook-configuration",
    "capi-mutating-webhook-configuration",
    "capi-validating-webhook-configuration",
)


def delete_orphaned(
    client: KubeClient, kind: str, name: str, uid: str | None = None, *, dry_run: bool = False
) -> Change:
    """Delete one configuration, if no Service it calls exists any more.

    Every Service is looked up right before the deletion. Raises refused when one exists, when a
    webhook calls a URL, or for a name that is not Cluster API's; precondition-failed when the object
    is another one than planned. One that is gone already is no change.
    """
    if name not in NAMES:
        raise RemediationError(
            "refused",
            f"{kind}/{name} does not belong to Cluster API.",
            f"Only these are deleted: {', '.join(NAMES)}.",
        )
    path = paths.api(GROUP, RESOURCES[kind], None, name)
    subject = paths.describe(path)
    found = read_or_none(client, path)
    if found is None:
        return Change(subject, False, None, None)
    metadata = found["metadata"]
    if uid is not None:
        precondition(subject, "its UID", uid, metadata["uid"])
    services = _services(subject, found)
    for namespace, service in services:
        _require_absent(client, subject, namespace, service)
    client.delete(
        path, uid=metadata["uid"], resource_version=metadata["resourceVersion"], dry_run=dry_run
    )
    if not dry_run and read_or_none(client, path) is not None:
        raise RemediationError(
            "stalled",
            f"{subject} is there again right after it was deleted.",
            "Something makes it anew: find out what before deleting it again.",
        )
    called = [f"{namespace}/{service}" for namespace, service in services]
    return Change(subject, True, {"services": called}, None)


def _services(subject: str, found: Object) -> list[tuple[str, str]]:
    """The Services a configuration calls; raises refused when that is not all it calls."""
    services: set[tuple[str, str]] = set()
    webhooks: list[Any] = found.get("webhooks") or []
    for webhook in webhooks:
        service = (webhook.get("clientConfig") or {}).get("service")
        if not service:
            raise RemediationError(
                "refused",
                f"{subject}: webhook {webhook.get('name')} calls a URL, not a Service.",
                "Whether that URL still answers cannot be told: look at it yourself.",
            )
        services.add((str(service["namespace"]), str(service["name"])))
    if not services:
        raise RemediationError(
            "refused",
            f"{subject} has no webhooks, so it holds nothing up.",
            "Leave it alone: it is empty.",
        )
    return sorted(services)


def _require_absent(client: KubeClient, subject: str, namespace: str, service: str) -> None:
    if read_or_none(client, paths.core("v1", "services", namespace, service)) is None:
        return
    raise RemediationError(
        "refused",
        f"{subject} calls Service/{namespace}/{service}, which exists.",
        "It is in use. If its calls fail, repair what is behind that Service.",
        details={"service": f"{namespace}/{service}"},
    )
