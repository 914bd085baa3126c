# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What --tags and --skip-tags make of a repair."""

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._run.phases import (
    DEFAULT,
    check,
    phases,
)


def test_without_tags_it_is_everything() -> None:
    found = phases(["all"], [])
    assert (found.asked, found.needed, found.is_everything) == (DEFAULT, DEFAULT, True)


@pytest.mark.parametrize(
    ("tags", "skipped", "needed"),
    [
        (["verify"], [], ("detect", "verify")),
        (["upgrade"], [], ("detect", "plan", "backup", "upgrade")),
        (["all"], ["verify"], ("detect", "plan", "backup", "upgrade")),
        (["report"], [], ("report",)),
    ],
)
def test_what_a_phase_needs_is_done_before_it(
    tags: list[str], skipped: list[str], needed: tuple[str, ...]
) -> None:
    found = phases(tags, skipped)
    check(found, tags, skipped)
    assert (found.needed, found.is_everything) == (needed, False)


@pytest.mark.parametrize(
    ("tags", "skipped", "words"),
    [
        (["everything"], [], "these name no phase"),
        (["all"], ["backup"], "upgrade, verify cannot do without"),
        (["report", "detect"], [], "it does not go with detect"),
    ],
)
def test_tags_that_make_no_sense_are_refused(
    tags: list[str], skipped: list[str], words: str
) -> None:
    with pytest.raises(RemediationError, match=words) as caught:
        check(phases(tags, skipped), tags, skipped)
    assert caught.value.code == "refused"
