# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.clusters import (
    cluster_outcome,
    clusters_index,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.clusters_text import (
    clusters_index_text,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.text_layout import (
    WIDTH,
)

LONG = "Rancher takes the installed release candidate for the release\nand does nothing. " * 4


def shown(check_mode: bool = False) -> str:
    outcomes = {
        "edge-north": cluster_outcome({"verdict": "healthy", "headline": "All is well."}),
        "edge-south": cluster_outcome({"verdict": "needs_approval", "headline": LONG}),
        "a" * 40: cluster_outcome({"error": {"code": "unauthorized", "message": "No entry."}}),
        "twin": cluster_outcome({"verdict": "healthy", "cluster": {"uid": "u"}}),
        "other": cluster_outcome({"verdict": "healthy", "cluster": {"uid": "u"}}),
    }
    return clusters_index_text(clusters_index(outcomes, {"check_mode": check_mode}))


def test_one_line_of_each_that_fits_the_terminal() -> None:
    lines = shown().splitlines()
    assert max(map(len, lines)) <= WIDTH
    rows = [line for line in lines if line[:1] in "! " and line[3:].strip()]
    assert rows[1].startswith("!  aaaa")
    assert "unauthorized: No" in rows[1]
    (south,) = (line for line in rows if "edge-south" in line)
    assert south.endswith("…")
    (north,) = (line for line in rows if "edge-north" in line)
    assert north.endswith("All is well.")


def test_counts_and_mode_are_said() -> None:
    text = shown(check_mode=True)
    assert "2 of 5 clusters need attention. (check mode: nothing was changed)" in text
    assert "1 failed, 1 needs_approval, 3 healthy" in text


def test_one_cluster_under_two_names_is_a_warning() -> None:
    assert "WARNING: other, twin are one and the same cluster" in shown()
    many = {
        f"h{number}": cluster_outcome({"verdict": "healthy", "cluster": {"uid": "u"}})
        for number in range(9)
    }
    assert "h5 and 3 more are one" in clusters_index_text(clusters_index(many, {}))


def test_an_empty_index_can_be_shown() -> None:
    assert "cluster" in clusters_index_text({})
