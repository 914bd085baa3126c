# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.chart_version import (
    VersionError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.index_lookup import (
    LATEST,
    ChartNotInIndexError,
    VersionNotInIndexError,
    find_entry,
)

RC, GA = "106.0.0+up0.12.0-rc.3", "106.0.0+up0.12.0"


@pytest.mark.parametrize(
    ("versions", "wanted", "found"),
    [
        ([RC, GA], GA, GA),  # byte for byte before order
        ([RC, "105.0.0"], GA, RC),  # else the first of equal precedence
        (["junk", "v106.0.0", RC], GA, "v106.0.0"),  # what is no version is passed over
        (["105.0.0", "108.0.0"], LATEST, "105.0.0"),  # "latest" is the first, not the highest
        (["junk", "108.0.0-rc.1"], LATEST, "108.0.0-rc.1"),
        (["1.2.3.4", ">=1.0.0"], ">=1.0.0", ">=1.0.0"),
        (["109.2.0", "108.1.0"], "108", "108.1.0"),
    ],
)
def test_which_entry_is_found(versions: list[str], wanted: str, found: str) -> None:
    assert find_entry("fleet", versions, wanted) == found


def test_a_chart_without_entries() -> None:
    with pytest.raises(ChartNotInIndexError, match=r"^no chart name found$"):
        find_entry("fleet", [], "latest")


def test_an_improper_text_is_refused_even_where_an_entry_has_it() -> None:
    with pytest.raises(VersionError, match=r"^improper constraint: latest$"):
        find_entry("fleet", ["latest"], "latest")


def test_nothing_matches() -> None:
    with pytest.raises(VersionNotInIndexError) as caught:
        find_entry("fleet", ["105.0.0", "106.0.0-rc.1", "junk"], GA)
    assert str(caught.value) == f"no chart version found for fleet-{GA}"
