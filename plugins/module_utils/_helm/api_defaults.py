# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that the API server fills in by itself. Where the client merges, they count as set by who created the object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .field_path import Item, Path

#: Field -> what the API server writes into it when nobody does, in the kinds that charts are made of.
_VALUES: dict[str, tuple[Any, ...]] = {
    "apiGroup": ("rbac.authorization.k8s.io", ""),
    "apiVersion": ("v1",),
    "backoffLimit": (6,),
    "completionMode": ("NonIndexed",),
    "completions": (1,),
    "concurrencyPolicy": ("Allow",),
    "defaultMode": (420, 0o644),
    "dnsPolicy": ("ClusterFirst",),
    "enableServiceLinks": (True,),
    "failedJobsHistoryLimit": (1,),
    "failurePolicy": ("Fail",),
    "failureThreshold": (3,),
    "imagePullPolicy": ("Always", "IfNotPresent"),
    "internalTrafficPolicy": ("Cluster",),
    "ipFamilyPolicy": ("SingleStack",),
    "matchPolicy": ("Equivalent",),
    "maxSurge": ("25%", 0),
    "maxUnavailable": ("25%", 1),
    "minReadySeconds": (0,),
    "nodeAffinityPolicy": ("Honor",),
    "nodeTaintsPolicy": ("Ignore",),
    "parallelism": (1,),
    "partition": (0,),
    "periodSeconds": (10,),
    "podManagementPolicy": ("OrderedReady",),
    "podReplacementPolicy": ("TerminatingOrFailed",),
    "port": (443,),
    "preemptionPolicy": ("PreemptLowerPriority",),
    "progressDeadlineSeconds": (600,),
    "protocol": ("TCP",),
    "reclaimPolicy": ("Delete",),
    "reinvocationPolicy": ("Never",),
    "restartPolicy": ("Always",),
    "revisionHistoryLimit": (10,),
    "schedulerName": ("default-scheduler",),
    "scheme": ("HTTP",),
    "scope": ("*",),
    "sessionAffinity": ("None",),
    "strategy": ("None",),
    "successThreshold": (1,),
    "successfulJobsHistoryLimit": (3,),
    "suspend": (False,),
    "terminationGracePeriodSeconds": (30,),
    "terminationMessagePath": ("/dev/termination-log",),
    "terminationMessagePolicy": ("File",),
    "timeoutSeconds": (1, 10),
    "type": ("RollingUpdate", "ClusterIP", "Opaque", ""),
    "volumeBindingMode": ("Immediate",),
    "volumeMode": ("Filesystem",),
    "whenDeleted": ("Retain",),
    "whenScaled": ("Retain",),
}
#: Fields that the API server computes from others, or that others change in the course of things: an autoscaler or a
#: person scales, and without the field the API server would scale to one.
_COMPUTED = frozenset(
    {
        "clusterIP",
        "clusterIPs",
        "healthCheckNodePort",
        "ipFamilies",
        "listKind",
        "nodePort",
        "policyTypes",
        "replicas",
        "serviceAccount",
        "singular",
        "targetPort",
    }
)


def is_default(path: Path, value: Any) -> bool:
    """Whether a value may well be the API server's own; what is taken for one by mistake only stays where it is."""
    name = path[-1]
    if isinstance(name, Item):
        return False
    return _default(name, value)


def _default(name: str, value: Any) -> bool:
    if name in _COMPUTED:
        return True
    if isinstance(value, Mapping):
        return all(_default(str(key), each) for key, each in value.items())
    if isinstance(value, list):
        return not value
    return value in _VALUES.get(name, ())
