#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_bundle
short_description: Have fleet deploy a Bundle again
version_added: 0.1.0
description:
  - Raises C(spec.forceSyncGeneration) of a Bundle. Fleet then deploys it again with the same content.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  state:
    description: What shall be.
    type: str
    choices: [resynced]
    default: resynced
  name:
    description: Name of the Bundle.
    type: str
    required: true
  namespace:
    description: Namespace of the Bundle.
    type: str
    default: fleet-local
  generation:
    description:
      - The generation to reach. A Bundle that has reached it is left alone, so that a second run
        changes nothing.
      - Without it the number is raised by one on every run.
    type: int
extends_documentation_fragment:
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.change
  - harvester_ops.remediation.change.expected_uid
"""

EXAMPLES = r"""
---
- name: Have the Harvester bundle deployed again
  harvester_ops.remediation.fleet_bundle:
    name: mcc-harvester
    generation: 3
"""

RETURN = r"""
object:
  description: The object, as C(Kind/namespace/name).
  returned: success
  type: str
  sample: Bundle/fleet-local/mcc-harvester
before:
  description: The fields the module is about as they were.
  returned: success
  type: dict
  sample:
    forceSyncGeneration: 2
after:
  description: The same fields as they are now, or would be in check mode.
  returned: success
  type: dict
  sample:
    forceSyncGeneration: 3
"""

from typing import Any, NoReturn

from ..module_utils._module import run_change
from ..module_utils._steps.generation import resync_bundle

ARGUMENT_SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["resynced"], "default": "resynced"},
    "name": {"type": "str", "required": True},
    "namespace": {"type": "str", "default": "fleet-local"},
    "generation": {"type": "int"},
    "expected_uid": {"type": "str"},
}


def main() -> NoReturn:
    """Run the module."""
    run_change(ARGUMENT_SPEC, resync_bundle)


if __name__ == "__main__":
    main()
