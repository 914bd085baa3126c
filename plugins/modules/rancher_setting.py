#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rancher_setting
short_description: Set one of Rancher's Settings
version_added: 0.1.0
description:
  - Sets C(.value) of a C(settings.management.cattle.io) object. An empty value makes the Setting's
    default apply, which is how a pinned C(shell-image) is reset.
  - The Setting C(server-version) is never written. It says which Rancher runs, and written by hand
    it would hide just that.
  - A Setting that Rancher's environment overrules (C(CATTLE_<NAME>)) is not written either, because Rancher would not
    read the new value.
  - Contents that sound like credentials or certificates are not returned.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  name:
    description: Name of the Setting.
    type: str
    required: true
  value:
    description: The value it shall have.
    type: str
    required: true
  expected_value:
    description:
      - The value it must have to be changed. Any other value, except O(value) itself, fails with
        C(precondition-failed).
    type: str
extends_documentation_fragment:
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.change
"""

EXAMPLES = r"""
---
- name: Reset the image that runs helm for Rancher
  harvester_ops.remediation.rancher_setting:
    name: shell-image
    value: ""
    expected_value: rancher/shell:v0.1.26
"""

RETURN = r"""
object:
  description: The object, as C(Kind/namespace/name).
  returned: success
  type: str
  sample: Setting/shell-image
before:
  description: The fields the module is about as they were.
  returned: success
  type: dict
  sample:
    value: rancher/shell:v0.1.26
    default: rancher/shell:v0.4.0
    source: ""
after:
  description: The same fields as they are now, or would be in check mode.
  returned: success
  type: dict
  sample:
    value: ""
    default: rancher/shell:v0.4.0
    source: ""
"""

from typing import Any, NoReturn

from ..module_utils._module import run_change
from ..module_utils._steps.setting import set_value

ARGUMENT_SPEC: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "value": {"type": "str", "required": True},
    "expected_value": {"type": "str"},
}


def main() -> NoReturn:
    """Run the module."""
    run_change(ARGUMENT_SPEC, set_value)


if __name__ == "__main__":
    main()
