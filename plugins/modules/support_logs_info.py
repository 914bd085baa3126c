#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: support_logs_info
short_description: Read the logs that a support ticket about a stuck upgrade needs
version_added: 0.1.0
description:
  - Reads the logs of the upgrade job, of Rancher, rancher-webhook and the helm operations, of Fleet, of the
    system-upgrade-controller, of Cluster API and of Harvester, in parallel, with credentials replaced. Of a container
    that has restarted also the log of the run before.
  - A log that cannot be read, or not as a whole, is listed in RV(missing); the rest is read all the same.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  limit_bytes:
    description: How much is kept of one log. Of a longer one these are its newest lines.
    type: int
    default: 5242880
  total_bytes:
    description:
      - How much is kept of all logs together. What is beyond is listed in RV(missing); the logs of the upgrade job and of
        Rancher come first.
    type: int
    default: 67108864
  upgrade_log:
    description:
      - Whether to fetch the archive that Harvester's Download Log has made of the latest upgrade, too, with
        O(limit_bytes) and O(total_bytes) of its own. It has the logs of pods that are gone. None is generated.
      - Takes the permissions in C(files/rbac/collect-upgrade-log.yml).
    type: bool
    default: false
extends_documentation_fragment:
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.attributes.info_module
seealso:
  - module: harvester_ops.remediation.upgrade_info
"""

EXAMPLES = r"""
---
- name: Read the logs for a ticket
  harvester_ops.remediation.support_logs_info:
  register: logs
"""

RETURN = r"""
files:
  description:
    - C(namespace/pod/container.log) to the text of the log; C(container.log.1) is that before the last restart.
  returned: success
  type: dict
  sample:
    harvester-system/hvst-upgrade-x7k2p-apply-manifests-87wf5/apply.log: "2026-11-23T15:00:00Z Upgrading Rancher"
upgrade_log:
  description: Path in the archive of the upgrade to the text of the log; empty without O(upgrade_log).
  returned: success
  type: dict
  sample:
    logs/harvester-system.hvst-upgrade-x7k2p-apply-manifests-87wf5.apply.20261123.log: "Upgrading Rancher"
missing:
  description: What could not be read or is not whole, with the reason.
  returned: success
  type: list
  elements: dict
  sample: []
"""

from pathlib import Path
from typing import Any, NoReturn

from ..module_utils._evidence.live.support_logs import (
    TOTAL_BYTES,
    SupportLogs,
    read_support_logs,
)
from ..module_utils._evidence.live.upgrade_log_archive import read_upgrade_log
from ..module_utils._module import ModuleContext, run_module


def read(context: ModuleContext) -> dict[str, Any]:
    """The module's work."""
    limits = {name: context.params[name] for name in ("limit_bytes", "total_bytes")}
    client = context.client()
    logs, recorded = read_support_logs(client, **limits), SupportLogs()
    if context.params["upgrade_log"]:
        recorded = read_upgrade_log(client, Path(context.tmpdir), **limits)
    return {
        "changed": False,
        "files": logs.files,
        "upgrade_log": recorded.files,
        "missing": [*logs.missing, *recorded.missing],
    }


def main() -> NoReturn:
    """Run the module."""
    options = {
        "limit_bytes": {"type": "int", "default": 5242880},
        "total_bytes": {"type": "int", "default": TOTAL_BYTES},
        "upgrade_log": {"type": "bool", "default": False},
    }
    run_module(options, read)


if __name__ == "__main__":
    main()
