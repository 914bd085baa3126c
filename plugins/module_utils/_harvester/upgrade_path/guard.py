# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Harvester's version guard: whether it lets an upgrade start, and its words when it does not (FM 7.2).

The guard runs when the ISO has been read, long after somebody clicked "Upgrade". It compares Harvester versions only,
never the Rancher in them: what it allows can still hang (FM 6.1, 6.10b).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .version import HarvesterVersion


class GuardRule(str, Enum):
    """The rule of the guard that decided."""

    INVALID_VERSION = "invalid-version"
    TARGET_IS_DEV = "target-is-dev"
    CURRENT_IS_DEV = "current-is-dev"
    SAME_VERSION = "same-version"
    DOWNGRADE = "downgrade"
    INCOMPARABLE_MINIMUM = "incomparable-minimum"
    BELOW_MINIMUM = "below-minimum"
    PRERELEASE_ACROSS_VERSIONS = "prerelease-across-versions"
    ALLOWED = "allowed"


#: What stands in the Upgrade's condition when the guard refuses.
MESSAGES: dict[GuardRule, str] = {
    GuardRule.INVALID_VERSION: "invalid version string",
    GuardRule.CURRENT_IS_DEV: "upgrading from dev versions to non-dev versions is prohibited",
    GuardRule.DOWNGRADE: "downgrading is prohibited",
    GuardRule.INCOMPARABLE_MINIMUM: "incomparable: dev version",
    GuardRule.BELOW_MINIMUM: "current version does not meet minimum upgrade requirement",
    GuardRule.PRERELEASE_ACROSS_VERSIONS: (
        "cross-version upgrades from/to any prerelease version are prohibited"
    ),
}


@dataclass(frozen=True)
class GuardAnswer:
    """The guard's answer: ``message`` is its own text, empty when it allows the upgrade."""

    rule: GuardRule

    @property
    def allowed(self) -> bool:
        """Whether the upgrade may start."""
        return self.rule not in MESSAGES

    @property
    def message(self) -> str:
        """Harvester's words."""
        return MESSAGES.get(self.rule, "")


def ask_guard(current: object, target: object, minimum: object = "") -> GuardAnswer:
    """What the guard answers, in its strict mode, to an upgrade from ``current`` to ``target``.

    ``minimum`` is the target's minUpgradableVersion; empty (and anything else that is no version) is no limit. Total:
    never raises.
    """
    return GuardAnswer(
        _rule(*(HarvesterVersion.parse(text) for text in (current, target, minimum)))
    )


def _rule(
    current: HarvesterVersion | None,
    target: HarvesterVersion | None,
    minimum: HarvesterVersion | None,
) -> GuardRule:
    if current is None or target is None:
        return GuardRule.INVALID_VERSION
    if target.is_dev:
        return GuardRule.TARGET_IS_DEV
    if current.is_dev:
        return GuardRule.CURRENT_IS_DEV
    if current.is_same_as(target):
        return GuardRule.SAME_VERSION
    if current.is_newer_than(target):
        return GuardRule.DOWNGRADE
    if minimum is not None and minimum.is_dev:
        return GuardRule.INCOMPARABLE_MINIMUM
    if minimum is not None and current.is_older_than(minimum):
        return GuardRule.BELOW_MINIMUM
    if current.is_prerelease and current.number != target.number:
        return GuardRule.PRERELEASE_ACROSS_VERSIONS
    return GuardRule.ALLOWED
