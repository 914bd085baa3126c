#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_journal
short_description: Write down what a repair does, as it does it
version_added: 0.1.0
description:
  - Appends one line of JSON to C(journal.jsonl) in O(directory), through to the disk, and puts an Event
    on O(object) in the cluster.
  - The file is the record. It fails when the line cannot be written. An Event that cannot be made is a
    warning, RV(event_error), and a line of its own in the journal.
  - In check mode nothing is done, so nothing is written.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  holder:
    description: Who does it, as given to M(harvester_ops.remediation.remediation_lock).
    type: str
    required: true
  entry:
    description: What happened.
    type: dict
    required: true
    suboptions:
      event:
        description: Which of the things that are written down.
        type: str
        choices: [run-begun, step-begun, step-done, step-failed, run-ended]
        required: true
      step:
        description: Id of the step of the plan.
        type: str
        default: ""
      title:
        description: What the step does, or the run is for.
        type: str
        default: ""
      detail:
        description: What came of it.
        type: str
        default: ""
  object:
    description:
      - The object it is about, as in a plan's step.
      - Without it no Event is made.
    type: dict
    suboptions:
      api_version:
        description: Its API version.
        type: str
        required: true
      kind:
        description: Its kind.
        type: str
        required: true
      namespace:
        description: Its namespace; none for an object of the cluster.
        type: str
      name:
        description: Its name.
        type: str
        required: true
      uid:
        description: Its UID.
        type: str
      resource_version:
        description: Taken because plans have it, and not used.
        type: str
extends_documentation_fragment:
  - harvester_ops.remediation.run
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: A journal only grows.
  idempotent:
    support: none
    details: Every call is one more thing that happened.
"""

EXAMPLES = r"""
---
- name: Write down that the step begins
  harvester_ops.remediation.remediation_journal:
    directory: /var/lib/remediation
    run_id: 20261123T150000Z-3f9c
    holder: ops@jump1 run 3f9c
    entry:
      event: step-begun
      step: 01-upgrade-fleet-crd
      title: Upgrade release fleet-crd to 106.0.0+up0.12.0
    object: "{{ upgrade_step.object }}"
  changed_when: false
"""

RETURN = r"""
path:
  description: The journal.
  returned: success
  type: str
  sample: /var/lib/remediation/journal.jsonl
line:
  description: The entry as it is in the journal, or would be in check mode.
  returned: success
  type: dict
  sample:
    at: "2026-11-23T15:00:00Z"
    by: ops@jump1 run 3f9c
    detail: ""
    event: step-begun
    object: Secret/cattle-fleet-system/sh.helm.release.v1.fleet-crd.v2
    run_id: 20261123T150000Z-3f9c
    step: 01-upgrade-fleet-crd
    title: Upgrade release fleet-crd to 106.0.0+up0.12.0
event:
  description: The Event that was made; null when none was.
  returned: success
  type: str
  sample: Event/cattle-fleet-system/remediation-x7k2p
event_error:
  description: Why there is no Event although there should be one; else null.
  returned: success
  type: str
"""

import json
from pathlib import Path
from typing import Any, NoReturn

from ..module_utils._core.errors import RemediationError
from ..module_utils._module import ModuleContext, run_module
from ..module_utils._run.journal import EVENTS, JOURNAL, JournalEntry, append, now, tell_cluster

ARGUMENT_SPEC: dict[str, Any] = {
    "directory": {"type": "path", "required": True},
    "run_id": {"type": "str", "required": True},
    "holder": {"type": "str", "required": True},
    "entry": {
        "type": "dict",
        "required": True,
        "options": {
            "event": {"type": "str", "choices": list(EVENTS), "required": True},
            "step": {"type": "str", "default": ""},
            "title": {"type": "str", "default": ""},
            "detail": {"type": "str", "default": ""},
        },
    },
    "object": {
        "type": "dict",
        "options": {
            "api_version": {"type": "str", "required": True},
            "kind": {"type": "str", "required": True},
            "namespace": {"type": "str"},
            "name": {"type": "str", "required": True},
            "uid": {"type": "str"},
            "resource_version": {"type": "str"},
        },
    },
}


def handle(context: ModuleContext) -> dict[str, Any]:
    """Write the line, then the Event."""
    params = context.params
    directory, reference = Path(params["directory"]), params["object"] or {}
    label = [reference.get(name) for name in ("kind", "namespace", "name")]
    entry = JournalEntry(
        at=now(),
        run_id=params["run_id"],
        by=params["holder"],
        object="/".join(part for part in label if part),
        **params["entry"],
    )
    result: dict[str, Any] = {
        "changed": True,
        "path": str(directory / JOURNAL),
        "line": json.loads(entry.line()),
        "event": None,
        "event_error": None,
    }
    if context.check_mode:
        return result
    append(directory, entry)
    if reference:
        result.update(_event(context, directory, entry, reference))
    return result


def _event(
    context: ModuleContext, directory: Path, entry: JournalEntry, reference: dict[str, Any]
) -> dict[str, Any]:
    try:
        return {"event": tell_cluster(context.client(), entry, reference)}
    except RemediationError as error:
        lost = f"no Event for {entry.event} {entry.step}: {error.message}"
        append(directory, JournalEntry(now(), entry.run_id, entry.by, entry.event, detail=lost))
        context.warn(f"The journal has the entry, the cluster has {lost}")
        return {"event_error": error.message}


def main() -> NoReturn:
    """Run the module."""
    run_module(ARGUMENT_SPEC, handle)


if __name__ == "__main__":
    main()
