# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """What every module promises about check mode, diff and where it can run."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Says what would change without changing anything.
  diff_mode:
    description: Shows what has changed, or would change, as before and after.
  idempotent:
    description: Running it twice in a row changes nothing the second time.
  platform:
    description: The platforms the module runs on.
    platforms: posix
    support: full
  action_group:
    description: Common options can be set for all modules of the group in C(module_defaults).
    support: full
    membership:
      - harvester_ops.remediation.remediation
"""
    # For modules that only read.
    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - It only reads.
  diff_mode:
    support: N/A
    details:
      - It only reads.
  idempotent:
    support: full
    details:
      - It only reads.
"""
    # For actions that run on the controller, whatever the cluster is.
    CONTROLLER = r"""
options: {}
notes:
  - The connection options are taken, so that defaults of the action group fit, and not used.
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details: It changes nothing on the cluster.
  idempotent:
    support: full
"""
