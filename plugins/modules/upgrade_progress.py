#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation of the action plugin of the same name, which takes its options from here.

from __future__ import annotations

DOCUMENTATION = r"""
module: upgrade_progress
short_description: Follow an upgrade until a diagnosis settles it
version_added: 0.1.0
description:
  - Waits until the upgrade's job has ended well, and prints each change.
  - When nothing has changed for O(still_after) seconds, or after O(diagnose_every) seconds, it reads the whole evidence and
    diagnoses it. As long as the verdict is C(moving) it prints the headline and waits further; a second C(unknown) in a
    row, and every other verdict, ends the wait.
  - While helm is at work on a release of an upgrade that is C(stuck), the diagnosis is made anew once that helm has ended,
    at most three times and after O(stale_after) seconds each. That also holds without O(wait).
  - The last evidence and findings are written into the artifacts folder as C(evidence-after.json) and
    C(findings-after.json).
  - It fails with the error C(stalled) when the time is up and the upgrade is still C(moving).
  - In check mode it diagnoses once and does not wait.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  wait:
    description: Wait; else it diagnoses once.
    type: bool
    default: true
  timeout:
    description: Seconds to wait altogether.
    type: int
    default: 3600
  still_after:
    description: Seconds without any change after which it diagnoses.
    type: int
    default: 150
  diagnose_every:
    description: Seconds after which it diagnoses although something changes; what is tried again and again changes, too.
    type: int
    default: 600
  lock_holder:
    description: As in M(harvester_ops.remediation.remediation_wait).
    type: str
    default: ""
  stale_after:
    description: As in M(harvester_ops.remediation.upgrade_info).
    type: int
    default: 600
  expected_versions:
    description: As in M(harvester_ops.remediation.upgrade_info).
    type: dict
    default: {}
  rules_dirs:
    description: Directories with further rules.
    type: list
    elements: path
    default: []
extends_documentation_fragment:
  - harvester_ops.remediation.run
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.kubernetes_auth
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details: It changes nothing but the time of the lock.
  idempotent:
    support: full
seealso:
  - module: harvester_ops.remediation.remediation_wait
  - module: harvester_ops.remediation.upgrade_diagnosis
"""

EXAMPLES = r"""
---
- name: Follow the upgrade
  harvester_ops.remediation.upgrade_progress:
    timeout: 3600
    directory: /var/lib/remediation
    run_id: 20261123T150000Z-3f9c21
  register: upgrade

- name: Show what the upgrade is at
  ansible.builtin.debug:
    msg: "{{ upgrade.findings.headline }}"
"""

RETURN = r"""
evidence:
  description: The evidence of the last diagnosis, as M(harvester_ops.remediation.upgrade_info) returns it.
  returned: success
  type: dict
findings:
  description: The findings document, see the filter P(harvester_ops.remediation.diagnose#filter).
  returned: success
  type: dict
"""
