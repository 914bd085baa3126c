# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Fleet's configuration has lost, and whether it can be put back."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.make import make_plan
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build

EMPTY = {"value": "", "effective": "", "present": False}
SOME = {"value": "redacted:0123456789ab", "effective": "redacted:0123456789ab", "present": True}


@pytest.mark.parametrize(
    ("url", "settings", "planned"),
    [
        ("https://10.53.12.34/", {"internal-cacerts": EMPTY}, False),
        ("", {"internal-cacerts": EMPTY}, False),
        ("", {"internal-cacerts": EMPTY, "cacerts": SOME}, True),
        ("", {"internal-cacerts": SOME}, True),
    ],
)
def test_nothing_is_planned_that_would_change_nothing(
    url: str, settings: dict[str, Any], planned: bool
) -> None:
    evidence = build(
        {
            "wait": {"kind": "not-imported", "age": 1200},
            "set": {
                "fleet": {"config": {"api_server_url": url, "api_server_ca_present": False}},
                "settings": settings,
            },
        }
    )
    findings = diagnose(evidence)
    (finding,) = (each for each in findings["findings"] if each["outcome"] == "fail")
    plan = make_plan(evidence, findings, derive(evidence), {})
    assert [step.action for step in plan.steps] == (["restore_fleet_config"] if planned else [])
    assert ("internal-cacerts" in finding["message"]) is not planned
    if not planned:
        assert plan.instructions


def test_settings_that_were_not_read_hide_nothing() -> None:
    evidence = build(
        {
            "sources": {"settings": "forbidden"},
            "set": {"settings": None, "fleet": {"config": {"api_server_ca_present": False}}},
        }
    )
    assert derive(evidence).fleet_config.ca_unknown is None
