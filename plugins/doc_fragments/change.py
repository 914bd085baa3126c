# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """What the modules have in common that make one guarded change of one object."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    support: full
    details: The write goes through the API server's dry run.
  diff_mode:
    support: full
  idempotent:
    support: full
"""
    EXPECTED_UID = r"""
options:
  expected_uid:
    description:
      - UID the object must have if it is to be changed. The module fails when it was made anew, and
        changes nothing.
    type: str
"""
