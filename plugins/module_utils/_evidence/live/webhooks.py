# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Admission webhooks: whether a pod answers behind them, and whether its certificate is trusted (FM 6.19, 6.20)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..._core import names
from ..._core.lenient import Document, boolean, dig, mapping, mappings, text
from ..._documents.evidence import ABSENT, OK, ServingCertificate, Webhook, WebhookConfiguration
from ..._kube import paths
from ..._kube.reader import Reader
from . import serving_certificate
from .objects import identity, label, name_of, namespace_of
from .reading import Context, Found, Group, Parts, Reads

MUTATING = "mutating_webhooks"
VALIDATING = "validating_webhooks"
SERVICES = "services"
ENDPOINTS = "endpoint_slices"
CERTIFICATE = "webhook_certificate"

RANCHER_SERVICE = "/".join(names.RANCHER_WEBHOOK)

_API = "admissionregistration.k8s.io/v1"
_KINDS = (
    ("MutatingWebhookConfiguration", MUTATING, "mutatingwebhookconfigurations"),
    ("ValidatingWebhookConfiguration", VALIDATING, "validatingwebhookconfigurations"),
)
Trust = dict[str, Any]

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
        CERTIFICATE: _read_certificate,
    }


def _read_certificate(client: Reader) -> Document:
    """The API gives a Secret whole: the key is dropped here, before anything is kept."""
    path = paths.core("v1", "secrets", "cattle-system", "cattle-webhook-tls")
    return serving_certificate.certificate_only(client.get(path))


def _parts(_context: Context, found: Found) -> Parts:
    fields: dict[str, Any] = {}
    reading = found.reading(CERTIFICATE)
    if reading.state == OK:
        fields["webhook_certificate"] = serving_certificate.serving_certificate(reading.value)
    elif reading.state == ABSENT:
        fields["webhook_certificate"] = ServingCertificate(present=False)
    if found.ok(MUTATING) and found.ok(VALIDATING):
        fields["webhook_configurations"] = tuple(
            WebhookConfiguration(
                kind=kind,
                name=name_of(obj),
                **identity(obj),
                webhooks=tuple(_webhooks(mappings(obj.get("webhooks")), found)),
            )
            for kind, name, _resource in _KINDS
            for obj in sorted(found.objects(name), key=name_of)
        )
    source = found.source(MUTATING, VALIDATING, SERVICES, ENDPOINTS)
    return Parts(
        fields,
        {"webhook_configurations": source, "webhook_certificate": found.source(CERTIFICATE)},
    )


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


def _webhooks(webhooks: list[Document], found: Found) -> Iterator[Webhook]:
    services, ready = _services(found), _ready_services(found)
    certificate = found.object(CERTIFICATE) if found.ok(CERTIFICATE) else None
    known: dict[Any, Trust] = {}
    for each in webhooks:
        config = mapping(each.get("clientConfig"))
        name, namespace = (text(dig(config, "service", key)) for key in ("name", "namespace"))
        if not name or not namespace:
            yield Webhook(name=text(each.get("name")))
            continue
        key, bundle = f"{namespace}/{name}", text(config.get("caBundle"))
        # All webhooks of a configuration usually have the same bundle, which is costly to look into.
        if (key, bundle) not in known:
            known[key, bundle] = _trust(key, bundle, certificate)
        yield Webhook(
            name=text(each.get("name")),
            service=key,
            service_exists=None if services is None else key in services,
            ready_endpoints=None if ready is None else key in ready,
            **known[key, bundle],
        )


def _trust(service: str, bundle: str | None, certificate: Document | None) -> Trust:
    """What the caBundle says; only of Rancher's webhook it is known what it serves with."""
    if bundle is None or service != RANCHER_SERVICE:
        return {"bundle": serving_certificate.fingerprint(bundle)}
    return {
        "bundle": serving_certificate.fingerprint(bundle),
        "trusted_until": serving_certificate.ends_at(bundle),
        "signed": serving_certificate.is_signed_by(certificate, bundle) if certificate else None,
    }


GROUP = Group(("webhook_configurations", "webhook_certificate"), _reads, _parts)
