#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation of the action plugin of the same name, which takes its options from here.

from __future__ import annotations

DOCUMENTATION = r"""
module: plan_preparation
short_description: Find out what a plan lacks before the cluster is touched
version_added: 0.1.0
description:
  - Asks for all permissions that the steps of a plan, the cluster lock and the backup need, looks for helm where a step
    uses it, and fetches and checks the charts whose digest the index knows. Nothing of the cluster is changed.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  plan:
    description: The plan document.
    type: dict
    required: true
  backup_namespace:
    description: Namespace of the cluster that will keep the backup; empty without one.
    type: str
    default: ""
  chart_options:
    description: Options of M(harvester_ops.remediation.rancher_chart), the same for all charts.
    type: dict
    default: {}
extends_documentation_fragment:
  - harvester_ops.remediation.helm
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.kubernetes_auth
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: harvester_ops.remediation.permission_info
  - module: harvester_ops.remediation.helm_info
  - module: harvester_ops.remediation.rancher_chart
  - module: harvester_ops.remediation.remediation_step
"""

EXAMPLES = r"""
---
- name: Check permissions, helm and charts
  harvester_ops.remediation.plan_preparation:
    plan: "{{ plan_document }}"
    chart_options:
      dest: /var/lib/remediation/charts
  register: prepared
"""

RETURN = r"""
checked:
  description: How many permissions were asked for.
  returned: success
  type: int
  sample: 84
charts:
  description: Release to the path of its chart; those without a known digest are fetched when their step is carried out.
  returned: success
  type: dict
  sample:
    fleet: /var/lib/remediation/charts/fleet-106.0.0+up0.12.0.tgz
"""
