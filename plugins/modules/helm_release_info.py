#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: helm_release_info
short_description: Read Helm releases as they are stored, without helm
version_added: 0.1.0
description:
  - Reads the revisions of many releases from Helm's Secrets and answers a map of them, with every
    status, the age of the last revision, and whether it locks the release.
  - The status is that inside the stored release, which is what Helm goes by. The label of the Secret,
    which other tools show, may say something else.
  - A revision that cannot be decoded is told as such and never left out. A release without any
    revision is V(absent). A release whose Secrets cannot be read makes the module fail.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  releases:
    description: The releases to read.
    type: list
    elements: dict
    required: true
    suboptions:
      namespace:
        description: Namespace of the release.
        type: str
        required: true
      release:
        description: Name of the release.
        type: str
        required: true
  decode:
    description:
      - Which revisions are fetched and decoded. For the others only what their Secret's metadata says
        is known, and C(status) is null.
      - V(relevant) are the last one and those labelled deployed, or all when none is.
    type: str
    choices: [last, relevant, all]
    default: relevant
  with_values:
    description:
      - Whether the decoded revisions carry the values they were installed with, as C(config).
      - Secrets in them are replaced, unless O(with_secrets=true).
    type: bool
    default: false
  with_manifest:
    description: Whether the decoded revisions carry their manifest, with secrets replaced as in values.
    type: bool
    default: false
  with_secrets:
    description:
      - Whether values and manifests are returned as they are. Set C(no_log) on the task then.
    type: bool
    default: false
extends_documentation_fragment:
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.attributes.info_module
seealso:
  - module: harvester_ops.remediation.helm_release
  - module: harvester_ops.remediation.rancher_values_info
"""

EXAMPLES = r"""
---
- name: Look at the releases that a Harvester upgrade waits for
  harvester_ops.remediation.helm_release_info:
    releases:
      - namespace: cattle-fleet-system
        release: fleet-crd
      - namespace: cattle-fleet-system
        release: fleet
      - namespace: cattle-system
        release: rancher-webhook
  register: found

- name: Say which of them are locked
  ansible.builtin.debug:
    msg: "{{ found.releases | dict2items | selectattr('value.locked') | map(attribute='key') }}"

- name: Read the whole history of one release with its values, secrets replaced
  harvester_ops.remediation.helm_release_info:
    releases:
      - namespace: cattle-fleet-system
        release: fleet
    decode: all
    with_values: true
"""

RETURN = r"""
releases:
  description: The releases asked for, by namespace and name joined by a slash.
  returned: success
  type: dict
  contains:
    state:
      description:
        - The status of the last revision, V(absent) when there is no revision, or V(undecodable).
      type: str
      returned: always
      sample: pending-upgrade
    locked:
      description: Whether the last revision is pending, so that Helm refuses to upgrade it. A rollback is not refused.
      type: bool
      returned: always
    age_seconds:
      description: Age of the last revision by the API server's clock; null when it is not known.
      type: int
      returned: always
      sample: 5310
    last:
      description: The last revision, in the shape of C(revisions); null when there is none.
      type: dict
      returned: always
    deployed:
      description: Numbers of all decoded revisions that are deployed, the newest first; normally one.
      type: list
      elements: int
      returned: always
      sample: [4]
    revisions:
      description: All revisions, the newest first.
      type: list
      elements: dict
      returned: always
      sample:
        - release: fleet
          namespace: cattle-fleet-system
          revision: 5
          decoded: true
          error: null
          status: pending-upgrade
          label_status: pending-upgrade
          chart_name: fleet
          chart_version: 106.0.0+up0.12.0
          app_version: 0.12.0
          description: Preparing upgrade
          first_deployed: "2025-09-02T08:00:00Z"
          last_deployed: "2026-11-23T13:31:30Z"
          apply_method: csa
          created_at: "2026-11-23T13:31:30Z"
          secret_name: sh.helm.release.v1.fleet.v5
          secret_uid: 6f9c2f5e-2f0b-4c57-9a55-0f5f8e0a9d11
          secret_resource_version: "181224"
          labels:
            owner: helm
api_requests:
  description: Number of requests made to the API server.
  returned: success
  type: int
  sample: 4
"""

from typing import Any, NoReturn

from ..module_utils._core.redaction import redact, redact_text
from ..module_utils._helm.idleness import age_seconds
from ..module_utils._helm.storage import Revision, list_revisions
from ..module_utils._module import ModuleContext, run_module

ARGUMENT_SPEC: dict[str, Any] = {
    "releases": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "namespace": {"type": "str", "required": True},
            "release": {"type": "str", "required": True},
        },
    },
    "decode": {"type": "str", "choices": ["last", "relevant", "all"], "default": "relevant"},
    "with_values": {"type": "bool", "default": False},
    "with_manifest": {"type": "bool", "default": False},
    "with_secrets": {"type": "bool", "default": False, "no_log": False},
}


def _document(revision: Revision, params: dict[str, Any]) -> dict[str, Any]:
    document = revision.to_dict(
        with_config=params["with_values"], with_manifest=params["with_manifest"]
    )
    if not params["with_secrets"]:
        if "config" in document:
            document["config"] = redact(document["config"])
        if "manifest" in document:
            document["manifest"] = redact_text(document["manifest"])
    return document


def _release(context: ModuleContext, revisions: list[Revision]) -> dict[str, Any]:
    last = revisions[0] if revisions else None
    state = "absent" if last is None else last.status or "undecodable"
    documents = [_document(revision, context.params) for revision in revisions]
    return {
        "state": state,
        "locked": bool(last and last.locked),
        "age_seconds": age_seconds(last, context.client().now()) if last else None,
        "last": documents[0] if documents else None,
        "deployed": [each.revision for each in revisions if each.status == "deployed"],
        "revisions": documents,
    }


def handle(context: ModuleContext) -> dict[str, Any]:
    """Read every release asked for."""
    client = context.client()
    releases = {}
    for wanted in context.params["releases"]:
        namespace, release = wanted["namespace"], wanted["release"]
        revisions = list_revisions(client, namespace, release, decode=context.params["decode"])
        releases[f"{namespace}/{release}"] = _release(context, revisions)
    return {"changed": False, "releases": releases, "api_requests": context.api_requests}


def main() -> NoReturn:
    """Run the module."""
    run_module(ARGUMENT_SPEC, handle)


if __name__ == "__main__":
    main()
