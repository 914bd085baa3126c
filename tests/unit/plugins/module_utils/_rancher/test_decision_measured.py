# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The decision against what Rancher's real code did in 4,200 situations (FM 2.7)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision import (
    Action,
    Decision,
    decide,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.merge_patch import (
    canonical,
    text_of,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.situation import (
    Situation,
)

MEASURED = Path(__file__).parents[3] / "data" / "rancher-decisions.jsonl.gz"
# The measuring program's own word for an action, where it differs from ours.
MEASURED_ACTIONS = {Action.UPGRADE: "operation", Action.BLOCKED: "pending"}


def measured() -> Iterator[dict[str, Any]]:
    with gzip.open(MEASURED, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def as_measured(decision: Decision) -> dict[str, Any]:
    """Return the decision in the shape of the measured results."""
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


def test_every_measured_line_is_predicted_in_every_field() -> None:
    count, wrong = 0, []
    for line in measured():
        count += 1
        expected = {k: v for k, v in line["result"].items() if k not in ("id", "rancher")}
        expected["values"] = canonical(expected["values"])
        predicted = as_measured(decide(Situation.from_dict(line["case"])))
        for key in expected.keys() | predicted.keys():
            if text_of(expected[key]) != text_of(predicted[key]):
                where = (line["case"]["rancher"], line["case"]["id"])
                wrong.append((*where, key, expected[key], predicted[key]))
    assert wrong == []
    assert count == 4200


@pytest.mark.parametrize("line", [next(measured())], ids=["first"])
def test_documents_survive_a_round_trip(line: dict[str, Any]) -> None:
    situation = Situation.from_dict(line["case"])
    decision = decide(situation)
    stored = json.loads(json.dumps([situation.to_dict(), decision.to_dict()]))
    assert decide(Situation.from_dict(stored[0])) == decision
    assert Decision.from_dict(stored[1]) == decision
