# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan says about fields that belong to other field managers: what a step takes over, what needs a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .._documents.plan import Instruction, Step
from .._helm.conflicts import (
    FORCE_OPTION,
    Conflict,
    force_option,
    listed,
    show_command,
    unapproved,
)
from .context import PlanContext

_AGAIN = "ansible-playbook harvester_ops.remediation.remediate_stuck_upgrade"
_DANGER = (
    "Taking a field over sets it to what the chart says. Whoever has set it may do so again, and nobody puts it back:"
    " what it was for stops working until then.",
)


def with_fields_of_others(context: PlanContext, step: Step) -> Step:
    """A step on a release, which says whose fields it takes: that is part of what is approved."""
    name = (str(step.params["namespace"]), str(step.params["release"]))
    taken, reasons = context.shared_fields(*name), context.untried(*name)
    told = [
        f"{each.field} of {each.object} is taken over from {each.manager}: {_after(each)}."
        for each in taken
    ]
    told += [
        f"Whether it takes fields of other managers could not be tried: {reason.rstrip('.')}."
        for reason in reasons
    ]
    if not told:
        return step
    fields = {"fields_of_others": [each.text for each in taken]} if taken else {}
    return replace(
        step,
        precondition={**step.precondition, **fields},
        changes=(*step.changes, *told),
        undo=f"{step.undo} Helm 4 needs --force-conflicts for it." if taken else step.undo,
    )


def _after(conflict: Conflict) -> str:
    """What becomes of a field that is taken over."""
    if conflict.shared is not None:
        return conflict.shared.keeper
    if conflict.allowed:
        return "it was set for helm before"
    return f"{FORCE_OPTION} allows it, and it is not put back"


def instruction(
    context: PlanContext,
    finding: str,
    release: tuple[str, str],
    everything: Iterable[tuple[str, str]],
    *,
    blocks: bool,
) -> Instruction | None:
    """What a person has to decide about a release that is not changed for the fields of others; None when there is
    nothing to decide. ``everything``: the releases of the plan, for an option that is to name all of them.
    """
    fields = context.foreign_fields(*release)
    if not fields:
        return None
    waiting = {name for namespace, name in everything if context.foreign_fields(namespace, name)}
    forced = sorted({*context.force_releases, *waiting, release[1]})
    objects = dict.fromkeys(each.object for each in unapproved(fields) if each.object)
    return Instruction(
        finding=finding,
        title=f"Decide about fields of release {release[1]} that other managers have set",
        why=(
            f"The chart sets fields that other managers have set to other values: {listed(fields)}. They are not"
            f" overridden unless {FORCE_OPTION} names the release: {', '.join(forced)}."
        ),
        danger=_DANGER,
        commands=(
            *(show_command(each) for each in objects),
            "# only if the chart is to have these fields:",
            f"{_AGAIN} {force_option(forced)}",
        ),
        blocks=blocks,
    )
