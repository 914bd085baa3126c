# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator reads: the wait, the finding, the proof, what would be done and what must not be."""

from __future__ import annotations

from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.pages.findings import (
    findings_page,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.pages.report import (
    report_page,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.markdown import (
    render_markdown,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.text import (
    render_text,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.report import (
    build_report,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import (
    FLEET,
    OLD_FLEET,
    build,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.mutations import (
    FAILURES,
    over,
)

LOCK: dict[str, Any] = {
    "releases": {
        "fleet": [[8, "pending-upgrade", OLD_FLEET, 3600], [7, "deployed", OLD_FLEET, 90_000]]
    },
    "waiting_for": {"release": "fleet", "version": FLEET},
}


def text(overlay: dict[str, Any] | None = None) -> str:
    return render_text(findings_page(diagnose(build(overlay))))


def test_stuck() -> None:
    shown = " ".join(text(LOCK).split())
    for words in (
        "Diagnosis: STUCK",
        "since 2026-11-23T14:00:00Z (1 h)",
        "Release/cattle-fleet-system/fleet <- holds the job now",
        "lock.status = pending-upgrade",
        "an approved run does it (unlock_release, then nudge; risk low)",
        "Whatever you do: - Do not unlock while",
        "https://github.com/harvester/harvester/issues/9738",
    ):
        assert words in shown


def test_empty_proof_is_left_out() -> None:
    assert "installed.description" not in text(LOCK)


def test_one_missing_permission_is_told_once() -> None:
    shown = text({**LOCK, "sources": {"helm_pods": "forbidden"}, "set": {"helm_pods": None}})
    assert shown.count("helm_pods could not be read (forbidden)") == 1
    assert "6.3" in shown
    assert "- helm_pods: forbidden\n" in shown


def test_moving() -> None:
    shown = text()
    assert "STILL MOVING" in shown
    assert "FOUND" not in shown
    assert "COULD NOT TELL" not in shown


def test_healthy_shows_what_was_checked() -> None:
    shown = " ".join(render_text(findings_page(diagnose(over({})))).split())
    assert "Checked, and as it has to be: - The upgrade job is over" in shown
    assert "- Every node is ready and not cordoned: 3 nodes." in shown


def test_else_only_what_was_not_shown() -> None:
    evidence = over({"sources": {"plans": "forbidden"}, "set": {"plans": None}})
    FAILURES["bundle"](evidence)
    shown = " ".join(render_text(findings_page(diagnose(evidence))).split())
    assert "Not as it has to be: - Bundle/fleet-local/another is ErrApplied: refused." in shown
    assert "Could not be checked: - Plans could not be read; the Plans could not be seen." in shown
    assert "Every node is ready" not in shown


def from_files() -> dict[str, Any]:
    evidence = over({})
    evidence["origins"] = [
        {
            "kind": "support-bundle",
            "path": "/t/a.zip",
            "note": "Ages count.",
            "lacks": ["Secrets."],
        },
        {
            "kind": "support-bundle",
            "path": "/t/old.zip",
            "note": "/t/a.zip is newer.",
            "used": False,
        },
    ]
    evidence["sources"]["harvester_version"] = {"state": "ok", "reason": "From node-1."}
    evidence["releases"][0]["checks"] = [
        {"source": "Pod/a/b", "says": "revision 9", "result": "contradicts"},
        {"source": "Pod/a/c", "says": "revision 8", "result": "agrees"},
    ]
    return evidence


def test_what_was_read_from_files_is_shown_in_diagnosis_and_report() -> None:
    found = diagnose(from_files())
    for page in (findings_page(found), report_page(build_report({"findings_before": found}))):
        for shown in (render_text(page), render_markdown(page)):
            words = " ".join(shown.replace("\\", "").split())
            for part in (
                "Read from a support bundle: /t/a.zip",
                "Not in it: Secrets.",
                "Not read: the support bundle /t/old.zip",
                "harvester_version: From node-1.",
                "Pod/a/b says revision 9",
                "playbook harvester_ops.remediation.collect",
            ):
                assert part in words, part
            assert "revision 8" not in words


def test_a_live_cluster_has_no_files() -> None:
    found = diagnose(over({}))
    for page in (findings_page(found), report_page(build_report({"findings_before": found}))):
        assert "Read from" not in render_text(page)
        assert "Notes on what was read" not in render_text(page)


def test_findings_of_an_older_version_have_no_checks() -> None:
    older = {**diagnose(over({}))}
    del older["obligations"]
    assert "Checked" not in render_text(findings_page(older))
