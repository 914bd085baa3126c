# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Admission webhooks, and whether anything stands behind them (FM 6.19, 6.20)."""

from __future__ import annotations

from typing import Any

from ..._core.lenient import Document, boolean, dig, mappings, text
from ..._documents.evidence import Webhook, WebhookConfiguration
from ..._kube import paths
from .objects import identity, label, name_of, namespace_of
from .reading import Context, Found, Group, Parts, Reads

MUTATING = "mutating_webhooks"
VALIDATING = "validating_webhooks"
SERVICES = "services"
ENDPOINTS = "endpoint_slices"

_API = "admissionregistration.k8s.io/v1"
_KINDS = (
    ("MutatingWebhookConfiguration", MUTATING, "mutatingwebhookconfigurations"),
    ("ValidatingWebhookConfiguration", VALIDATING, "validatingwebhookconfigurations"),
)
_SERVICE_LABEL = "kubernetes.io/service-name"


def _reads(_context: Context, _found: Found) -> Reads:
    mutating, validating = (paths.api(_API, resource) for _kind, _name, resource in _KINDS)
    services, slices = paths.core("v1", "services"), paths.api(
        "discovery.k8s.io/v1", "endpointslices"
    )
    return {
        MUTATING: lambda client: client.list(mutating),
        VALIDATING: lambda client: client.list(validating),
        SERVICES: lambda client: client.list(services, metadata_only=True),
        ENDPOINTS: lambda client: client.list(slices),
    }


def _parts(_context: Context, found: Found) -> Parts:
    fields: dict[str, Any] = {}
    if found.ok(MUTATING) and found.ok(VALIDATING):
        services = _services(found)
        ready = _ready_services(found)
        fields["webhook_configurations"] = tuple(
            WebhookConfiguration(
                kind=kind,
                name=name_of(obj),
                **identity(obj),
                webhooks=tuple(
                    _webhook(each, services, ready) for each in mappings(obj.get("webhooks"))
                ),
            )
            for kind, name, _resource in _KINDS
            for obj in sorted(found.objects(name), key=name_of)
        )
    source = found.source(MUTATING, VALIDATING, SERVICES, ENDPOINTS)
    return Parts(fields, {"webhook_configurations": source})


def _services(found: Found) -> set[str] | None:
    if not found.ok(SERVICES):
        return None
    return {f"{namespace_of(each)}/{name_of(each)}" for each in found.objects(SERVICES)}


def _ready_services(found: Found) -> set[str] | None:
    if not found.ok(ENDPOINTS):
        return None
    return {
        f"{namespace_of(each)}/{label(each, _SERVICE_LABEL)}"
        for each in found.objects(ENDPOINTS)
        # A missing condition means ready (discovery.k8s.io/v1).
        if any(
            boolean(dig(endpoint, "conditions", "ready")) is not False
            for endpoint in mappings(each.get("endpoints"))
        )
    }


def _webhook(obj: Document, services: set[str] | None, ready: set[str] | None) -> Webhook:
    service = dig(obj, "clientConfig", "service")
    name, namespace = text(dig(service, "name")), text(dig(service, "namespace"))
    if not name or not namespace:
        return Webhook(name=text(obj.get("name")))
    key = f"{namespace}/{name}"
    return Webhook(
        name=text(obj.get("name")),
        service=key,
        service_exists=None if services is None else key in services,
        ready_endpoints=None if ready is None else key in ready,
    )


GROUP = Group(("webhook_configurations",), _reads, _parts)
