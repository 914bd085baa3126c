#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_agent
short_description: Have fleet deploy the agent of a cluster again
version_added: 0.1.0
description:
  - Raises C(spec.redeployAgentGeneration) of a fleet Cluster. Fleet then registers the cluster again
    and replaces the agent.
  - The Cluster object is never deleted.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  state:
    description: What shall be.
    type: str
    choices: [redeployed]
    default: redeployed
  generation:
    description:
      - The generation to reach. A Cluster that has reached it is left alone, so that a second run
        changes nothing.
      - Without it the number is raised by one on every run.
    type: int
  namespace:
    description: Namespace of the Cluster.
    type: str
    default: fleet-local
  name:
    description: Name of the Cluster.
    type: str
    default: local
seealso:
  - module: harvester_ops.remediation.fleet_config
extends_documentation_fragment:
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.change
  - harvester_ops.remediation.change.expected_uid
"""

EXAMPLES = r"""
---
- name: Have the agent deployed again
  harvester_ops.remediation.fleet_agent:
    generation: "{{ cluster.status.agentDeployedGeneration + 1 }}"
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
    redeployAgentGeneration: 3
    agentDeployedGeneration: 3
after:
  description: The same fields as they are now, or would be in check mode.
  returned: success
  type: dict
  sample:
    redeployAgentGeneration: 4
    agentDeployedGeneration: 3
"""

from typing import Any, NoReturn

from ..module_utils._module import run_change
from ..module_utils._steps.generation import redeploy_agent

ARGUMENT_SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["redeployed"], "default": "redeployed"},
    "generation": {"type": "int"},
    "namespace": {"type": "str", "default": "fleet-local"},
    "name": {"type": "str", "default": "local"},
    "expected_uid": {"type": "str"},
}


def main() -> NoReturn:
    """Run the module."""
    run_change(ARGUMENT_SPEC, redeploy_agent)


if __name__ == "__main__":
    main()
