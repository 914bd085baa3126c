# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """Where a run keeps its documents."""

    DOCUMENTATION = r"""
options:
  directory:
    description: The artifacts folder.
    type: path
    required: true
  run_id:
    description: Name of the folder of this run below C(runs) in the artifacts folder.
    type: str
    required: true
"""
