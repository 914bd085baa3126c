# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the job wants: the operator's word, the job's line, the release file, in this order."""

from __future__ import annotations

from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.expected import (
    chart_version_of,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import (
    FLEET,
    WEBHOOK,
    build,
)


def expected(release: str, **overlay: Any) -> tuple[str, str] | None:
    facts = derive(build(overlay))
    found = next(each for each in facts.dependencies if each.release == release).expected
    return found and (found.chart_version, found.source)


def test_order() -> None:
    line = {"waiting_for": {"release": "fleet", "version": "106.0.0+up0.12.0-rc.6"}}
    assert expected("rancher-webhook") == (WEBHOOK, "job-log")
    assert expected("fleet", **line) == ("106.0.0+up0.12.0-rc.6", "wait-line")
    chosen = {"set": {"options": {"expected_versions": {"fleet": "1.2.3"}}}}
    assert expected("fleet", **line, **chosen) == ("1.2.3", "option")


def test_a_line_of_an_earlier_wait_still_counts() -> None:
    waits = {
        "wait": {"kind": "rollout", "name": "rancher", "age": 10},
        "set": {"release_file": None},
    }
    assert expected("fleet", **waits) is None
    evidence = build(waits)
    line = {"kind": "helm-release", "namespace": "cattle-fleet-system", "release": "fleet"}
    evidence["job_pods"][0]["log"]["events"].insert(1, {**line, "chart": f"fleet-{FLEET}"})
    assert derive(evidence).dependencies[1].expected_version == FLEET


def test_nothing_says_so() -> None:
    assert expected("system-upgrade-controller") is None


def test_at_rest_the_setting_says_so() -> None:
    ended = {
        "wait": {"kind": None},
        "set": {
            "upgrade": {"state": "Succeeded"},
            "release_file": None,
            "job": {"active": 0, "succeeded": 1},
            "job_pods": [],
        },
    }
    assert expected("fleet", **ended) == (FLEET, "setting")
    assert expected("system-upgrade-controller", **ended) is None


def test_chart_version_of() -> None:
    assert chart_version_of({"release": "fleet-crd", "chart": f"fleet-crd-{FLEET}"}) == FLEET
    assert chart_version_of({"release": "fleet", "chart": "other-1.2.3"}) is None
    assert chart_version_of({"release": 1, "chart": None}) is None
