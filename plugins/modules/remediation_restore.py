#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_restore
short_description: Bring objects back from a backup set
version_added: 0.1.0
description:
  - Brings the named objects back as they were saved by M(harvester_ops.remediation.remediation_backup).
    One that is gone is created, one that differs is replaced, one that is the same stays.
  - Every file of the set is held against its checksum first, and the set must be of this cluster.
  - What will be replaced is saved before, in a backup set of its own, and read again afterwards.
  - What would do harm is refused. Upgrade, Job and Pod are records of what ran. CRDs come back with
    their charts. A Helm revision only comes back as the last one of its release, and only while
    nobody works on that. An index only comes back to the very ClusterRepo it was made for.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  path:
    description: Folder of the set. Either this or O(id).
    type: path
  id:
    description: Name of a set of which the cluster has a copy.
    type: str
  namespace:
    description: Namespace of that copy.
    type: str
    default: harvester-system
  objects:
    description: The objects as C(Kind/namespace/name), or C(Kind/name) for those of the cluster.
    type: list
    elements: str
    required: true
  directory:
    description: Folder below which what is replaced is saved first, as C(before-restore-RUN_ID).
    type: path
    required: true
  run_id:
    description: Name of the run.
    type: str
    required: true
  approved_plan:
    description:
      - Fingerprint of RV(plan) of an earlier call in check mode. Nothing is done when what would be done
        is something else by now.
    type: str
    default: ""
extends_documentation_fragment:
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
attributes:
  check_mode:
    support: full
    details: The API server checks every write and keeps none.
  diff_mode:
    support: full
    details: Secrets are shown as tokens that only say whether they differ.
  idempotent:
    support: full
seealso:
  - module: harvester_ops.remediation.remediation_backup
"""

EXAMPLES = r"""
---
- name: Bring fleet's configuration back
  harvester_ops.remediation.remediation_restore:
    path: /var/lib/remediation/backup-20261123T150000Z-3f9c
    objects:
      - ConfigMap/cattle-fleet-system/fleet-controller
    directory: /var/lib/remediation
    run_id: 20261123T170000Z-81aa
"""

RETURN = r"""
objects:
  description: Every named object with its C(action), which is V(created), V(replaced) or V(unchanged).
  returned: success
  type: list
  elements: dict
  sample:
    - object: ConfigMap/cattle-fleet-system/fleet-controller
      action: replaced
plan:
  description: What is done, as a plan document, to be shown and approved.
  returned: success
  type: dict
safety_backup:
  description:
    - The set that holds what was replaced, as RV(harvester_ops.remediation.remediation_backup#module:backup).
    - Null when nothing was replaced.
  returned: success
  type: dict
"""

from pathlib import Path
from typing import Any, NoReturn

from ansible_collections.harvester_ops.remediation.plugins.module_utils._module import (
    ModuleContext,
    run_module,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.backup import (
    BackupRequest,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.backup_cluster import (
    COPY_NAMESPACE,
    load,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.backup_restore import (
    RestoreRequest,
    restore,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.backup_set import (
    read_set,
)

ARGUMENT_SPEC: dict[str, Any] = {
    "path": {"type": "path"},
    "id": {"type": "str"},
    "namespace": {"type": "str", "default": COPY_NAMESPACE},
    "objects": {"type": "list", "elements": "str", "required": True},
    "directory": {"type": "path", "required": True},
    "run_id": {"type": "str", "required": True},
    "approved_plan": {"type": "str", "default": ""},
}


def handle(context: ModuleContext) -> dict[str, Any]:
    """Read the set and bring back what was asked for."""
    params, client = context.params, context.client()
    if params["path"]:
        files, where = read_set(Path(params["path"])), params["path"]
    else:
        files = load(client, params["namespace"], params["id"])
        where = f"Backup set {params['id']} in namespace {params['namespace']}"
    safety = BackupRequest(
        directory=Path(params["directory"]),
        set_id=f"before-restore-{params['run_id']}",
        dry_run=context.check_mode,
    )
    request = RestoreRequest(files, where, params["objects"], safety, params["approved_plan"])
    result = restore(client, request)
    differences = result.pop("differences")
    return {**result, "diff": differences} if context.diff else result


def main() -> NoReturn:
    """Run the module."""
    run_module(
        ARGUMENT_SPEC,
        handle,
        required_one_of=[("path", "id")],
        mutually_exclusive=[("path", "id")],
    )


if __name__ == "__main__":
    main()
