#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_backup
short_description: Save what a repair will touch
version_added: 0.1.0
description:
  - Saves every object that the steps of O(plan) change, all revisions of the Helm releases that Rancher and
    Harvester keep, with values, manifest and hooks of the last one and of the last that was deployed, and
    what one needs to understand and undo a repair of a stuck upgrade, that is Upgrade, Job, pods with their
    logs, ConfigMaps C(fleet-controller) and C(rancher-config), ClusterRepos with every chunk of their
    indexes, Settings, the Deployment of Rancher, fleet's Clusters, Bundles and BundleDeployments with their
    CRDs, its agent, ManagedCharts and webhook configurations.
  - The set is a folder with one JSON file per object and a C(manifest.json) with the SHA-256 of each.
    It gets its name only after it was written whole, read back and compared.
  - It fails when something a step changes exists and cannot be saved. What else could not be read is
    listed in RV(backup.missing).
  - The set holds credentials. Folders have mode 0700, files 0600. With a passphrase it is encrypted.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  plan:
    description:
      - The plan document of M(harvester_ops.remediation.repair_plan).
      - Without it, everything that does not depend on a plan is saved.
    type: dict
    default: {}
  directory:
    description: Folder below which the set is written, as C(backup-RUN_ID).
    type: path
    required: true
  run_id:
    description:
      - Name of the run the set is made for.
      - A whole set of this run for the same plan and cluster is kept as it is.
    type: str
    required: true
  location:
    description:
      - V(directory) writes the set to O(directory).
      - V(cluster) keeps it in the cluster, as Secrets in O(namespace), for the case that the folder is lost,
        as with an execution environment that is thrown away after the job.
      - V(both) does both.
    type: str
    choices: [directory, cluster, both]
    default: directory
  namespace:
    description: Namespace of the set in the cluster. It is made when it is not there.
    type: str
    default: harvester-ops-backups
  reason:
    description: Why the set is made, for the person who has to choose one. By default the plan's fingerprint.
    type: str
    default: ""
  keep:
    description:
      - How many sets of a cluster are kept, in O(directory) and in O(namespace) each. The oldest go first.
      - V(0) keeps all. The newest of a cluster is never removed, and neither is one younger than a day.
    type: int
    default: 0
  keep_days:
    description: For how many days sets are kept. V(0) knows no limit; otherwise as O(keep).
    type: int
    default: 0
extends_documentation_fragment:
  - harvester_ops.remediation.backup_passphrase
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
attributes:
  check_mode:
    support: full
    details: Everything is read and checked; nothing is written.
  diff_mode:
    support: none
    details: A set holds credentials.
  idempotent:
    support: full
seealso:
  - module: harvester_ops.remediation.remediation_backup_info
  - module: harvester_ops.remediation.remediation_restore
"""

EXAMPLES = r"""
---
- name: Save what the plan will touch
  harvester_ops.remediation.remediation_backup:
    plan: "{{ plan_document }}"
    directory: /var/lib/remediation
    run_id: 20261123T150000Z-3f9c
  register: saved

- name: Save the state of the cluster without a plan, encrypted, with a copy in the cluster
  harvester_ops.remediation.remediation_backup:
    directory: /var/lib/remediation
    run_id: before-the-weekend
    reason: before the maintenance of the weekend
    location: both
    passphrase_file: /etc/remediation/passphrase
    keep: 10
    keep_days: 90
"""

RETURN = r"""
backup:
  description: The set.
  returned: success
  type: dict
  contains:
    id:
      description: Its name, C(backup-RUN_ID).
      type: str
      sample: backup-20261123T150000Z-3f9c
    path:
      description: Its folder, null when only the cluster keeps it, and in check mode, which writes none.
      type: str
      sample: /var/lib/remediation/backup-20261123T150000Z-3f9c
    namespace:
      description: Namespace of the cluster that keeps it, null when only a folder does, and in check mode.
      type: str
    encrypted:
      description: Whether it is encrypted.
      type: bool
    reason:
      description: Why it was made.
      type: str
    plan_fingerprint:
      description: Fingerprint of the plan it was made for, empty without one.
      type: str
    tool_version:
      description: Version of this collection.
      type: str
    server:
      description: URL of the API server it was read from.
      type: str
    manifest_sha256:
      description: SHA-256 of its C(manifest.json), which holds those of all other files.
      type: str
    created_at:
      description: When it was made, RFC3339 UTC.
      type: str
      sample: "2026-11-23T15:00:00Z"
    cluster_uid:
      description: UID of namespace C(kube-system) of its cluster.
      type: str
    files:
      description: Number of files, the manifest not counted.
      type: int
    bytes:
      description: Size of all files together.
      type: int
    objects:
      description:
        - C(Kind/namespace/name) to C(path) and C(sha256) of the file that holds the object.
        - There is no C(path) when the set is encrypted, only in the cluster, or, in check mode, not written.
      type: dict
      sample:
        ConfigMap/cattle-fleet-system/fleet-controller:
          path: /var/lib/remediation/backup-20261123T150000Z-3f9c/objects/ConfigMap.v1/cattle-fleet-system/fleet-controller.json
          sha256: 0b6fd3c7a6e7ed5ea7d2b4b4a3a4a8ad2a5e9f41f4ab8df0b6f0dca13ca41baf
    missing:
      description: What exists and could not be read, with the C(reason). What does not exist is not listed.
      type: list
      elements: dict
    cluster_copy:
      description: The Secrets of the set in the cluster, written by this task, or in check mode tried.
      type: list
      elements: str
    removed:
      description: Sets that were removed because of O(keep) and O(keep_days).
      type: list
      elements: str
    retention_note:
      description: Why old sets could not be removed, empty when they could.
      type: str
secrets:
  description:
    - C(namespace/name) of every saved Secret to C(path) and C(sha256) of its file, and C(content_sha256),
      a digest of what bringing it back needs.
    - M(harvester_ops.remediation.helm_release) with C(state=unlocked) asks for them.
  returned: success
  type: dict
"""

from pathlib import Path
from typing import Any, NoReturn

from ..module_utils._backup.back_up import LOCATIONS, BackupRequest, back_up
from ..module_utils._backup.retention import Retention
from ..module_utils._backup.vault import PASSPHRASE_SPEC, passphrase_of
from ..module_utils._core.names import BACKUP_NAMESPACE
from ..module_utils._module import ModuleContext, run_module

ARGUMENT_SPEC: dict[str, Any] = {
    "plan": {"type": "dict", "default": {}},
    "directory": {"type": "path", "required": True},
    "run_id": {"type": "str", "required": True},
    "location": {"type": "str", "choices": list(LOCATIONS), "default": "directory"},
    "namespace": {"type": "str", "default": BACKUP_NAMESPACE},
    "reason": {"type": "str", "default": ""},
    "keep": {"type": "int", "default": 0},
    "keep_days": {"type": "int", "default": 0},
    **PASSPHRASE_SPEC,
}


def handle(context: ModuleContext) -> dict[str, Any]:
    """Write the set, or read for it in check mode."""
    params = context.params
    request = BackupRequest(
        directory=Path(params["directory"]),
        set_id=f"backup-{params['run_id']}",
        location=params["location"],
        namespace=params["namespace"],
        reason=params["reason"],
        passphrase=passphrase_of(params),
        retention=Retention(params["keep"], params["keep_days"]),
        dry_run=context.check_mode,
    )
    result = back_up(context.client(), params["plan"], request)
    for missing in result["backup"]["missing"]:
        context.log(f"not saved: {missing['what']}: {missing['reason']}")
    if result["backup"]["retention_note"]:
        context.warn(result["backup"]["retention_note"])
    return result


def main() -> NoReturn:
    """Run the module."""
    run_module(ARGUMENT_SPEC, handle, mutually_exclusive=[("passphrase", "passphrase_file")])


if __name__ == "__main__":
    main()
