# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.glance import (
    at_a_glance,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.runs import report_of


def test_repaired() -> None:
    glance = at_a_glance(report_of("repaired"))
    assert glance["wrong"] == (
        "The release is locked at the very version the job waits for: "
        "Release/cattle-fleet-system/fleet, and 1 more finding."
    )
    assert glance["done"].startswith("3 of 4 steps changed the cluster: Unlock release fleet")
    assert glance["proof"].startswith("Nothing is wrong")
    assert glance["next"].startswith("The upgrade goes on by itself")


def test_nothing_done_is_said_so() -> None:
    for verdict in ("needs_approval", "needs_human", "refused", "failed"):
        glance = at_a_glance(report_of(verdict))
        assert glance["done"] == "Nothing was changed."
        assert glance["proof"] == "Nothing was done, so there is nothing to prove yet."
        assert glance["next"] != "Nothing."


def test_a_failed_step_is_named() -> None:
    report = report_of("stalled")
    report["plan"]["steps"][2]["outcome"] = "failed"
    assert "Failed: Upgrade release fleet to 106.0.0+up0.12.0." in at_a_glance(report)["done"]


def test_rancher_that_would_still_act_is_no_proof() -> None:
    report = report_of("repaired")
    report["dependencies"][0]["decision_after"] = {"action": "upgrade"}
    assert "Rancher would still act on fleet-crd." in at_a_glance(report)["proof"]


def test_check_mode_only_tried() -> None:
    report = {**report_of("repaired"), "check_mode": True}
    assert at_a_glance(report)["done"] == "Nothing was changed: check mode only tried the steps."
