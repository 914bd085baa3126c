# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decisions as they were measured of Rancher's own code (FM 2.7), beside those that are computed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.decide import (
    Action,
    Decision,
    decide,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.merge_patch import (
    canonical,
    text_of,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.situation import (
    CONTROL_PLANE_TOLERATION,
    InstalledRelease,
    Situation,
)

MEASURED = Path(__file__).parents[1] / "data" / "rancher-decisions.jsonl.gz"
# The measuring program's own word for an action, where it differs from ours.
MEASURED_ACTIONS = {Action.UPGRADE: "operation", Action.BLOCKED: "pending"}


def measured(path: Path = MEASURED) -> Iterator[dict[str, Any]]:
    """The lines of a file of measurements, ``{"case": …, "result": …}`` each; gzip or plain text."""
    with path.open("rb") as start:
        packed = start.read(2) == b"\x1f\x8b"
    with (gzip.open if packed else open)(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def situation_of(case: dict[str, Any]) -> Situation:
    """The situation that was measured; ``cp_taint`` stands for the one taint RKE2 puts on control-plane nodes."""
    same = ("rancher", "chart", "namespace", "release", "min", "exact", "values", "take_ownership")
    index, last = case["index"], case["last_revision"]
    return Situation(
        **{name: case[name] for name in same},
        index=None if index is None else tuple(index),
        last_revision=None if last is None else InstalledRelease(**last),
        control_plane_tolerations=(CONTROL_PLANE_TOLERATION,) if case["cp_taint"] else (),
    )


def as_measured(decision: Decision) -> dict[str, Any]:
    """A decision in the shape of the measured results."""
    return {
        "action": MEASURED_ACTIONS.get(decision.action, decision.action.value),
        "version": decision.version,
        "values": decision.values,
        "values_set": sorted(decision.values or {}),
        "error": decision.error,
        "takeOwnership": decision.take_ownership,
        "log": list(decision.log),
        "release_sent": decision.release,
        "resolves_to": decision.resolves_to,
        "resolve_error": decision.resolve_error,
        "retry_forever": decision.retry_forever,
        "masks": list(decision.lookups),
        "pass2": decision.pass2,
        "pass2_same_map": decision.pass2_same_map,
        "settles_at_pass": decision.settles_at_pass,
        "settles_at_pass_same_map": decision.settles_at_pass_same_map,
        "values_mutated": decision.values_mutated,
    }


def disagreements(line: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Every field in which the computed decision is not the measured one: name to (measured, computed)."""
    expected = {k: v for k, v in line["result"].items() if k not in ("id", "rancher")}
    if "values" in expected:
        expected["values"] = canonical(expected["values"])
    computed = as_measured(decide(situation_of(line["case"])))
    return {
        key: (value, computed.get(key))
        for key, value in expected.items()
        if key not in computed or text_of(value) != text_of(computed[key])
    }
