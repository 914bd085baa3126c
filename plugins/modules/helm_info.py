#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: helm_info
short_description: Find the helm program and tell its version
version_added: 0.1.0
description:
  - Fails with C(helm-missing) or C(helm-unsupported) before anything depends on helm, so that a repair
    is not stopped half-way for want of it.
  - The cluster is not asked anything.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
extends_documentation_fragment:
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.helm
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.attributes.info_module
seealso:
  - module: harvester_ops.remediation.helm_release
"""

EXAMPLES = r"""
---
- name: Make sure that there is a helm to work with
  harvester_ops.remediation.helm_info:
    helm_binary: /opt/helm/bin/helm
"""

RETURN = r"""
path:
  description: The program.
  returned: success
  type: str
  sample: /usr/local/bin/helm
version:
  description: Its version.
  returned: success
  type: str
  sample: v3.22.0
"""

import asyncio
from typing import Any, NoReturn

from ..module_utils._helm.cli import HelmCli, find_helm
from ..module_utils._helm.options import HELM
from ..module_utils._module import ModuleContext, run_module


def find(context: ModuleContext) -> dict[str, Any]:
    """The module's work."""
    path = find_helm(context.params["helm_binary"])
    cli = HelmCli(path, {}, tmpdir=context.tmpdir)
    asyncio.run(cli.capabilities())
    return {"changed": False, "path": path, "version": cli.known_version}


def main() -> NoReturn:
    """Run the module."""
    run_module(HELM, find)


if __name__ == "__main__":
    main()
