# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields that earlier revisions of a release have left in its live objects, and whose pods they hold back (FM 6.3b)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from ..._documents.evidence import Evidence, LeftField, Release
from .pods import UNSCHEDULABLE, AwaitedRollout, Trouble, pod_troubles, trouble_of

_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
_TEMPLATE = "spec.template."
_SELECTS_NODES = re.compile(r"\.spec\.(nodeSelector|affinity\.nodeAffinity|affinity$|nodeName)")
_NO_SUCH_NODE = re.compile(r"node affinity/selector|node selector|requested node name")

T = TypeVar("T", Trouble, AwaitedRollout)


@dataclass(frozen=True)
class LeftOver:
    """A field that is left, and the newest revision known that has set it."""

    object: str | None
    field: str | None
    value: str | None
    set_by: int | None


@dataclass(frozen=True)
class ReleaseLeftovers:
    """``fields`` (empty also where nobody looked: ``looked``), ``held``: those in the pod templates of workloads whose pods
    are in lasting trouble, ``why`` they are, ``nodes``: the field for which the scheduler finds no node, ``set_by``.
    """

    looked: bool
    fields: tuple[LeftOver, ...]
    held: tuple[LeftOver, ...]
    workloads: tuple[str, ...]
    why: str
    nodes: str | None
    set_by: int | None


def release_leftovers(evidence: Evidence, release: Release) -> ReleaseLeftovers:
    """What is left in the objects of a release."""
    fields = release.leftovers or ()
    known = pod_troubles(evidence) if fields else ()
    troubles = {
        each.object: trouble
        for each in fields
        if _in_template(each) and (trouble := _trouble(known, each))
    }
    held = [each for each in fields if each.object in troubles and _in_template(each)]
    chosen = [each for each in held if _finds_no_node(each, troubles[each.object])]
    numbers = [each.revision for each in fields if each.revision is not None]
    return ReleaseLeftovers(
        looked=release.leftovers is not None,
        fields=tuple(map(_left_over, fields)),
        held=tuple(map(_left_over, held)),
        workloads=tuple(sorted({each.object or "" for each in held})),
        why="; ".join(dict.fromkeys(troubles[each.object].why for each in held)),
        nodes=_named(chosen[0]) if chosen else None,
        set_by=max(numbers, default=None),
    )


def with_left_over(found: Sequence[T], leftovers: Iterable[ReleaseLeftovers]) -> tuple[T, ...]:
    """Say also of every workload in trouble whether a finding on its release explains it (``left_over``)."""
    workloads = {workload for each in leftovers for workload in each.workloads}
    return tuple(
        replace(each, left_over=f"{each.kind}/{each.namespace}/{each.name}" in workloads)
        for each in found
    )


def _in_template(each: LeftField) -> bool:
    return (each.field or "").startswith(_TEMPLATE)


def _trouble(known: Sequence[Trouble], each: LeftField) -> Trouble | None:
    """The lasting trouble of the pods of the workload that a field is in."""
    kind, namespace, name = [*(each.object or "").split("/"), "", "", ""][:3]
    found = trouble_of(known, namespace, name) if kind in _WORKLOADS else None
    return found if found and found.kind == kind and found.lasting else None


def _finds_no_node(each: LeftField, trouble: Trouble) -> bool:
    about_nodes = _NO_SUCH_NODE.search(trouble.why)
    return bool(
        trouble.class_ == UNSCHEDULABLE and about_nodes and _SELECTS_NODES.search(each.field or "")
    )


def _left_over(each: LeftField) -> LeftOver:
    return LeftOver(each.object, each.field, each.value, set_by=each.revision)


def _named(each: LeftField) -> str:
    return f"{(each.field or '').removeprefix('spec.template.spec.')} {each.value or ''}".strip()
