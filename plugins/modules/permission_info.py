#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: permission_info
short_description: Find out whether the account may do all that a plan does
version_added: 0.1.0
description:
  - Asks the API server for every permission that the steps of a plan need (SelfSubjectAccessReview) and
    fails with C(forbidden) and the list of those that are missing, before anything is written.
  - What helm needs depends on the chart. Asked for is what the charts are made of that a Harvester
    upgrade waits for, including C(escalate) and C(bind), without which nobody may apply their roles.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  plan:
    description: The plan document.
    type: dict
    required: true
  backup_namespace:
    description:
      - Namespace of the cluster that the backup will be kept in.
      - Without one no permissions for a backup in the cluster are asked for.
    type: str
    default: ""
extends_documentation_fragment:
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.attributes.info_module
seealso:
  - module: harvester_ops.remediation.helm_info
"""

EXAMPLES = r"""
---
- name: Find out before the first write whether all of the plan may be done
  harvester_ops.remediation.permission_info:
    plan: "{{ lookup('ansible.builtin.file', 'remediation-artifacts/plan.json') | from_json }}"
"""

RETURN = r"""
checked:
  description: How many permissions the plan needs; the account has them all.
  returned: success
  type: int
  sample: 14
"""

from typing import Any, NoReturn

from ..module_utils._documents.plan import Plan
from ..module_utils._module import ModuleContext, run_module
from ..module_utils._plan.permissions import require

ARGUMENT_SPEC: dict[str, Any] = {
    "plan": {"type": "dict", "required": True},
    "backup_namespace": {"type": "str", "default": ""},
}


def handle(context: ModuleContext) -> dict[str, Any]:
    """Ask for all permissions."""
    plan = Plan.from_dict(context.params["plan"])
    checked = require(context.client(), plan, context.params["backup_namespace"])
    return {"changed": False, "checked": checked}


def main() -> NoReturn:
    """Run the module."""
    run_module(ARGUMENT_SPEC, handle)


if __name__ == "__main__":
    main()
