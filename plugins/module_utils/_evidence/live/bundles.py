# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ManagedCharts and Bundles of the local cluster (FM 5.6, 6.0 D.10)."""

from __future__ import annotations

from typing import Any

from ..._core.lenient import Document, dig, integer, mapping, text
from ..._documents.evidence import Bundle, ManagedChart
from ..._kube import paths
from .objects import conditions_of, identity, name_of, namespace_of
from .reading import Context, Found, Group, Parts, Reads

NAMESPACE = "fleet-local"
MANAGED_CHARTS = "managed_charts"
BUNDLES = "bundles"
SECRETS = "secrets:fleet-local"

# Fleet's own ranking of what a Bundle's deployments can be in, the worst first.
_WORST_FIRST = (
    ("errApplied", "ErrApplied"),
    ("waitApplied", "WaitApplied"),
    ("modified", "Modified"),
    ("outOfSync", "OutOfSync"),
    ("pending", "Pending"),
    ("notReady", "NotReady"),
)


def bundle_state(bundle: Document) -> str | None:
    """The worst state of a Bundle's deployments; None before Fleet has summed it up."""
    summary = mapping(dig(bundle, "status", "summary"))
    for key, state in _WORST_FIRST:
        if (integer(summary.get(key)) or 0) > 0:
            return state
    return "Ready" if summary else None


def bundle_release(bundle: Document) -> tuple[str | None, str | None]:
    """Namespace and name of the Helm release a Bundle makes."""
    spec = mapping(bundle.get("spec"))
    helm = mapping(spec.get("helm"))
    namespace = text(spec.get("namespace")) or text(spec.get("defaultNamespace"))
    return namespace, text(helm.get("releaseName")) or name_of(bundle)


def _reads(_context: Context, _found: Found) -> Reads:
    charts = paths.api("management.cattle.io/v3", "managedcharts", NAMESPACE)
    bundles = paths.api("fleet.cattle.io/v1alpha1", "bundles", NAMESPACE)
    secrets = paths.core("v1", "secrets", NAMESPACE)
    return {
        MANAGED_CHARTS: lambda client: client.list(charts),
        # Bundles carry whole charts: a few at a time keeps the answers small.
        BUNDLES: lambda client: client.list(bundles, limit=10),
        SECRETS: lambda client: client.list(secrets, metadata_only=True),
    }


def _parts(_context: Context, found: Found) -> Parts:
    fields: dict[str, Any] = {}
    if found.ok(MANAGED_CHARTS):
        charts = sorted(found.objects(MANAGED_CHARTS), key=name_of)
        fields["managed_charts"] = tuple(_managed_chart(each) for each in charts)
    if found.ok(BUNDLES):
        bundles = sorted(found.objects(BUNDLES), key=name_of)
        fields["bundles"] = tuple(_bundle(each, found) for each in bundles)
    return Parts(
        fields,
        {
            "managed_charts": found.source(MANAGED_CHARTS),
            "bundles": found.source(BUNDLES),
        },
    )


def _managed_chart(obj: Document) -> ManagedChart:
    summary = mapping(dig(obj, "status", "summary"))
    wanted, ready = integer(summary.get("desiredReady")), integer(summary.get("ready"))
    return ManagedChart(
        name=name_of(obj),
        **identity(obj),
        paused=dig(obj, "spec", "paused") is True,
        ready=None if not summary else (ready or 0) > 0 and (ready or 0) >= (wanted or 0),
        summary=summary or None,
        conditions=conditions_of(obj.get("status")),
    )


def _bundle(obj: Document, found: Found) -> Bundle:
    namespace, release = bundle_release(obj)
    summary = mapping(dig(obj, "status", "summary"))
    # The resources that are not ready are in the message already, and there can be hundreds.
    counts = {key: value for key, value in summary.items() if integer(value) is not None}
    ready = [each for each in conditions_of(obj.get("status")) if each.type == "Ready"]
    return Bundle(
        name=name_of(obj),
        namespace=namespace_of(obj),
        **identity(obj),
        release=release,
        default_namespace=namespace,
        force_sync_generation=integer(dig(obj, "spec", "forceSyncGeneration")),
        state=bundle_state(obj),
        message=(ready[0].message or "")[:2000] if ready else None,
        summary=counts or None,
        values_secret_missing=_values_secret_missing(obj, found),
    )


def _values_secret_missing(obj: Document, found: Found) -> bool | None:
    """From 0.14 on Fleet keeps a Bundle's values in a Secret of its name; the hash says that it has some (FM 6.32)."""
    if not text(dig(obj, "spec", "valuesHash")):
        return False
    if not found.ok(SECRETS):
        return None
    return name_of(obj) not in {name_of(secret) for secret in found.objects(SECRETS)}


GROUP = Group(("managed_charts", "bundles"), _reads, _parts)
