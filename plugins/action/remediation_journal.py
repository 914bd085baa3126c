# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write down what a repair does; documented in plugins/modules/remediation_journal.py."""

from __future__ import annotations

from typing import ClassVar

from ..modules import remediation_journal
from ..plugin_utils._module_action import OwnModuleAction


class ActionModule(OwnModuleAction):
    """Runs the module without a process of its own where it can."""

    MODULE: ClassVar = remediation_journal
