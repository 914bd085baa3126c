# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The phases of a repair: what --tags and --skip-tags ask for, and what that needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .._core.errors import RemediationError

REPORT = "report"
DEFAULT = ("detect", "plan", "backup", "upgrade", "verify")
NEEDS: dict[str, tuple[str, ...]] = {
    "detect": ("detect",),
    "plan": ("detect", "plan"),
    "backup": ("detect", "plan", "backup"),
    "upgrade": ("detect", "plan", "backup", "upgrade"),
    "verify": ("detect", "verify"),
    REPORT: (REPORT,),
}


@dataclass(frozen=True)
class Phases:
    """asked is what the tags ask for, needed what is done because of it."""

    asked: tuple[str, ...]
    needed: tuple[str, ...]

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return set(self.asked) == set(DEFAULT)


def phases(run_tags: Sequence[str], skip_tags: Sequence[str]) -> Phases:
    """Read the tags of a run; all is what Ansible has without --tags."""
    wanted = DEFAULT if "all" in run_tags else run_tags
    asked = tuple(tag for tag in NEEDS if tag in wanted and tag not in skip_tags)
    return Phases(asked, tuple(dict.fromkeys(each for tag in asked for each in NEEDS[tag])))


def check(found: Phases, run_tags: Sequence[str], skip_tags: Sequence[str]) -> None:
    """Raise refused for tags that name no phase, contradict each other, or leave out what another phase needs."""
    if not found.asked:
        raise RemediationError(
            "refused",
            f"--tags {','.join(run_tags)}: these name no phase of this playbook.",
            f"Use one of {', '.join(NEEDS)}, or no tags for all of it.",
        )
    missing = [phase for phase in found.needed if phase in skip_tags]
    if missing:
        raise RemediationError(
            "refused",
            f"--skip-tags {','.join(missing)}: {', '.join(found.asked)} cannot do without.",
            "Nothing is repaired without a diagnosis, a plan and a backup. Name with --tags what you want to be done.",
        )
    others = [phase for phase in found.asked if phase != REPORT]
    if REPORT in found.asked and others:
        raise RemediationError(
            "refused",
            "--tags report shows the report of the latest run again; it does not go with"
            f" {', '.join(others)}.",
            "Every run writes its report at its end, without a tag for it.",
        )
