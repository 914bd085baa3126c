# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester.upgrade_path.release_table import (
    HarvesterRelease,
    ReleaseTable,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._preflight.matrix import (
    upgrade_matrix,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._preflight.preflight import (
    preflight,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.pages.matrix import (
    matrix_page,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.markdown import (
    render_markdown,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.text import (
    render_text,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.resting_cluster import (
    TABLE,
)

WHOLE = upgrade_matrix(TABLE)
PAIRS = {(pair["current"], pair["target"]): pair for pair in WHOLE["pairs"]}


def test_every_path_that_goes_up_is_in_it_once() -> None:
    releases = len(TABLE.harvesters)
    assert len(PAIRS) == len(WHOLE["pairs"]) == releases * (releases - 1) / 2
    assert ("v1.5.0", "v1.4.2") not in PAIRS


def test_every_pair_says_what_becomes_of_the_charts_the_job_waits_for() -> None:
    for (current, target), pair in PAIRS.items():
        charts = [row["chart"] for row in pair["dependencies"]][:3]
        assert charts == ["fleet-crd", "fleet", "rancher-webhook"], (current, target)
        assert all(row["why"] for row in pair["dependencies"])
        assert (pair["verdict"] == "safe") == (pair["checks"] == [])


def test_it_agrees_with_the_single_question() -> None:
    for current, target in (
        ("v1.4.2", "v1.5.0"),
        ("v1.5.0-rc2", "v1.5.0"),
        ("v1.7.1", "v1.8.0-rc3"),
    ):
        document = preflight(TABLE, current=current, target=target)
        pair = PAIRS[current, target]
        assert pair["verdict"] == document["verdict"]
        assert pair["headline"] == document["headline"]
        assert pair["dependencies"] == document["dependencies"]


def test_between_final_releases_no_chart_is_ever_skipped() -> None:
    """FM 7.3: in every such step the version rises, or the Rancher is the same."""
    finals = [pair for (one, other), pair in PAIRS.items() if "-" not in one + other]
    assert len(finals) > 300
    for pair in finals:
        hanging = [row["outcome"] for row in pair["dependencies"] if row["awaited"]]
        assert not {"skipped", "not-lowered", "other-version"} & set(hanging), pair["headline"]


def test_the_skips_that_were_seen_are_in_it() -> None:
    """FM 7.4; issues 8001, 9680, 10043, 10312."""
    for path in (
        ("v1.5.0-rc2", "v1.5.0-rc4"),
        ("v1.5.0-rc3", "v1.5.0"),
        ("v1.6.0-rc3", "v1.6.0"),
        ("v1.7.0-rc2", "v1.7.0-rc5"),
        ("v1.7.0-rc3", "v1.7.0"),
        ("v1.7.1", "v1.8.0-dev-20260201"),
        ("v1.7.1", "v1.8.0-rc3"),
        ("v1.8.0-dev-20260301", "v1.8.0"),
    ):
        assert PAIRS[path]["verdict"] == "blocked", path
        assert PAIRS[path]["guard"]["allowed"], path


def test_only_one_side() -> None:
    to = upgrade_matrix(TABLE, target="v1.5.0")["pairs"]
    assert {pair["target"] for pair in to} == {"v1.5.0"}
    both = upgrade_matrix(TABLE, current="v1.4.2", target="v1.5.0")["pairs"]
    assert both == [PAIRS["v1.4.2", "v1.5.0"]]


def test_a_row_of_ones_own_takes_part() -> None:
    mine = HarvesterRelease("v1.9.1", rancher="v2.15.1", min_upgradable_version="v1.8.0")
    table = TABLE.with_rows(ReleaseTable({mine.version: mine}))
    pairs = upgrade_matrix(table, target="v1.9.1")["pairs"]
    assert len(pairs) == len(TABLE.harvesters)
    allowed = {pair["current"] for pair in pairs if pair["guard"]["allowed"]}
    assert {"v1.8.0", "v1.8.1", "v1.8.2"} <= allowed
    assert "v1.7.3" not in allowed


def test_the_terminal_shows_every_chart_and_why() -> None:
    text = render_text(matrix_page(upgrade_matrix(TABLE, target="v1.5.0")))
    assert "from v1.5.0-rc2: blocked" in text
    assert "SKIPPED (?)" in text
    assert "(rancher-provisioning-capi)" in text
    refused = 'refused ("current version does not meet minimum upgrade requirement") from v1.1.0'
    assert refused in " ".join(text.split())
    assert "no such path" in render_text(matrix_page(upgrade_matrix(TABLE, target="v9.9.9")))


def test_the_page_has_a_row_for_every_path_that_is_allowed() -> None:
    page = render_markdown(matrix_page(upgrade_matrix(TABLE, target="v1.5.0")))
    rows = [line for line in page.splitlines() if line.startswith("| v")]
    assert len(rows) == 7
    assert rows[0] == (
        "| v1.4.2 | safe | 105.0.2+up0.11.2 → 106.0.0+up0.12.0 | 105.0.2+up0.11.2 → 106.0.0+up0.12.0 "
        "| 105.0.1+up0.6.2 → 106.0.0+up0.7.0 |  |"
    )
    assert "| v1.5.0-rc2 | **blocked** | SKIPPED: 106.0.0+up0.12.0-rc.3 | SKIPPED (?): " in page


def test_releases_whose_rancher_is_not_known_share_nothing() -> None:
    """Predictions are shared between releases with the same Rancher."""
    row = replace(TABLE.harvesters["v1.4.2"], rancher=None, expected={})
    table = TABLE.with_rows(ReleaseTable({row.version: row}))
    pairs = {pair["current"]: pair for pair in upgrade_matrix(table, target="v1.5.0")["pairs"]}
    assert (pairs["v1.4.2"]["verdict"], pairs["v1.4.3"]["verdict"]) == ("risky", "safe")
