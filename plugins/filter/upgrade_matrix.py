# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: upgrade_matrix
short_description: Predict every known upgrade path of Harvester
version_added: 0.1.0
description:
  - Asks the same as P(harvester_ops.remediation.upgrade_path#filter) about every pair of releases of the release
    table that goes up, from versions alone.
  - For people who plan upgrades over several releases, or test releases.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  _input:
    description: Paths of further release tables and release files; may be empty.
    type: list
    elements: path
    required: true
  current:
    description: Only paths from this version.
    type: str
    default: ""
  target:
    description: Only paths to this version.
    type: str
    default: ""
seealso:
  - plugin: harvester_ops.remediation.upgrade_path
    plugin_type: filter
  - plugin: harvester_ops.remediation.summary
    plugin_type: filter
"""

EXAMPLES = r"""
---
- name: See what a new candidate does to everybody who upgrades to it
  harvester_ops.remediation.show:
    text: >-
      {{ ['/mnt/iso/harvester-release.yaml'] | harvester_ops.remediation.upgrade_matrix(target='v1.9.0-rc7')
         | harvester_ops.remediation.summary }}
"""

RETURN = r"""
_value:
  description:
    - The matrix document. C(pairs) has an entry for each path with C(current), C(target), C(verdict), C(headline),
      C(guard), C(dependencies) and the C(checks) that did not pass, as in a preflight document.
  type: dict
"""

from typing import Any

from ..plugin_utils._document_filter import filter_module


def matrix(releases: list[str], current: str = "", target: str = "") -> dict[str, Any]:
    """The matrix document; see DOCUMENTATION."""
    from ..module_utils._harvester.upgrade_path.release_files import load_table
    from ..module_utils._preflight.matrix import upgrade_matrix

    return upgrade_matrix(load_table(releases), current=current, target=target)


FilterModule = filter_module(upgrade_matrix=matrix)
