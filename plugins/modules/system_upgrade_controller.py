#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: system_upgrade_controller
short_description: Restart the system upgrade controller for a Plan that hangs
version_added: 0.1.0
description:
  - Replaces the pods of the Deployment C(cattle-system/system-upgrade-controller) by a rolling
    restart.
  - The Plan it is done for is noted in the pod template, so that one Plan leads to one restart. A
    restart that did not help is not repeated.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  state:
    description: What shall be.
    type: str
    choices: [restarted]
    default: restarted
  plan:
    description: Name of the Plan in C(cattle-system) that hangs.
    type: str
    required: true
  expected_plan_uid:
    description: UID the Plan must have. The module fails when it was made anew, and changes nothing.
    type: str
extends_documentation_fragment:
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.change
"""

EXAMPLES = r"""
---
- name: Restart the controller
  harvester_ops.remediation.system_upgrade_controller:
    plan: hvst-upgrade-x7k2p-skip-restart-rancher-system-agent
"""

RETURN = r"""
object:
  description: The object, as C(Kind/namespace/name).
  returned: success
  type: str
  sample: Deployment/cattle-system/system-upgrade-controller
before:
  description: The fields the module is about as they were.
  returned: success
  type: dict
  sample:
    restarted_for: null
after:
  description: The same fields as they are now, or would be in check mode.
  returned: success
  type: dict
  sample:
    restarted_for: hvst-upgrade-x7k2p-skip-restart-rancher-system-agent/0b6f2d3c-6f0e-4f0e-9d5b-0a4c2f1d7e11
"""

from typing import Any, NoReturn

from ..module_utils._module import run_change
from ..module_utils._steps.upgrade_controller import restart_for

ARGUMENT_SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["restarted"], "default": "restarted"},
    "plan": {"type": "str", "required": True},
    "expected_plan_uid": {"type": "str"},
}


def main() -> NoReturn:
    """Run the module."""
    run_change(ARGUMENT_SPEC, restart_for)


if __name__ == "__main__":
    main()
