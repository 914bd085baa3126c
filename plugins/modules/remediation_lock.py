#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_lock
short_description: Hold the lock of a cluster while it is being repaired
version_added: 0.1.0
description:
  - Two runs at once on one cluster would undo each other. The lock is a Lease in the cluster, so
    that also runs from different machines see each other.
  - A lock is held for O(duration) seconds from its last renewal. A live lock of somebody else is
    never taken; the error C(lock-held) says who holds it, since when, until when and what for.
  - A lock is taken over when it has expired, or when it is proven that its holder is dead, because it
    ran on this machine, by the same user, and neither it nor anything that it started for a step is
    there any more. RV(taken_over_from) then says whose it was.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  state:
    description:
      - V(held) takes the lock, or renews it when O(holder) holds it already.
      - V(renewed) renews it, and fails with the error C(lock-lost) when O(holder) holds it no longer. It never takes it.
      - V(released) gives it back; nothing happens when O(holder) does not hold it.
    type: str
    choices: [held, renewed, released]
    default: held
  holder:
    description: Who holds it, for example user, machine and run.
    type: str
    required: true
  purpose:
    description: What it is held for. Shown to those who find it held.
    type: str
    default: ""
  process:
    description:
      - The process that holds the lock, as its action plugin describes the one that runs the play.
      - Empty when nobody shall be able to tell that it is dead. Renewing a lock without it keeps it.
    type: str
    default: ""
  duration:
    description:
      - Seconds after the last renewal at which the lock counts as abandoned.
      - It must be longer than the longest step between two renewals.
    type: int
    default: 180
  namespace:
    description: Namespace of the Lease.
    type: str
    default: harvester-system
  name:
    description: Name of the Lease.
    type: str
    default: harvester-ops-remediation
extends_documentation_fragment:
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: A lock has no content to compare.
  idempotent:
    support: full
    details: Renewing a lock does not count as a change.
"""

EXAMPLES = r"""
---
- name: Take the lock
  harvester_ops.remediation.remediation_lock:
    state: held
    holder: "{{ lookup('ansible.builtin.env', 'USER') }}@{{ lookup('ansible.builtin.pipe', 'hostname') }}"
    purpose: repair of upgrade hvst-upgrade-x7k2p
  register: cluster_lock

- name: Give it back
  harvester_ops.remediation.remediation_lock:
    state: released
    holder: "{{ cluster_lock.lock.holder }}"
"""

RETURN = r"""
lock:
  description:
    - The lock as it is now, or would be in check mode.
    - With O(state=released) null, or the lock somebody else holds.
  returned: success
  type: dict
  sample:
    namespace: harvester-system
    name: harvester-ops-remediation
    holder: ops@jump1/20261123T150000Z-3f9c
    purpose: repair of upgrade hvst-upgrade-x7k2p
    since: "2026-11-23T15:00:00Z"
    renewed: "2026-11-23T15:04:10Z"
    expires: "2026-11-23T15:19:10Z"
taken_over_from:
  description: The expired lock of somebody else that was taken over, in the shape of RV(lock); else null.
  returned: success
  type: dict
"""

from typing import Any, NoReturn

from ..module_utils._core.names import LOCK_NAME, LOCK_NAMESPACE
from ..module_utils._module import ModuleContext, run_module
from ..module_utils._run.cluster_lock import (
    SILENT_SECONDS,
    LockRequest,
    free,
    hold,
    renew,
)

ARGUMENT_SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["held", "renewed", "released"], "default": "held"},
    "holder": {"type": "str", "required": True},
    "purpose": {"type": "str", "default": ""},
    "process": {"type": "str", "default": ""},
    "duration": {"type": "int", "default": SILENT_SECONDS},
    "namespace": {"type": "str", "default": LOCK_NAMESPACE},
    "name": {"type": "str", "default": LOCK_NAME},
}


def handle(context: ModuleContext) -> dict[str, Any]:
    """Hold, renew or release."""
    request = LockRequest(
        holder=context.params["holder"],
        purpose=context.params["purpose"],
        process=context.params["process"],
        duration_seconds=context.params["duration"],
        namespace=context.params["namespace"],
        name=context.params["name"],
        dry_run=context.check_mode,
    )
    if context.params["state"] == "released":
        return free(context.client(), request)
    if context.params["state"] == "renewed":
        return renew(context.client(), request)
    result = hold(context.client(), request)
    previous = result["taken_over_from"]
    if previous is not None:
        context.warn(
            f"The lock of {previous['holder']}, last renewed at {previous['renewed']}, was taken over:"
            " that run is dead. It did not end in an orderly way: read its journal."
        )
    return result


def main() -> NoReturn:
    """Run the module."""
    run_module(ARGUMENT_SPEC, handle)


if __name__ == "__main__":
    main()
