# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: clusters_index
short_description: Make the index of a run over many clusters
version_added: 0.1.0
description:
  - Sorts the outcomes of all clusters, counts the verdicts and gathers which plans wait for approval.
  - Names hosts that turned out to be one and the same cluster.
  - A pure function.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
positional: run
options:
  _input:
    description: Host to outcome, see P(harvester_ops.remediation.cluster_outcome#filter); an empty one of a host that broke off.
    type: dict
    required: true
  run:
    description: C(work), C(finished_at) and C(check_mode) of the run.
    type: dict
    required: true
seealso:
  - plugin: harvester_ops.remediation.cluster_outcome
    plugin_type: filter
  - plugin: harvester_ops.remediation.summary
    plugin_type: filter
"""

EXAMPLES = r"""
---
- name: Make the index
  ansible.builtin.set_fact:
    report_index: "{{ outcomes | harvester_ops.remediation.clusters_index({'work': 'diagnose'}) }}"
"""

RETURN = r"""
_value:
  description: The index document, schema C(harvester_ops.remediation/clusters-index/v1).
  type: dict
"""


from ..module_utils._report.clusters import clusters_index
from ..plugin_utils._document_filter import filter_module

FilterModule = filter_module(clusters_index=clusters_index)
