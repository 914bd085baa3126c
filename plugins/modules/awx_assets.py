#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation of the action plugin of the same name, which takes its options from here.

from __future__ import annotations

DOCUMENTATION = r"""
module: awx_assets
short_description: Import assets in the export format of AWX
version_added: 0.1.0
description:
  - Makes AWX or Automation Controller what assets say, in the format that C(awx export) writes and C(awx import)
    reads. In contrast to the latter it writes only where something differs, and tells in check mode what it would write.
  - Nothing is deleted, and nothing is taken away from an object that exists.
  - Secrets cannot be compared. A credential that exists keeps those it has.
  - The connection options of the cluster are taken, so that defaults of the action group fit, and not used.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  assets:
    description:
      - The assets by their kind, of C(credential_types), C(execution_environments), C(notification_templates),
        C(projects), C(inventory), C(credentials), C(job_templates) and C(workflow_job_templates).
    type: dict
    required: true
  organization:
    description: Organization to take where the assets say C(Default). It has to exist.
    type: str
    default: Default
  overrides:
    description: Kind of assets to fields that are given other values than in the assets.
    type: dict
    default: {}
  leave_out:
    description: Types, for example C(notification_template), whose assets and every reference to them are left out.
    type: list
    elements: str
    default: []
  clusters:
    description:
      - Clusters, each with its C(name) and the C(inputs) of its credential. For each of them a credential, every workflow
        and every schedule of the assets are imported with the name of the cluster in theirs; the job templates then ask
        for a credential at launch.
      - Without C(inputs) the credential has to exist.
    type: list
    elements: dict
    default: []
  shared_assets:
    description: Assets like O(assets) that are the same whatever O(clusters) are, for example those over a whole inventory.
    type: dict
    default: {}
  instance_groups:
    description: Instance groups, best first, that the job templates run in. They have to exist.
    type: list
    elements: str
    default: []
  job_slice_count:
    description: Into how many jobs the job templates are cut that look after a whole inventory; V(0) for what the assets say.
    type: int
    default: 0
  approver_teams:
    description:
      - Teams of the organization that get the role Approve on the workflows, and Read on the job templates. Without
        the latter they cannot read the plan they approve.
    type: list
    elements: str
    default: []
  controller_host:
    description: URL of the controller. Falls back to E(CONTROLLER_HOST) and E(TOWER_HOST).
    type: str
    required: true
  controller_token:
    description: OAuth token. Falls back to E(CONTROLLER_OAUTH_TOKEN) and E(TOWER_OAUTH_TOKEN).
    type: str
  controller_username:
    description: User, when there is no token. Falls back to E(CONTROLLER_USERNAME) and E(TOWER_USERNAME).
    type: str
  controller_password:
    description: Password of the user. Falls back to E(CONTROLLER_PASSWORD) and E(TOWER_PASSWORD).
    type: str
  controller_validate_certs:
    description:
      - Whether the controller's certificate is checked; it is, unless this is V(false).
      - Falls back to E(CONTROLLER_VERIFY_SSL) and E(TOWER_VERIFY_SSL).
    type: bool
  controller_api_path:
    description:
      - Path of the API on the controller, for example V(/api/controller/v2/). Without it the controller is asked at C(/api/), which
        finds the one of AWX and the one behind the gateway of Automation Platform 2.5 and later.
    type: str
    default: ""
extends_documentation_fragment:
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.kubernetes_auth
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: The names of the fields that differ are returned.
  idempotent:
    support: full
"""

EXAMPLES = r"""
---
- name: Import the job templates, with the playbooks of another branch
  harvester_ops.remediation.awx_assets:
    controller_host: https://awx.example.com
    controller_token: "{{ awx_token }}"
    organization: Operations
    assets: "{{ lookup('ansible.builtin.file', 'templates.yml') | from_yaml }}"
    overrides:
      projects:
        scm_branch: main
"""

RETURN = r"""
objects:
  description: What was done, or in check mode would be, with every object.
  returned: success
  type: list
  elements: dict
  contains:
    object:
      description: Type and name.
      type: str
      sample: "job_template/Harvester upgrade: diagnose"
    action:
      description: V(created), V(changed) or V(unchanged).
      type: str
      sample: changed
    fields:
      description: What differed; of a created object only what was attached to it.
      type: list
      elements: str
      sample: [extra_vars]
"""
