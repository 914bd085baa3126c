#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation of the action plugin of the same name, which takes its options from here.

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_run
short_description: Name a run and read what it is asked for
version_added: 0.1.0
description:
  - Gives a run its name, its folder and its holder of the cluster lock, and reads C(--tags) and C(--skip-tags) as phases.
  - Reads the settings of the run, the variables C(remediation_*), and checks them against the argument specification of
    the role P(harvester_ops.remediation.settings#role). An empty text or null, as surveys of AWX give it, is the default;
    numbers, booleans and texts become what the setting is. A value that cannot is refused.
  - Where O(work) is V(remediate_stuck_upgrade), tags that name no phase, contradict each other or leave out what another
    phase needs are refused.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  work:
    description: Name of the playbook that is run.
    type: str
    default: ""
extends_documentation_fragment:
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.kubernetes_auth
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details: It changes nothing.
  idempotent:
    support: none
    details: Every run has a name of its own.
seealso:
  - module: harvester_ops.remediation.remediation_lock
"""

EXAMPLES = r"""
---
- name: Name this run
  harvester_ops.remediation.remediation_run:
    work: diagnose
  register: remediation_run
"""

RETURN = r"""
id:
  description: Name of the run, and of its folder below C(runs).
  returned: success
  type: str
  sample: 20261123T150000Z-3f9c21
started_at:
  description: When, RFC3339 UTC.
  returned: success
  type: str
  sample: "2026-11-23T15:00:00Z"
holder:
  description: Holder of the cluster lock; the job and who launched it, or the user and the machine.
  returned: success
  type: str
  sample: ops@jump1 run 3f9c21
work:
  description: O(work).
  returned: success
  type: str
  sample: diagnose
tasks:
  description: The file of C(playbooks/tasks) that does it.
  returned: success
  type: str
  sample: diagnose
alone:
  description: Whether no other cluster is part of the run.
  returned: success
  type: bool
job:
  description: The job of AWX that the run is, with C(number), C(user) and C(workflow); null elsewhere.
  returned: success
  type: dict
  sample: {number: "42", user: alice, workflow: "41"}
settings:
  description:
    - The settings by their names without C(remediation_), in the type that each has. Secret ones are left out.
    - C(detect_fail_on) and C(preflight_fail_on) are among them.
  returned: success
  type: dict
  sample: {stale_after: 600, auto_approve: [low]}
root:
  description: The folder for all documents, the setting C(remediation_artifacts_dir), absolute.
  returned: success
  type: str
  sample: /home/ops/remediation-artifacts
folder:
  description: The folder of this cluster below RV(root); empty without an inventory.
  returned: success
  type: str
  sample: clusters/edge-1
artifacts_dir:
  description: RV(folder) in RV(root).
  returned: success
  type: str
  sample: /home/ops/remediation-artifacts/clusters/edge-1
asked:
  description: The phases that the tags ask for; null for all of them.
  returned: success
  type: list
  elements: str
phases:
  description: The phases that are gone through because of that.
  returned: success
  type: list
  elements: str
  sample: [detect, plan]
"""
