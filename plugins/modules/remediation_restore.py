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
  - Brings the selected objects back as they were saved by M(harvester_ops.remediation.remediation_backup).
    One that is gone is created, one that differs is replaced, one that is the same stays.
  - Brings the history of whole Helm releases back exactly as it was, every revision with its name, labels,
    type, annotations and content. Only Helm's record goes back, the objects of the release stay as they are.
  - Every file of the set is held against its checksum first, and the set must be of this cluster.
  - The API server tries every write before the first is kept. What will be replaced or deleted is saved
    before, in a backup set of its own, and read again afterwards.
  - An owner that was made anew is referred to by its present UID; a reference to one that is gone is left out.
  - What would do harm is refused. Upgrade, Job and Pod are records of what ran. A CRD that exists comes
    forward with its chart. A single Helm revision only comes back as the last one of its release, and only
    while nobody works on that. An index only comes back to the very ClusterRepo it was made for.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  path:
    description: Folder of the set. Either this or O(id).
    type: path
  id:
    description: Name of a set that the cluster keeps.
    type: str
  namespace:
    description: Namespace of the sets in the cluster.
    type: str
    default: harvester-ops-backups
  objects:
    description:
      - The objects as C(Kind/namespace/name), or C(Kind/name) for those of the cluster.
      - Where that is more than one, as C(Kind.group/namespace/name).
    type: list
    elements: str
    default: []
  releases:
    description: The Helm releases whose history comes back, as C(namespace/name).
    type: list
    elements: str
    default: []
  parts:
    description:
      - Everything of these kinds that the set holds and that may come back.
      - V(config_maps) are those without the indexes, V(fleet) is Clusters and Bundles.
      - V(plan) undoes the plan that the set was made for. It is the histories of the releases that the plan changes,
        their later revisions deleted, the objects that helm has made for them in their namespace, and the other objects
        of its steps; objects that helm has made for these releases since are deleted. Definitions of custom resources stay.
    type: list
    elements: str
    choices: [plan, releases, config_maps, settings, cluster_repos, fleet, managed_charts, webhooks]
    default: []
  delete_later_revisions:
    description:
      - Whether revisions of O(releases) that the set does not hold are deleted, so that the history is exactly
        as it was. Without it a release that has such revisions is refused.
    type: bool
    default: false
  stale_after:
    description: Seconds after which a pending last revision of O(releases) counts as abandoned.
    type: int
    default: 600
  directory:
    description: Folder below which what is replaced is saved first, as C(before-restore-RUN_ID).
    type: path
    required: true
  location:
    description: Where that set is kept, as in M(harvester_ops.remediation.remediation_backup).
    type: str
    choices: [directory, cluster, both]
    default: directory
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
  - harvester_ops.remediation.backup_passphrase
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
  - module: harvester_ops.remediation.remediation_backup_info
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

- name: Bring the history of fleet back exactly as it was before the repair
  harvester_ops.remediation.remediation_restore:
    id: backup-20261123T150000Z-3f9c
    releases:
      - cattle-fleet-system/fleet
    delete_later_revisions: true
    directory: /var/lib/remediation
    run_id: 20261123T170000Z-81aa
"""

RETURN = r"""
objects:
  description:
    - Every selected object with its C(action), which is V(created), V(replaced), V(deleted) or V(unchanged).
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
stays:
  description: What the plan has made and the undo does not delete, each with the reason.
  returned: success
  type: list
  elements: str
diff_text:
  description: What is different, as a unified diff without secrets.
  returned: success
  type: str
safety_backup:
  description:
    - The set that holds what was replaced, as RV(harvester_ops.remediation.remediation_backup#module:backup).
    - Null when nothing was replaced, and in check mode, which writes no set.
  returned: success
  type: dict
"""

from pathlib import Path
from typing import Any, NoReturn

from ..module_utils._backup.back_up import LOCATIONS, BackupRequest
from ..module_utils._backup.backup_set import read_set
from ..module_utils._backup.cluster import load, place
from ..module_utils._backup.vault import PASSPHRASE_SPEC, passphrase_of
from ..module_utils._core.names import BACKUP_NAMESPACE
from ..module_utils._module import ModuleContext, run_module
from ..module_utils._restore.restore import RestoreRequest, restore
from ..module_utils._restore.selection import PARTS, PLAN, Selection

ARGUMENT_SPEC: dict[str, Any] = {
    "path": {"type": "path"},
    "id": {"type": "str"},
    "namespace": {"type": "str", "default": BACKUP_NAMESPACE},
    "objects": {"type": "list", "elements": "str", "default": []},
    "releases": {"type": "list", "elements": "str", "default": []},
    "parts": {"type": "list", "elements": "str", "choices": [PLAN, *PARTS], "default": []},
    "delete_later_revisions": {"type": "bool", "default": False},
    "stale_after": {"type": "int", "default": 600},
    "directory": {"type": "path", "required": True},
    "location": {"type": "str", "choices": list(LOCATIONS), "default": "directory"},
    "run_id": {"type": "str", "required": True},
    "approved_plan": {"type": "str", "default": ""},
    **PASSPHRASE_SPEC,
}


def handle(context: ModuleContext) -> dict[str, Any]:
    """Read the set and bring back what was asked for."""
    params, client = context.params, context.client()
    passphrase = passphrase_of(params)
    if params["path"]:
        files, where = read_set(Path(params["path"]), passphrase), params["path"]
    else:
        files = load(client, params["namespace"], params["id"], passphrase)
        where = place(params["namespace"], params["id"])
    selection = Selection(params["objects"], params["releases"], params["parts"])
    request = RestoreRequest(
        files,
        where,
        selection,
        BackupRequest(
            directory=Path(params["directory"]),
            set_id=f"before-restore-{params['run_id']}",
            location=params["location"],
            namespace=params["namespace"],
            reason=f"before a restoration from {where}",
            passphrase=passphrase,
            dry_run=context.check_mode,
        ),
        delete_later=params["delete_later_revisions"] or selection.is_undo,
        stale_after=params["stale_after"],
        fingerprint=params["approved_plan"],
    )
    result = restore(client, request)
    differences = result.pop("differences")
    return {**result, "diff": differences} if context.diff else result


def main() -> NoReturn:
    """Run the module."""
    run_module(
        ARGUMENT_SPEC,
        handle,
        required_one_of=[("path", "id"), ("objects", "releases", "parts")],
        mutually_exclusive=[("path", "id"), ("passphrase", "passphrase_file")],
    )


if __name__ == "__main__":
    main()
