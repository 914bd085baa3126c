# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester.upgrade_path.release_table import (
    HarvesterRelease,
    RancherRelease,
    ReleaseTable,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._preflight.check import (
    Check,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._preflight.path_checks import (
    path_checks,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._preflight.preflight import (
    predictions_of,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.resting_cluster import (
    TABLE,
    bad,
    only,
    release,
)


def checks(
    current: HarvesterRelease | str, target: HarvesterRelease | str, table: ReleaseTable = TABLE
) -> list[Check]:
    before = release(current) if isinstance(current, str) else current
    after = release(target) if isinstance(target, str) else target
    return path_checks(table, before, after, predictions_of(table, before, after))


@pytest.mark.parametrize(
    ("current", "target"),
    [("v1.4.2", "v1.5.0"), ("v1.5.0", "v1.6.1"), ("v1.7.3", "v1.8.0"), ("v1.4.2", "v1.4.3")],
)
def test_documented_paths_are_safe(current: str, target: str) -> None:
    assert bad(checks(current, target)) == []


def test_a_path_the_guard_refuses() -> None:
    found = checks("v1.4.1", "v1.5.0")[0]
    assert (found.outcome, found.id, found.failure_mode) == ("fail", "version-guard", "6.36")
    assert found.message == (
        'Harvester refuses v1.4.1 -> v1.5.0: "current version does not meet minimum upgrade requirement" (v1.4.2).'
    )
    assert "release in between" in found.what_next


def test_without_an_installed_version_the_guard_cannot_be_asked() -> None:
    found = checks(HarvesterRelease(""), "v1.5.0")[0]
    assert (found.outcome, found.id) == ("unknown", "version-guard")
    assert "preflight_current_version" in found.what_next


def test_a_candidate_whose_minimum_is_not_known() -> None:
    assert ("unknown", "minimum-unknown", "Harvester/v1.5.0-rc2") in bad(
        checks("v1.4.2", "v1.5.0-rc2")
    )


def test_from_a_candidate() -> None:
    found = bad(checks("v1.5.0-rc2", "v1.5.0"))
    assert found == [
        ("warn", "unsupported-start", "Harvester/v1.5.0-rc2"),
        ("fail", "dependency", "Release/cattle-fleet-system/fleet-crd"),
        ("warn", "dependency", "Release/cattle-fleet-system/fleet"),
        ("warn", "dependency", "Release/cattle-system/rancher-webhook"),
    ]


def test_an_older_rancher_is_pointed_out() -> None:
    assert bad(checks("v1.7.1", "v1.8.0-dev-20260201")) == [
        ("warn", "rancher-lower", "Harvester/v1.8.0-dev-20260201"),
        ("fail", "dependency", "Release/cattle-fleet-system/fleet-crd"),
        ("fail", "dependency", "Release/cattle-fleet-system/fleet"),
    ]


def test_a_candidate_of_rancher_is_not_older_than_what_it_leads_to() -> None:
    for candidate, final in (("v1.7.0-rc2", "v1.7.0"), ("v1.8.0-rc3", "v1.8.0")):
        assert "rancher-lower" not in {check.id for check in checks(candidate, final)}


@pytest.mark.parametrize(
    ("current", "target", "said"),
    [
        ("v1.1.0", "v1.8.0-dev-20260301", "From Harvester v1.1.0 to v1.8.0-dev-20260301"),
        # the minor versions of Harvester may be neighbours while Kubernetes skips one
        ("v1.4.0", "v1.5.0", "From Kubernetes v1.29.9 to v1.32.3+rke2r1"),
    ],
)
def test_more_than_one_minor_version_in_one_step(current: str, target: str, said: str) -> None:
    found = [check for check in checks(current, target) if check.id == "minor-skipped"]
    assert [check.outcome for check in found] == ["warn"]
    assert found[0].message.startswith(said)


@pytest.mark.parametrize(
    ("kubernetes", "outcome"), [("v1.31.4+rke2r1", []), ("v1.33.0+rke2r1", ["fail"])]
)
def test_the_kubernetes_gate_of_the_rancher_chart(kubernetes: str, outcome: list[str]) -> None:
    """Somebody upgraded RKE2 by itself (FM 7.5)."""
    found = checks(release("v1.4.2", kubernetes=kubernetes), "v1.5.0")
    gates = [check for check in found if check.id == "kubernetes-too-new"]
    assert [gate.outcome for gate in gates] == outcome
    if gates:
        assert "requires Kubernetes < 1.33.0-0; v1.33.0+rke2r1 runs" in gates[0].message


def test_a_kubernetes_gate_that_is_no_constraint_says_nothing() -> None:
    rancher = RancherRelease("v2.11.0", TABLE.ranchers["v2.11.0"].charts, {}, "whatever")
    table = replace(TABLE, ranchers={**TABLE.ranchers, "v2.11.0": rancher})
    assert bad(checks("v1.4.2", "v1.5.0", table)) == []


def test_a_known_issue_is_repeated() -> None:
    found = [check for check in checks("v1.5.1", "v1.6.0-rc3") if check.id == "known-issue"]
    assert [check.outcome for check in found] == ["warn"]
    assert "harvester#8750" in found[0].message


def test_a_candidate_in_the_release_file_of_a_final_rancher() -> None:
    """The table knows nothing of that Rancher; still its file gives the build's preference away (FM 1.6, 6.10)."""
    file = HarvesterRelease(
        "v1.8.9",
        rancher="v2.14.9",
        min_upgradable_version="v1.7.0",
        expected={
            "fleet": "109.0.9+up0.15.9-rc.1",
            "fleet-crd": "109.0.9+up0.15.9",
            "rancher-webhook": "109.0.9+up0.10.9",
        },
        source="release-file",
    )
    found = only(checks("v1.8.0", file))
    assert (found.outcome, found.id, found.failure_mode) == ("warn", "expected-candidate", "6.10")
    assert (
        "109.0.9+up0.15.9-rc.1 of fleet although Rancher v2.14.9 is a final version"
        in found.message
    )


def test_a_target_nothing_is_known_about() -> None:
    found = bad(checks("v1.8.1", HarvesterRelease("v1.9.5", source="unknown")))
    assert {outcome for outcome, _id, _sub in found} == {"unknown"}
    assert [name for _out, name, _sub in found] == ["minimum-unknown", *["dependency"] * 3]
