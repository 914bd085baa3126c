# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.report import (
    Report,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.history_svg import (
    history_picture,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.runs import report_of


def of(document: dict[str, Any]) -> Report:
    return Report.from_document(document)


def bars(picture: str) -> list[str]:
    return [part.split('"')[0] for part in picture.split('class="bar ')[1:]]


def test_every_revision_is_a_bar_in_its_state() -> None:
    picture = history_picture(of(report_of("needs_approval")))
    # fleet-crd, fleet, rancher-webhook; deployed at the candidate is behind, not good.
    assert bars(picture) == ["superseded", "behind", "superseded", "behind", "pending", "deployed"]
    assert picture.count("✗ not reached") == 2
    assert picture.count("✓ reached") == 1


def test_what_a_run_removed_and_made_is_told_apart() -> None:
    picture = history_picture(of(report_of("repaired")))
    assert bars(picture) == [
        *("superseded", "superseded", "deployed"),
        *("superseded", "superseded", "removed", "deployed"),
        "deployed",
    ]
    assert picture.count("✓ reached") == 3
    assert (
        "revision 5, 106.0.0+up0.12.0, pending-upgrade, 2026-11-23 13:30:00, gone since the diagnosis"
        in picture
    )


def test_no_release_no_picture() -> None:
    assert history_picture(Report()) == ""
    assert (
        history_picture(of({"releases": [{"release": "fleet", "revisions": [{"at": "soon"}]}]}))
        == ""
    )


def test_a_long_history_keeps_its_end() -> None:
    days = [f"2026-11-{day:02d}T10:00:00Z" for day in range(1, 21)]
    revisions = [
        {"revision": number, "status": "superseded", "chart_version": "1.0.0", "at": at}
        for number, at in enumerate(days, 1)
    ]
    picture = history_picture(of({"releases": [{"release": "fleet", "revisions": revisions}]}))
    assert "2026-11-20 10:00 UTC" in picture
    assert "2026-11-13 10:00 UTC" not in picture
    assert len(bars(picture)) == 7
