# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester import upgrade


def named(name: str, created: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "creationTimestamp": created}}


def test_the_newest_of_several() -> None:
    old, new = named("b", "2026-01-01T00:00:00Z"), named("a", "2026-02-01T00:00:00Z")
    assert upgrade.newest([new, old]) is new
    assert upgrade.newest([]) is None
    assert upgrade.newest([{}, {"metadata": None}, old]) is old
    same = named("c", "2026-01-01T00:00:00Z")
    assert upgrade.newest([same, old]) is same


def test_names_of_what_belongs_to_an_upgrade() -> None:
    assert upgrade.repo_name("hvst-upgrade-x") == "upgrade-repo-hvst-upgrade-x"


def test_repo_info_is_yaml_in_a_text_and_has_no_dependencies() -> None:
    info = upgrade.repo_info("release:\n  harvester: v1.5.0\n  rancher: v2.11.0\n")
    release = upgrade.release_of_repo_info(info)
    assert release is not None
    assert (release["rancher"], release["rancher_dependencies"]) == ("v2.11.0", {})


@pytest.mark.parametrize("text", [None, 3, "", "- a", "release: [", "release: x"])
def test_repo_info_of_any_other_kind(text: Any) -> None:
    assert upgrade.release_of_repo_info(upgrade.repo_info(text)) is None
