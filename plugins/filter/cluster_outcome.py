# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_outcome
short_description: Take from a document how the run on one cluster ended
version_added: 0.1.0
description:
  - Makes the little that P(harvester_ops.remediation.clusters_index#filter) needs of each cluster.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  _input:
    description:
      - A report, findings or a preflight; a mapping with C(verdict) and C(headline); or a mapping with C(error), of a run
        that got to none of them.
    type: dict
    required: true
  report:
    description: Path of the file that a person reads next, below the artifacts folder of all clusters.
    type: str
    default: ""
  calm_verdicts:
    description: Verdicts that call for nobody. Every other one needs attention.
    type: list
    elements: str
    default: [healthy, moving, repaired, safe, saved]
seealso:
  - plugin: harvester_ops.remediation.clusters_index
    plugin_type: filter
"""

EXAMPLES = r"""
---
- name: Keep how the run on this cluster ended
  ansible.builtin.set_fact:
    remediation_outcome: "{{ report_document | harvester_ops.remediation.cluster_outcome(report='clusters/edge/report.html') }}"
"""

RETURN = r"""
_value:
  description: Verdict, headline, whether somebody is needed, fingerprint of the plan, identity of the cluster, report.
  type: dict
"""


from ..module_utils._report.in_short import cluster_outcome
from ..plugin_utils._document_filter import filter_module

FilterModule = filter_module(cluster_outcome=cluster_outcome)
