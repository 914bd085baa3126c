#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_backup_info
short_description: List, show and verify backup sets
version_added: 0.1.0
description:
  - Lists the backup sets that M(harvester_ops.remediation.remediation_backup) has written, in a folder, in
    the cluster, or both. Damaged and half-written ones are listed as such.
  - With O(path) or O(id) one set is opened, every file of it is held against its checksum, and what is in
    it is returned, without any content. A set that cannot be used is an error that says why.
  - No cluster is needed for sets in a folder. Nothing is ever written.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  directory:
    description: Folder whose sets are listed.
    type: path
  in_cluster:
    description: Whether the sets in O(namespace) of the cluster are listed.
    type: bool
    default: false
  path:
    description: Folder of the one set to verify.
    type: path
  id:
    description: Name of the one set to verify, of those in the cluster.
    type: str
  namespace:
    description: Namespace of the sets in the cluster.
    type: str
    default: harvester-ops-backups
extends_documentation_fragment:
  - harvester_ops.remediation.backup_passphrase
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.attributes.info_module
seealso:
  - module: harvester_ops.remediation.remediation_backup
  - module: harvester_ops.remediation.remediation_restore
"""

EXAMPLES = r"""
---
- name: List the sets in a folder, without any cluster
  harvester_ops.remediation.remediation_backup_info:
    directory: ./remediation-artifacts
  register: kept

- name: Verify the newest one
  harvester_ops.remediation.remediation_backup_info:
    path: "{{ (kept.sets | rejectattr('problem') | first).path }}"

- name: List those in the cluster
  harvester_ops.remediation.remediation_backup_info:
    in_cluster: true
"""

RETURN = r"""
schema:
  description: What P(harvester_ops.remediation.summary#filter) knows the result by.
  returned: success
  type: str
  sample: harvester_ops.remediation/backup-sets/v1
sets:
  description: The sets that were found, the newest of a place first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Its name.
      type: str
      sample: backup-20261123T150000Z-3f9c
    path:
      description: Its folder, null for one in the cluster.
      type: str
    namespace:
      description: Its namespace, null for one in a folder.
      type: str
    created_at:
      description: When it was made, RFC3339 UTC.
      type: str
      sample: "2026-11-23T15:00:00Z"
    cluster_uid:
      description: UID of namespace C(kube-system) of its cluster.
      type: str
    server:
      description: URL of the API server it was read from.
      type: str
    reason:
      description: Why it was made.
      type: str
    plan_fingerprint:
      description: Fingerprint of the plan it was made for.
      type: str
    tool_version:
      description: Version of the collection that wrote it.
      type: str
    encrypted:
      description: Whether it is encrypted.
      type: bool
    problem:
      description: Why it cannot be used, empty when nothing is known to be wrong.
      type: str
set:
  description:
    - The one set of O(path) or O(id), with all that RV(sets) says of it, and more when it was RV(set.opened).
  returned: with O(path) or O(id)
  type: dict
  contains:
    opened:
      description: V(false) for an encrypted set without a passphrase, whose archive alone was verified.
      type: bool
    objects:
      description: Every object in it, as C(Kind/namespace/name).
      type: list
      elements: str
    releases:
      description: C(namespace/name) of every release in it to its revisions.
      type: dict
      sample: {cattle-fleet-system/fleet: ["3", "4"]}
    only_to_read:
      description: Objects that are never brought back.
      type: list
      elements: str
    missing:
      description: What could not be saved, with the C(reason).
      type: list
      elements: dict
    files:
      description: Number of files.
      type: int
    bytes:
      description: Size of all files together.
      type: int
    manifest_sha256:
      description: SHA-256 of its manifest.
      type: str
"""

from pathlib import Path
from typing import Any, NoReturn

from ..module_utils._backup.backup_set import read_set
from ..module_utils._backup.vault import PASSPHRASE_SPEC, passphrase_of
from ..module_utils._core.names import BACKUP_NAMESPACE
from ..module_utils._module import ModuleContext, run_module
from ..module_utils._restore.catalog import (
    SETS_SCHEMA,
    checked_cover,
    opened,
    opened_in_cluster,
    sets_in_cluster,
    sets_in_folder,
)

ARGUMENT_SPEC: dict[str, Any] = {
    "directory": {"type": "path"},
    "in_cluster": {"type": "bool", "default": False},
    "path": {"type": "path"},
    "id": {"type": "str"},
    "namespace": {"type": "str", "default": BACKUP_NAMESPACE},
    **PASSPHRASE_SPEC,
}


def handle(context: ModuleContext) -> dict[str, Any]:
    """List what there is, and open the one that is named."""
    params = context.params
    sets: list[dict[str, Any]] = []
    if params["directory"]:
        sets += sets_in_folder(Path(params["directory"]))
    if params["in_cluster"]:
        sets += sets_in_cluster(context.client(), params["namespace"])
    result: dict[str, Any] = {"changed": False, "schema": SETS_SCHEMA, "sets": sets}
    if params["path"] or params["id"]:
        result["set"] = _one(context)
    return result


def _one(context: ModuleContext) -> dict[str, Any]:
    params, passphrase = context.params, passphrase_of(context.params)
    if params["id"]:
        return opened_in_cluster(context.client(), params["namespace"], params["id"], passphrase)
    path = Path(params["path"])
    cover = checked_cover(path)
    if cover is not None and passphrase is None:
        return cover
    files = read_set(path, passphrase)
    return opened(files, str(path), path=str(path), encrypted=cover is not None)


def main() -> NoReturn:
    """Run the module."""
    run_module(
        ARGUMENT_SPEC,
        handle,
        mutually_exclusive=[("path", "id"), ("passphrase", "passphrase_file")],
    )


if __name__ == "__main__":
    main()
