# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding and plan name the same rollback target, whatever the history of a locked release."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.make import make_plan
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import (
    FLEET,
    OLD_FLEET,
    build,
)

LOCK_RULES = (
    "pending-but-right-version",
    "pending-install-no-deployed",
    "pending-rollback-lock",
    "pending-upgrade-lock",
)
PENDING = ("pending-install", "pending-upgrade", "pending-rollback")
STATUSES = ("deployed", "superseded", "failed", "uninstalled", *PENDING)
CONTENTS: dict[str, dict[str, Any]] = {
    "read": {},
    "damaged": {"error": "gzip: invalid header"},
    "unread": {"decoded": False},
}
Below = list[tuple[str, str, str]]


def history(top: str, version: str, below: Below) -> list[dict[str, Any]]:
    """A locked release; ``below`` are status, version and whether the content was read."""
    revisions = [{"revision": 9, "status": top, "version": version, "age": 4000}]
    for number, (status, chart_version, content) in zip(range(8, 0, -1), below, strict=False):
        revisions.append(
            {
                "revision": number,
                "status": status,
                "version": chart_version,
                "age": 4000 + 600 * (9 - number),
                **CONTENTS[content],
            }
        )
    return revisions


def check(release: str, revisions: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The finding about the lock and the plan once it was accepted, after what must hold for every history."""
    evidence = build({"releases": {release: revisions}})
    findings = diagnose(evidence)
    facts = derive(evidence)
    plan = make_plan(evidence, findings, facts, {"accept": list(LOCK_RULES)}).to_dict()
    (lock,) = [each.lock for each in facts.dependencies if each.release == release]
    (finding,) = [each for each in findings["findings"] if each["id"] in LOCK_RULES]
    steps = [each for each in plan["steps"] if each["params"].get("release") == release]
    backs = [each for each in steps if each["action"] == "roll_back_release"]
    removed = [each for each in steps if each["action"] == "unlock_release"]

    named = re.search(
        r"[Rr]oll the release back to revision (\d+) \((\S+?)[,)]", finding["what_next"]
    )
    assert "(None" not in finding["what_next"]
    assert [each["params"]["revision"] for each in backs] == ([int(named[1])] if named else [])
    if named:
        assert lock.target.revision == int(named[1])
        assert backs[0]["precondition"]["target"]["chart_version"] == named[2]
        assert not removed
    commands = [line for told in plan["instructions"] for line in told["commands"]]
    typed = [line for line in commands if "helm" in line and " rollback " in line]
    assert all(f" {lock.target.revision} " in line for line in typed)
    if removed and lock.target and not release.endswith("-crd"):
        assert lock.previous.status == "deployed"
    return finding, plan


@pytest.mark.parametrize("release", ["fleet", "fleet-crd"])
@pytest.mark.parametrize(
    ("below", "action"),
    [
        ([("deployed", OLD_FLEET, "read")], "unlock_release"),
        ([("failed", FLEET, "read"), ("deployed", OLD_FLEET, "read")], "roll_back_release"),
        ([("failed", FLEET, "read"), ("superseded", OLD_FLEET, "read")], "roll_back_release"),
        ([("failed", FLEET, "read")], "unlock_release"),
        ([("failed", FLEET, "read"), ("deployed", OLD_FLEET, "damaged")], "unlock_release"),
        (
            [
                ("failed", FLEET, "read"),
                ("deployed", OLD_FLEET, "damaged"),
                ("superseded", OLD_FLEET, "read"),
            ],
            "roll_back_release",
        ),
        (
            [("deployed", OLD_FLEET, "damaged"), ("superseded", OLD_FLEET, "read")],
            "roll_back_release",
        ),
        ([("failed", FLEET, "read"), ("superseded", OLD_FLEET, "unread")], "unlock_release"),
        ([("failed", FLEET, "damaged"), ("deployed", OLD_FLEET, "read")], "roll_back_release"),
        ([], "unlock_release"),
    ],
)
def test_known_histories(release: str, below: Below, action: str) -> None:
    finding, plan = check(release, history("pending-upgrade", OLD_FLEET, below))
    crds_stay = release == "fleet-crd" and finding["id"] == "pending-upgrade-lock"
    damaged = below[:1] and below[0][2] == "damaged"
    wanted = "unlock_release" if crds_stay and not damaged else action
    assert next(each["action"] for each in plan["steps"]) == wanted


@settings(max_examples=50, deadline=None)
@given(
    release=st.sampled_from(["fleet", "fleet-crd", "rancher-webhook"]),
    top=st.sampled_from(PENDING),
    version=st.sampled_from([FLEET, OLD_FLEET]),
    below=st.lists(
        st.tuples(
            st.sampled_from(STATUSES),
            st.sampled_from([FLEET, OLD_FLEET]),
            st.sampled_from(sorted(CONTENTS)),
        ),
        max_size=4,
    ),
)
def test_any_history(release: str, top: str, version: str, below: Below) -> None:
    check(release, history(top, version, below))


def test_nothing_unattended_removes_a_lock_over_a_revision_that_failed() -> None:
    evidence = build(
        {"releases": {"fleet": history("pending-upgrade", FLEET, [("failed", FLEET, "read")])}}
    )
    plan = make_plan(evidence, diagnose(evidence), derive(evidence), {}).to_dict()
    assert plan["steps"] == []
    assert [each["finding"] for each in plan["instructions"]] == ["pending-install-no-deployed"]
