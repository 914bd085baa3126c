#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_workspace
short_description: Give the local cluster its fleet workspace
version_added: 0.1.0
description:
  - Sets the label C(provisioning.cattle.io/management-cluster-name=local) and
    C(status.fleetWorkspaceName=fleet-local) on the provisioning Cluster C(fleet-local/local), as the
    upgrade script does right after the Rancher step.
  - Clusters installed long ago lack both, and their agent and bundles are then not updated.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  state:
    description: What shall be.
    type: str
    choices: [present]
    default: present
  expected_workspace:
    description:
      - The workspace name that is to be replaced, empty for none. The module fails when it is another
        one, and not the wanted one either.
    type: str
extends_documentation_fragment:
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.change
  - harvester_ops.remediation.change.expected_uid
"""

EXAMPLES = r"""
---
- name: Set label and workspace
  harvester_ops.remediation.fleet_workspace:
"""

RETURN = r"""
object:
  description: The object, as C(Kind/namespace/name).
  returned: success
  type: str
  sample: Cluster/fleet-local/local
before:
  description: The fields the module is about as they were.
  returned: success
  type: dict
  sample:
    label: null
    fleetWorkspaceName: null
after:
  description: The same fields as they are now, or would be in check mode.
  returned: success
  type: dict
  sample:
    label: local
    fleetWorkspaceName: fleet-local
"""

from typing import Any, NoReturn

from ..module_utils._module import run_change
from ..module_utils._steps.local_cluster import set_fleet_workspace

ARGUMENT_SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["present"], "default": "present"},
    "expected_workspace": {"type": "str"},
    "expected_uid": {"type": "str"},
}


def main() -> NoReturn:
    """Run the module."""
    run_change(ARGUMENT_SPEC, set_fleet_workspace)


if __name__ == "__main__":
    main()
