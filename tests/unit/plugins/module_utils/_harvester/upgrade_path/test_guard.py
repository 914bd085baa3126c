# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester.upgrade_path.guard import (
    MESSAGES,
    GuardRule,
    ask_guard,
)

# The rows of FM 7.2 in their order; what Harvester says stands in the Upgrade's condition.
ROWS: list[tuple[str, str, str, GuardRule]] = [
    # 1: the target is a dev build
    ("v1.4.2", "master-1a2b3c4d", "", GuardRule.TARGET_IS_DEV),
    ("v1.5.0-rc1", "v1.5-head", "", GuardRule.TARGET_IS_DEV),
    ("f024f49a", "11223344", "", GuardRule.TARGET_IS_DEV),
    ("v1.5.0", "v1.4-head", "v1.6.0", GuardRule.TARGET_IS_DEV),
    # 2: only the current version is one
    ("f024f49a", "v1.5.0", "v1.4.2", GuardRule.CURRENT_IS_DEV),
    ("v1.2-head", "v1.2.2-rc1", "", GuardRule.CURRENT_IS_DEV),
    # 3: the same version
    ("v1.5.0", "v1.5.0", "v1.6.0", GuardRule.SAME_VERSION),
    ("v1.5.0", "1.5.0", "", GuardRule.SAME_VERSION),
    ("v1.5.0-rc1", "v1.5.0-rc1", "", GuardRule.SAME_VERSION),
    # 4: down
    ("v1.5.0", "v1.4.3", "v1.4.1", GuardRule.DOWNGRADE),
    ("v1.5.0", "v1.5.0-rc4", "", GuardRule.DOWNGRADE),
    ("v1.5.0-rc4", "v1.5.0-rc2", "", GuardRule.DOWNGRADE),
    ("v1.5.0-rc4", "v1.4.3", "", GuardRule.DOWNGRADE),
    # 5: below the target's minimum
    ("v1.4.1", "v1.5.0", "v1.4.2", GuardRule.BELOW_MINIMUM),
    ("v1.4.2-rc1", "v1.5.0", "v1.4.2", GuardRule.BELOW_MINIMUM),
    ("v1.2.1-rc1", "v1.2.1", "v1.2.1-rc2", GuardRule.BELOW_MINIMUM),
    ("v1.4.2", "v1.5.0", "some-build", GuardRule.INCOMPARABLE_MINIMUM),
    # 6: from a pre-release to another X.Y.Z
    ("v1.7.0-rc5", "v1.7.1", "v1.6.0", GuardRule.PRERELEASE_ACROSS_VERSIONS),
    ("v1.7.0-rc5", "v1.8.0", "v1.7.0-rc1", GuardRule.PRERELEASE_ACROSS_VERSIONS),
    ("v1.8.0-dev-20260201", "v1.8.1", "", GuardRule.PRERELEASE_ACROSS_VERSIONS),
    # allowed
    ("v1.4.2", "v1.5.0", "v1.4.2", GuardRule.ALLOWED),
    ("v1.4.3", "v1.5.0", "v1.4.2", GuardRule.ALLOWED),
    ("v1.1.0", "v1.8.0", "", GuardRule.ALLOWED),
    ("v1.4.2", "v1.5.0-rc2", "v1.4.2", GuardRule.ALLOWED),
    # The docs call these unsupported, the code allows them: that is where 6.1 bites.
    ("v1.5.0-rc2", "v1.5.0-rc4", "v1.4.2", GuardRule.ALLOWED),
    ("v1.5.0-rc2", "v1.5.0", "v1.4.2", GuardRule.ALLOWED),
    ("v1.7.1", "v1.8.0-dev-20260201", "", GuardRule.ALLOWED),
    # parse problems
    ("", "v1.5.0", "", GuardRule.INVALID_VERSION),
    ("v1.4.2", "", "", GuardRule.INVALID_VERSION),
    ("v", "master", "", GuardRule.INVALID_VERSION),
]


@pytest.mark.parametrize(("current", "target", "minimum", "rule"), ROWS)
def test_every_row_of_the_guard(current: str, target: str, minimum: str, rule: GuardRule) -> None:
    answer = ask_guard(current, target, minimum)
    assert answer.rule is rule
    assert answer.allowed == (rule.value in ("allowed", "same-version", "target-is-dev"))
    assert bool(answer.message) == (not answer.allowed)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (GuardRule.INVALID_VERSION, "invalid version string"),
        (
            GuardRule.CURRENT_IS_DEV,
            "upgrading from dev versions to non-dev versions is prohibited",
        ),
        (GuardRule.DOWNGRADE, "downgrading is prohibited"),
        (GuardRule.INCOMPARABLE_MINIMUM, "incomparable: dev version"),
        (GuardRule.BELOW_MINIMUM, "current version does not meet minimum upgrade requirement"),
        (
            GuardRule.PRERELEASE_ACROSS_VERSIONS,
            "cross-version upgrades from/to any prerelease version are prohibited",
        ),
    ],
)
def test_its_words_are_harvesters(rule: GuardRule, message: str) -> None:
    assert MESSAGES[rule] == message
    assert {row[3] for row in ROWS} == set(GuardRule)


def test_the_diagnosis_knows_every_word_of_the_guard() -> None:
    from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts import (
        leftovers,
    )

    assert set(MESSAGES.values()) <= set(leftovers.GUARD_WORDS)


ANYTHING = (
    st.none()
    | st.integers()
    | st.text()
    | st.lists(st.text(), max_size=2)
    | st.from_regex(
        r"v?\d{1,25}\.\d{1,3}\.\d{1,3}(-[a-z0-9.-]{1,9})?(\+[a-z.]{1,5})?", fullmatch=True
    )
)


@given(ANYTHING, ANYTHING, ANYTHING)
def test_it_never_raises(current: Any, target: Any, minimum: Any) -> None:
    answer = ask_guard(current, target, minimum)
    assert answer.allowed == (answer.message == "")


@given(ANYTHING, ANYTHING)
def test_no_way_goes_both_ways(one: Any, other: Any) -> None:
    """If one direction is a plain upgrade, the other is a downgrade."""
    if ask_guard(one, other).rule is GuardRule.ALLOWED:
        assert ask_guard(other, one).rule is GuardRule.DOWNGRADE
