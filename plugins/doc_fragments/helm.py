# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """Which helm program is run."""

    DOCUMENTATION = r"""
options:
  helm_binary:
    description:
      - Name or path of the helm program, Helm 3.10 or newer or Helm 4.
      - Flags are spelled as its version wants them. It runs in a session of its own with the credentials
        in its environment, and goes on to its end when the terminal or the module goes away.
    type: str
    default: helm
requirements:
  - pyhelm3 >= 0.5
  - helm (Helm 3.10 or newer, or Helm 4)
"""
