#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: stv_aggregation_secret
short_description: Create the Secret stv-aggregation
version_added: 0.1.0
description:
  - Rancher 2.11 and later name the Secret C(cattle-system/stv-aggregation) in the plan that updates
    the system agent. Without it that plan, and the node phase of the upgrade, never complete.
  - The Secret is empty. One that exists is left alone, whatever it holds.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  state:
    description: What shall be.
    type: str
    choices: [present]
    default: present
extends_documentation_fragment:
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.change
"""

EXAMPLES = r"""
---
- name: Create the empty Secret
  harvester_ops.remediation.stv_aggregation_secret:
"""

RETURN = r"""
object:
  description: The object, as C(Kind/namespace/name).
  returned: success
  type: str
  sample: Secret/cattle-system/stv-aggregation
before:
  description: The fields the module is about as they were.
  returned: success
  type: dict
  sample:
    present: false
after:
  description: The same fields as they are now, or would be in check mode.
  returned: success
  type: dict
  sample:
    present: true
"""

from typing import Any, NoReturn

from ..module_utils._module import run_change
from ..module_utils._steps.local_cluster import create_stv_aggregation

ARGUMENT_SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["present"], "default": "present"},
}


def main() -> NoReturn:
    """Run the module."""
    run_change(ARGUMENT_SPEC, create_stv_aggregation)


if __name__ == "__main__":
    main()
