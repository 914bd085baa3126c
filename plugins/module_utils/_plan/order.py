# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of the steps, their ids, and which step builds on which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from .._documents.actions import ACTIONS, SAME_RELEASE
from .._documents.plan import Step

Placed = tuple[tuple[int, int, str], Step]


def in_order(placed: Iterable[Placed]) -> tuple[Step, ...]:
    """Sort the steps, give each its id (``01-upgrade-fleet-crd``) and the ids it depends on."""
    ordered = [step for _key, step in sorted(placed, key=lambda item: item[0])]
    width = max(2, len(str(len(ordered))))
    done: list[Step] = []
    for position, step in enumerate(ordered, start=1):
        named = replace(step, id=f"{position:0{width}}-{_slug(step)}")
        done.append(replace(named, depends_on=_builds_on(named, done)))
    return tuple(done)


def _builds_on(step: Step, earlier: Sequence[Step]) -> tuple[str, ...]:
    return tuple(each.id for each in earlier if _needs(step, each))


def _needs(step: Step, earlier: Step) -> bool:
    """Whether the state the step expects is only there once the earlier step has had its effect."""
    return any(
        earlier.action in link.actions and _is_of(link.release, step, earlier)
        for link in ACTIONS[step.action].builds_on
    )


def _is_of(release: str, step: Step, earlier: Step) -> bool:
    """Whether the earlier step is on the release that a link is about; "" is any."""
    if release == SAME_RELEASE:
        return _release(step) == _release(earlier)
    return release in ("", earlier.params.get("release"))


def _release(step: Step) -> tuple[object, object]:
    return step.params.get("namespace"), step.params.get("release")


def _slug(step: Step) -> str:
    verb = step.action.removesuffix("_release").replace("_", "-")
    subject = step.params.get("release")
    return f"{verb}-{subject}" if isinstance(subject, str) else verb
