#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# One observation. The action plugin of the same name repeats it and tells what changes.

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_wait
short_description: Wait for something in a cluster that is being upgraded, and tell how it stands
version_added: 0.1.0
description:
  - Waits for one O(condition). Each change is printed as one line on the terminal, with what is waited
    for, how it stands, for how long it was waited and how much time is left.
  - When the time is up it fails with the error C(stalled), the last state seen and what to do next.
  - What can never come true ends the wait at once, such as an upgrade whose job has failed.
  - The API server may be away in between, as it is while a node is upgraded.
  - In check mode it looks once and does not wait.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  condition:
    description:
      - V(actor_finished) is that nobody runs helm on O(release), as far as the cluster shows it, and that
        its last revision is not pending, or has been so for O(stale_after) seconds.
      - V(release_version) is that the last revision of O(release) is deployed at O(chart_version).
      - V(rollout) is that all pods of a workload are new and available.
      - V(system_services_upgraded) is that the upgrade's job has ended well.
      - V(index_has) is that the chart index of a ClusterRepo lists O(charts).
    type: str
    choices:
      - actor_finished
      - release_version
      - rollout
      - system_services_upgraded
      - index_has
    required: true
  namespace:
    description: Namespace of the release or workload.
    type: str
  release:
    description: Name of the Helm release.
    type: str
  chart_version:
    description: Version of the chart, compared byte for byte.
    type: str
  start_within:
    description:
      - With O(condition=release_version), seconds within which somebody must have begun to work on the
        release. V(0) does not limit it.
    type: int
    default: 0
  still_after:
    description:
      - Seconds after which the wait ends with RV(outcome=stood-still) because nothing has changed meanwhile and no helm
        run of Rancher's is at work. V(0) does not limit it.
    type: int
    default: 0
  stale_after:
    description:
      - With O(condition=actor_finished), the age in seconds from which a pending revision is nobody's
        although helm may run on it where it cannot be seen.
    type: int
    default: 600
  required:
    description:
      - Whether it is an error when the condition does not come true in time.
      - Without it, RV(outcome) says so, and a release at which somebody has worked in vain is not
        waited for any longer.
    type: bool
    default: true
  kind:
    description: Kind of the workload.
    type: str
    choices: [Deployment, StatefulSet, DaemonSet]
    default: Deployment
  name:
    description: Name of the workload, or of the ClusterRepo, V(rancher-charts) by default.
    type: str
  charts:
    description: Charts that the index must list.
    type: list
    elements: dict
    suboptions:
      chart:
        description: Name of the chart.
        type: str
        required: true
      version:
        description: Its version, compared byte for byte.
        type: str
        required: true
  lock_holder:
    description:
      - Holder of the cluster lock, which is renewed as long as it is waited. When it holds it no longer, the wait ends
        with the error C(lock-lost). When the run is interrupted (Ctrl-C) while it waits here, that lock is given back.
      - With V("") no lock is held.
    type: str
    default: ""
  timeout:
    description: Seconds to wait.
    type: int
    default: 600
  interval:
    description: Seconds between two looks.
    type: int
    default: 5
  observation:
    description:
      - What was seen last, and for how many C(seconds) to look for a change of it.
      - Set by the action plugin; not to be set in a playbook.
    type: dict
    default: {}
extends_documentation_fragment:
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details: It changes nothing but the time of the lock.
  idempotent:
    support: full
"""

EXAMPLES = r"""
---
- name: Wait until the upgrade's job has ended
  harvester_ops.remediation.remediation_wait:
    condition: system_services_upgraded
    timeout: 3600

- name: Give Rancher ninety seconds to begin and five minutes to end an upgrade of fleet
  harvester_ops.remediation.remediation_wait:
    condition: release_version
    namespace: cattle-fleet-system
    release: fleet
    chart_version: 106.0.0+up0.12.0
    start_within: 90
    required: false
    timeout: 300
  register: rancher

- name: Wait for the fleet controller
  harvester_ops.remediation.remediation_wait:
    condition: rollout
    namespace: cattle-fleet-system
    name: fleet-controller
"""

RETURN = r"""
outcome:
  description:
    - V(reached), or without O(required) V(not-begun) when nobody began within O(start_within), and
      V(not-reached) when the time was up or the one who worked on it has ended without reaching it.
    - V(stood-still) when nothing has changed for O(still_after) seconds.
    - In check mode V(reached) or V(pending).
  returned: success
  type: str
  sample: reached
state:
  description: How it stood at last.
  returned: success
  type: str
  sample: revision 4 is deployed at 106.0.0+up0.12.0
note:
  description: The same for people, when it was waited in vain.
  returned: when O(required) is false and it was not reached
  type: str
  sample: "Waited 20 s, nobody began with it: revision 3 is deployed at 105.0.2+up0.11.2."
waited_seconds:
  description: How long it was waited.
  returned: success
  type: int
"""

from typing import Any, NoReturn

from ..module_utils._module import ModuleContext, run_module
from ..module_utils._run.cluster_lock import LockRequest, renew
from ..module_utils._waits.conditions import CONDITIONS
from ..module_utils._waits.options import ARGUMENT_SPEC, REQUIRED_IF, filled
from ..module_utils._waits.watch import look_until_change


def handle(context: ModuleContext) -> dict[str, Any]:
    """Look until something differs from what was seen last."""
    params = filled(context.params)
    client, before = context.client(), context.params["observation"]
    if params["lock_holder"] and not context.check_mode:
        renew(client, LockRequest(params["lock_holder"]))
    baseline: dict[str, Any] = before.get("baseline") or {}
    condition = CONDITIONS[params["condition"]]
    seen = look_until_change(
        lambda: condition.look(client, params, baseline),
        str(before.get("state") or ""),
        seconds=0.0 if context.check_mode else float(before.get("seconds") or 0),
        interval=params["interval"],
    )
    return {"changed": False, "observation": seen.to_dict()}


def main() -> NoReturn:
    """Run the module."""
    run_module(ARGUMENT_SPEC, handle, required_if=REQUIRED_IF)


if __name__ == "__main__":
    main()
