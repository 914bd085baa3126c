# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be shown before an upgrade is called healthy, and whether the evidence shows it.

Every obligation is looked at in every diagnosis. Whether a rule exists that explains a failure does not matter here: an
obligation that is not met keeps the verdict from being ``healthy``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .._documents.findings import Obligation
from .._documents.vocabulary import Discharge
from . import proof_of_objects as objects
from . import proof_of_upgrade as upgrade
from .facts.document import Facts
from .looked import Looked

_SHOWN = 6


@dataclass(frozen=True)
class _Duty:
    """An obligation before it is looked at. The sources are what it cannot be met without."""

    id: str
    checked: str
    sources: tuple[str, ...]
    look: Callable[[Facts], Looked]


_DUTIES = (
    _Duty("job", "The upgrade job is over and did its work.", (), upgrade.job),
    _Duty(
        "rancher-version",
        "Rancher is the one that this Harvester brings.",
        ("rancher_deployment",),
        upgrade.rancher_version,
    ),
    _Duty(
        "releases",
        "Every chart of Rancher is deployed as wanted, and Rancher has nothing left to do.",
        ("releases", "settings", "chart_index", "features"),
        upgrade.releases,
    ),
    _Duty(
        "helm-operations",
        "No helm operation of the last hour failed without a later success.",
        ("helm_pods",),
        upgrade.helm_operations,
    ),
    _Duty(
        "managed-charts",
        "Every ManagedChart is ready.",
        ("managed_charts",),
        objects.managed_charts,
    ),
    _Duty("bundles", "Every Bundle is ready.", ("bundles",), objects.bundles),
    _Duty(
        "webhooks",
        "Admission webhooks can be reached and are trusted.",
        ("webhook_configurations",),
        objects.webhooks,
    ),
    _Duty(
        "workloads",
        "The workloads of Rancher, Fleet and Cluster API are ready.",
        ("rancher_deployment", "fleet_workloads", "fleet_agent", "pods", "capi_pods"),
        objects.workloads,
    ),
    _Duty(
        "fleet",
        "Fleet has the address of the cluster, and the agent that was asked for.",
        ("fleet_config", "fleet_cluster"),
        objects.fleet,
    ),
    _Duty(
        "cluster",
        "The local cluster is provisioned.",
        ("provisioning_cluster", "capi_cluster"),
        objects.cluster,
    ),
    _Duty("plans", "Every Plan is complete, or nodes carry it out.", ("plans",), objects.plans),
    _Duty("nodes", "Every node is ready and not cordoned.", ("nodes",), objects.nodes),
)
OBLIGATIONS = tuple(duty.id for duty in _DUTIES)


def obligations(facts: Facts) -> list[Obligation]:
    """All obligations, each with its result. Pure, and total on damaged evidence."""
    return [_discharged(duty, facts) for duty in _DUTIES]


def discharged(all_of_them: Sequence[Obligation]) -> bool:
    """Whether nothing stands against calling the upgrade healthy."""
    return all(each.result in (Discharge.MET, Discharge.NOT_APPLICABLE) for each in all_of_them)


def open_words(all_of_them: Sequence[Obligation]) -> list[str]:
    """What is not met, in words: what failed before what could not be checked."""
    return [
        each.words or each.checked or ""
        for result in (Discharge.FAILED, Discharge.NOT_CHECKED)
        for each in all_of_them
        if each.result == result
    ]


def _discharged(duty: _Duty, facts: Facts) -> Obligation:
    looked = duty.look(facts)
    unread = [
        f"{name} could not be read" for name in duty.sources if not facts.evidence.readable(name)
    ]
    if looked.wrong:
        result, said = Discharge.FAILED, looked.wrong
    elif looked.open or unread:
        result, said = Discharge.NOT_CHECKED, (*unread, *looked.open)
    elif looked.good:
        result, said = Discharge.MET, looked.good
    else:
        result, said = Discharge.NOT_APPLICABLE, (looked.reason or "there is none",)
    return Obligation(
        id=duty.id,
        checked=duty.checked,
        sources=duty.sources,
        objects=tuple(dict.fromkeys(looked.objects))[:50],
        result=result.value,
        words=_sentence(said),
    )


def _sentence(parts: Sequence[str]) -> str:
    shown = "; ".join(part[:300] for part in parts[:_SHOWN])
    more = len(parts) - _SHOWN
    whole = f"{shown}; and {more} more" if more > 0 else shown
    return f"{whole[:1].upper()}{whole[1:]}."
