# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What helm has left over in the live objects of a release, looked for where it can be what holds its pods back.

Reading the objects of a release costs some thirty requests, so it is done only for a release of Rancher's whose last
revision has failed, or in whose namespace a workload's pods have not been ready for a while.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ..._core.lenient import Document, dig, mappings
from ..._core.redaction import Redactor
from ..._documents.evidence import LeftField
from ..._helm import storage
from ..._helm.clean import merge_base
from ..._helm.leftovers import ObjectLeftovers, Search
from ..._helm.manifest import is_built_in
from ..._kube.reader import Reader
from .objects import created_at, pod_is_ready
from .reading import Context, Found, Reads

Key = tuple[str, str]  # namespace, release

_PATIENCE = 60
_WORKLOADS = frozenset({"ReplicaSet", "StatefulSet", "DaemonSet"})


def leftovers_name(key: Key) -> str:
    """The name of the read."""
    return f"leftovers:{key[0]}/{key[1]}"


def leftover_reads(
    context: Context, found: Found, key: Key, revisions: Sequence[storage.Revision]
) -> Reads:
    """The read of what is left over, nothing where it does not matter."""
    last = revisions[0] if revisions else None
    if last is None or not last.decoded or last.status not in ("deployed", "failed"):
        return {}
    if last.status == "deployed" and not _pods_wait(context, found, key[0]):
        return {}
    return {leftovers_name(key): partial(_look, key, list(revisions))}


def left_fields(found: Found, key: Key, redactor: Redactor) -> tuple[LeftField, ...] | None:
    """The fields left over; None where they were not looked for."""
    if not found.ok(leftovers_name(key)):
        return None
    objects: list[ObjectLeftovers] = found.value(leftovers_name(key))
    return tuple(
        LeftField(each.object, each.field, each.value, each.revision)
        for one in objects
        for each in one.shown(redactor)
        # Of other kinds it is not known what the API server fills in.
        if is_built_in(one.key) or each.revision is not None
    )


def _look(key: Key, revisions: Sequence[storage.Revision], client: Reader) -> list[ObjectLeftovers]:
    known = [each for each in revisions if each.decoded]
    return Search(client, *key, known).fields(known[0].manifest, merge_base(known))


def _pods_wait(context: Context, found: Found, namespace: str) -> bool:
    return any(_waits(context, pod) for pod in found.objects(f"pods:{namespace}"))


def _waits(context: Context, pod: Document) -> bool:
    owners = mappings(dig(pod, "metadata", "ownerReferences"))
    age = context.age(created_at(pod))
    going = dig(pod, "metadata", "deletionTimestamp")
    of_workload = bool(owners) and owners[0].get("kind") in _WORKLOADS
    return of_workload and not going and not pod_is_ready(pod) and (age or 0) >= _PATIENCE
