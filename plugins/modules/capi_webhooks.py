#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: capi_webhooks
short_description: Delete a left-over webhook configuration of Cluster API
version_added: 0.1.0
description:
  - A Rancher that no longer brings Cluster API with a chart of its own may leave webhook
    configurations behind whose Service is gone. Every change of a Cluster API object then fails.
  - Only the four names that Cluster API's charts have used are deleted, and only when none of the
    Services they call exists. That is looked up right before the deletion.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  state:
    description: What shall be.
    type: str
    choices: [absent]
    default: absent
  kind:
    description: Kind of the configuration.
    type: str
    choices: [MutatingWebhookConfiguration, ValidatingWebhookConfiguration]
    required: true
  name:
    description: Name of the configuration.
    type: str
    required: true
  uid:
    description: UID it must have.
    type: str
extends_documentation_fragment:
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.change
"""

EXAMPLES = r"""
---
- name: Delete the configuration nobody answers for
  harvester_ops.remediation.capi_webhooks:
    kind: MutatingWebhookConfiguration
    name: mutating-webhook-configuration
"""

RETURN = r"""
object:
  description: The object, as C(Kind/namespace/name).
  returned: success
  type: str
  sample: MutatingWebhookConfiguration/mutating-webhook-configuration
before:
  description: The fields the module is about as they were; null when it was gone already.
  returned: success
  type: dict
  sample:
    services:
      - cattle-provisioning-capi-system/webhook-service
after:
  description: The same fields as they are now, or would be in check mode; always null.
  returned: success
  type: dict
  sample: null
"""

from typing import Any, NoReturn

from ..module_utils._module import run_change
from ..module_utils._steps.capi_webhooks import RESOURCES, delete_orphaned

ARGUMENT_SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["absent"], "default": "absent"},
    "kind": {"type": "str", "choices": sorted(RESOURCES), "required": True},
    "name": {"type": "str", "required": True},
    "uid": {"type": "str"},
}


def main() -> NoReturn:
    """Run the module."""
    run_change(ARGUMENT_SPEC, delete_orphaned)


if __name__ == "__main__":
    main()
