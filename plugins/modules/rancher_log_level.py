#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rancher_log_level
short_description: Hear for a while what Rancher's leader says about its charts at debug level
version_added: 0.1.0
description:
  - Finds the Rancher pod that leads, raises its log level, makes Rancher look at its charts, waits for
    O(seconds), takes the telling lines of the log and puts the level back. It restarts nothing.
  - The level is put back also when something fails and when the play is stopped. A run that is killed
    hard leaves a note on the pod, by which O(state=restored), or the next capture, puts it back.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  state:
    description:
      - V(captured) raises the level, listens and puts it back.
      - V(restored) only puts back what a killed run has left raised.
    type: str
    choices: [captured, restored]
    default: captured
  level:
    description: The level to listen at.
    type: str
    choices: [debug, trace]
    default: debug
  seconds:
    description:
      - How long to listen, 10 to 600. Rancher's handlers run within seconds. After many failures Rancher puts the
        look at Fleet's charts off for up to two minutes, and 150 seconds are needed to hear it.
    type: int
    default: 30
  nudge:
    description: Whether to annotate the ClusterRepo C(rancher-charts), which makes Rancher look at all its charts.
    type: bool
    default: true
extends_documentation_fragment:
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
attributes:
  check_mode:
    support: full
    details: The leader and its level are read; nothing is raised and nothing is listened to.
  diff_mode:
    support: none
    details: The level ends as it began.
  idempotent:
    support: partial
    details: Listening always touches the pod; with O(state=restored) a second call changes nothing.
"""

EXAMPLES = r"""
---
- name: Hear why Rancher does not upgrade fleet
  harvester_ops.remediation.rancher_log_level:
    seconds: 30
  register: heard

- name: Put back what a killed run has left
  harvester_ops.remediation.rancher_log_level:
    state: restored
"""

RETURN = r"""
pod:
  description: The pod that leads.
  returned: when O(state=captured)
  type: str
  sample: rancher-7f5c9d8b6d-2xk9p
level_before:
  description: Its level before, and the one it was put back to.
  returned: when O(state=captured)
  type: str
  sample: info
level_after:
  description: Its level afterwards, as read.
  returned: when O(state=captured)
  type: str
  sample: info
line_count:
  description: Lines that were logged meanwhile.
  returned: when O(state=captured)
  type: int
matches:
  description: The lines that prove something, with what they say, without secrets.
  returned: when O(state=captured)
  type: list
  elements: dict
restored:
  description: C(pod) and C(level) of each that was put back.
  returned: when O(state=restored)
  type: list
  elements: dict
"""

import signal
from types import FrameType
from typing import Any, NoReturn

from ..module_utils._core.errors import RemediationError
from ..module_utils._core.redaction import redact
from ..module_utils._module import ModuleContext, run_module
from ..module_utils._rancher.catalog.refresh import RefreshRequest, nudge
from ..module_utils._rancher.server.log_level import (
    Capture,
    capture,
    in_rancher,
    leader_pod,
    level_before,
    restore_all,
)

ARGUMENT_SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["captured", "restored"], "default": "captured"},
    "level": {"type": "str", "choices": ["debug", "trace"], "default": "debug"},
    "seconds": {"type": "int", "default": 30},
    "nudge": {"type": "bool", "default": True},
}
SHORTEST = 10
LONGEST = 600
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def stop(number: int, _frame: FrameType | None) -> None:
    """Turn a signal into an error, so that the level is put back on the way out."""
    for each in STOPPING:
        # A second one must not break into the putting back.
        signal.signal(each, signal.SIG_IGN)
    raise RemediationError(
        "refused",
        f"Listening was stopped by {signal.Signals(number).name}; the log level was put back.",
        "Run it again when you want to listen.",
    )


def handle(context: ModuleContext) -> dict[str, Any]:
    """Listen, or put back."""
    params, client = context.params, context.client()
    run = in_rancher(client)
    if params["state"] == "restored":
        restored = restore_all(client, run, dry_run=context.check_mode)
        return {"changed": bool(restored), "restored": restored}
    if not SHORTEST <= params["seconds"] <= LONGEST:
        raise RemediationError(
            "refused",
            f"seconds is {params['seconds']}; it has to be from {SHORTEST} to {LONGEST}.",
            "At debug level Rancher logs a lot: listen no longer than you have to.",
        )
    if context.check_mode:
        pod = leader_pod(client)
        level = level_before(client, run, pod)
        levels = {"level_before": level, "level_after": level}
        return {"changed": True, "pod": pod, **levels, "line_count": 0, "matches": []}
    for number in STOPPING:
        signal.signal(number, stop)
    wanted = Capture(
        level=params["level"],
        seconds=params["seconds"],
        nudge=(lambda: nudge(client, RefreshRequest())) if params["nudge"] else None,
    )
    return {"changed": True, **redact(capture(client, run, wanted))}


def main() -> NoReturn:
    """Run the module."""
    run_module(ARGUMENT_SPEC, handle)


if __name__ == "__main__":
    main()
