# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The decision against what Rancher's real code did in 4,200 situations (FM 2.7)."""

from __future__ import annotations

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.decide import (
    Action,
    Decision,
    Reason,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.measured_decisions import (
    as_measured,
    disagreements,
    measured,
)

FIELDS = as_measured(Decision(Action.SKIP, Reason.UP_TO_DATE)).keys()


def test_every_measured_line_is_predicted_in_every_field() -> None:
    count, wrong = 0, []
    for line in measured():
        count += 1
        assert line["result"].keys() - {"id", "rancher"} == FIELDS
        for field, (was, computed) in disagreements(line).items():
            wrong.append((line["case"]["rancher"], line["case"]["id"], field, was, computed))
    assert wrong == []
    assert count == 4200


def test_a_disagreement_is_told() -> None:
    line = next(measured())
    line["result"] |= {"action": "skip", "version": "1.0.0", "unheard-of": None}
    assert disagreements(line) == {
        "action": ("skip", "pending"),
        "version": ("1.0.0", None),
        "unheard-of": (None, None),
    }
