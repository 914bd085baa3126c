# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    ERROR_CODES,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.run import (
    Run,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.pages.report import (
    report_page,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.html import (
    render_html,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.text import (
    render_text,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.report import (
    GOOD_VERDICTS,
    REFUSED_CODES,
    STALLED_CODES,
    build_report,
    verdict_of,
)

STEP = {
    "id": "01-upgrade-fleet-crd",
    "title": "Upgrade release cattle-fleet-system/fleet-crd to 106.0.0+up0.12.0",
    "risk": "low",
    "undo": "helm rollback",
}
STUCK: dict[str, Any] = {
    "findings_before": {
        "verdict": "stuck",
        "headline": "Rancher takes the release candidate for the release.",
        "waits_for": "fleet 106.0.0+up0.12.0",
        "dependencies": [
            {
                "chart": "fleet-crd",
                "expected": "106.0.0+up0.12.0",
                "installed": "106.0.0+up0.12.0-rc.3",
                "status": "deployed",
            }
        ],
    },
    "plan": {"fingerprint": "0123456789abcdef", "risks": ["low", "medium"], "steps": [STEP]},
}
AFTER = {
    "verdict": "healthy",
    "headline": "The upgrade goes on.",
    "dependencies": [{"chart": "fleet-crd", "installed": "106.0.0+up0.12.0", "status": "deployed"}],
}
DONE = [{"id": STEP["id"], "outcome": "changed", "detail": "revision 2 -> 3"}]

#: A plan that was carried out before the last one.
ROUND = {
    "plan": {"fingerprint": "1f1f", "risks": ["low"], "steps": [STEP]},
    "approval": {"approved": True, "how": "fingerprint", "at": "2026-11-23T15:00:00Z"},
    "backup": {"id": "backup-1", "path": "/a/backup-1", "created_at": "2026-11-23T15:00:10Z"},
    "steps": DONE,
}


@pytest.mark.parametrize(
    ("run", "verdict"),
    [
        ({"findings_before": {"verdict": "healthy"}}, "healthy"),
        ({"findings_before": {"verdict": "moving"}}, "moving"),
        ({"findings_before": {"verdict": "unknown"}}, "needs_human"),
        ({"findings_before": {"verdict": "stuck"}, "plan": {"steps": []}}, "needs_human"),
        (STUCK, "needs_approval"),
        ({**STUCK, "approval": {"approved": True}, "check_mode": True}, "needs_approval"),
        (
            {**STUCK, "approval": {"approved": True}, "steps": DONE, "findings_after": AFTER},
            "repaired",
        ),
        (
            {
                **STUCK,
                "approval": {"approved": True},
                "steps": DONE,
                "findings_after": {"verdict": "stuck"},
            },
            "needs_human",
        ),
        (
            {
                **STUCK,
                "approval": {"approved": True},
                "steps": DONE,
                "findings_after": {"verdict": "unknown"},
            },
            "stalled",
        ),
        ({**STUCK, "rounds": [ROUND], "findings_after": {"verdict": "stuck"}}, "needs_approval"),
        ({**STUCK, "rounds": [ROUND], "plan": {"steps": []}, "findings_after": AFTER}, "repaired"),
        (
            {
                **STUCK,
                "rounds": [ROUND],
                "plan": {"steps": []},
                "findings_after": {"verdict": "stuck"},
            },
            "needs_human",
        ),
        ({**STUCK, "error": {"code": "lock-held"}}, "refused"),
        ({**STUCK, "error": {"code": "field-conflict"}}, "refused"),
        ({**STUCK, "error": {"code": "timeout"}}, "stalled"),
        ({**STUCK, "error": {"code": "helm-failed"}}, "failed"),
        ({}, "needs_human"),
    ],
)
def test_verdict(run: dict[str, Any], verdict: str) -> None:
    assert verdict_of(Run.from_documents(run)) == verdict


@pytest.mark.parametrize(
    ("asked", "run", "verdict", "ends_well"),
    [
        (None, STUCK, "needs_approval", False),
        (["detect"], {"findings_before": {"verdict": "stuck"}}, "needs_human", True),
        (["detect"], {"error": {"code": "forbidden"}}, "failed", False),
        (["backup"], STUCK, "needs_approval", True),
        (["upgrade"], STUCK, "needs_approval", False),
        (["upgrade"], {**STUCK, "check_mode": True}, "needs_approval", True),
        (
            ["upgrade"],
            {**STUCK, "approval": {"approved": True}, "steps": DONE},
            "needs_human",
            True,
        ),
        (["verify"], {**STUCK, "plan": None, "findings_after": AFTER}, "healthy", True),
        (["verify"], {"findings_after": {"verdict": "stuck"}}, "needs_human", True),
        (["verify"], {**STUCK, "error": {"code": "stalled"}}, "stalled", False),
    ],
)
def test_a_run_limited_by_tags_ends_well_when_it_did_that(
    asked: list[str] | None, run: dict[str, Any], verdict: str, ends_well: bool
) -> None:
    report = build_report({**run, "asked": asked})
    assert (report["verdict"], report["ends_well"]) == (verdict, ends_well)


def test_a_run_that_has_acted_says_what_there_is_now() -> None:
    """What it has repaired is no headline any more."""
    after = {"verdict": "unknown", "headline": "The job waits, and nothing explains it."}
    run = {**STUCK, "approval": {"approved": True}, "steps": DONE, "findings_after": after}
    report = build_report(run)
    assert (report["verdict"], report["headline"]) == ("stalled", after["headline"])


def test_every_round_is_reported() -> None:
    run = {
        **STUCK,
        "rounds": [ROUND],
        "backup": {"id": "backup-2", "path": "/a/backup-2"},
        "approval": {"approved": False, "how": "other-fingerprint", "given": "1f1f"},
        "findings_after": {"verdict": "stuck", "headline": "Another release is locked."},
    }
    report = build_report(run)
    assert report["headline"] == "Another release is locked."
    assert report["glance"]["done"].startswith(f"1 of 2 steps changed the cluster: {STEP['title']}")
    assert report["rounds"][0]["plan"]["steps"][0]["outcome"] == "changed"
    assert "Plan 1f1f is approved" in str(report["timeline"])
    first, second = [each["text"] for each in report["next"]][:2]
    assert first.startswith("What was approved was carried out; this is a new plan")
    assert second.startswith("Read the plan.")
    shown = render_text(report_page(report))
    assert "Backup  /a/backup-1\nBackup  /a/backup-2\n" in shown
    assert shown.count(STEP["title"]) == 2
    undo = [line for line in shown.splitlines() if "remediation_restore_parts=plan" in line]
    assert [line.split()[3] for line in undo] == ["remediation_restore_path=/a/backup-1"]


def test_a_repair_without_its_proof_says_how_to_get_it() -> None:
    run = {**STUCK, "approval": {"approved": True}, "steps": DONE, "asked": ["upgrade"]}
    assert build_report(run)["next"][0]["command"] == "--tags verify"


def test_every_code_that_decides_a_verdict_exists() -> None:
    assert set(ERROR_CODES) >= REFUSED_CODES | STALLED_CODES


@given(
    st.dictionaries(
        st.sampled_from(["findings_before", "plan", "approval", "steps", "error", "backup"]),
        st.recursive(
            st.none() | st.booleans() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["verdict", "steps", "code", "instructions", "findings", "path"]),
                inner,
                max_size=4,
            ),
            max_leaves=8,
        ),
    )
)
def test_a_verdict_is_always_one_of_the_seven(run: dict[str, Any]) -> None:
    assert verdict_of(Run.from_documents(run)) in GOOD_VERDICTS | {
        "needs_approval",
        "needs_human",
        "refused",
        "stalled",
        "failed",
    }


def test_report_shows_before_and_after() -> None:
    report = build_report(
        {**STUCK, "approval": {"approved": True}, "steps": DONE, "findings_after": AFTER}
    )
    text = render_text(report_page(report))
    assert "Verdict: repaired" in text
    row = next(line.split() for line in text.splitlines() if line.startswith("fleet-crd"))
    assert row == ["fleet-crd", "106.0.0+up0.12.0", "106.0.0+up0.12.0-rc.3", "106.0.0+up0.12.0"]
    assert "revision 2 -> 3" in text


def test_unapproved_report_says_how_to_approve() -> None:
    text = render_text(report_page(build_report(STUCK)))
    assert "-e remediation_approved_plan=0123456789abcdef" in text
    assert """-e '{"remediation_auto_approve": ["low", "medium"]}'""" in text


def test_failed_run_shows_error_and_remedy() -> None:
    error = {
        "code": "helm-missing",
        "message": "There is no helm at /opt/helm.",
        "remedy": "Install helm 3 or 4, or set remediation_helm_binary.",
    }
    text = render_text(report_page(build_report({**STUCK, "error": error})))
    assert "Error helm-missing" in text
    assert "There is no helm at /opt/helm." in text
    assert "Install helm 3 or 4, or set remediation_helm_binary." in text


def test_html_escapes_what_comes_from_the_cluster() -> None:
    hostile = {**STUCK, "error": {"code": "api-error", "message": "<script>alert(1)</script>"}}
    page = render_html(report_page(build_report(hostile)))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
