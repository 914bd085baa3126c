#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_config
short_description: Put apiServerURL and its CA back into fleet's configuration
version_added: 0.1.0
description:
  - An upgrade of the fleet chart writes the ConfigMap C(cattle-fleet-system/fleet-controller) anew
    with an empty C(apiServerURL), so fleet cannot deploy its agent any more.
  - Only C(apiServerURL) and C(apiServerCA) are written, and only where they are empty. All other
    keys stay, and so does the format, JSON or YAML.
  - The values come from the Settings C(internal-server-url) and C(internal-cacerts), else from
    O(saved), else the URL is made of the ClusterIP of the Service C(cattle-system/rancher) and the
    CA is that of the Setting C(cacerts).
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  state:
    description: What shall be.
    type: str
    choices: [present]
    default: present
  saved:
    description:
      - The ConfigMap as it was before the upgrade, for example from a backup set.
    type: dict
seealso:
  - module: harvester_ops.remediation.fleet_agent
extends_documentation_fragment:
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.change
  - harvester_ops.remediation.change.expected_uid
"""

EXAMPLES = r"""
---
- name: Put back what the chart upgrade has wiped
  harvester_ops.remediation.fleet_config:
"""

RETURN = r"""
object:
  description: The object, as C(Kind/namespace/name).
  returned: success
  type: str
  sample: ConfigMap/cattle-fleet-system/fleet-controller
before:
  description: The fields the module is about as they were.
  returned: success
  type: dict
  sample:
    apiServerURL: ""
    apiServerCA: ""
after:
  description: The same fields as they are now, or would be in check mode.
  returned: success
  type: dict
  sample:
    apiServerURL: https://10.53.107.21/
    apiServerCA: present (1460 characters)
sources:
  description: Where each written value comes from, V(settings), V(saved) or V(service).
  returned: success
  type: dict
  sample:
    apiServerURL: settings
    apiServerCA: settings
"""

from typing import Any, NoReturn

from ..module_utils._module import run_change
from ..module_utils._steps.fleet_config import restore

ARGUMENT_SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["present"], "default": "present"},
    "saved": {"type": "dict"},
    "expected_uid": {"type": "str"},
}


def main() -> NoReturn:
    """Run the module."""
    run_change(ARGUMENT_SPEC, restore)


if __name__ == "__main__":
    main()
