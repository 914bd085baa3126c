# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the findings leave to a person: why, the dangers, and commands in the order they are to be run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .._documents.actions import release_position
from .._documents.findings import Finding, Remedy, Way
from .._documents.plan import Instruction, Step
from .._documents.vocabulary import Outcome
from .._helm.failure import UNKNOWN
from .context import PlanContext, Request
from .field_owners import instruction

_NODES_FIRST = (
    "The system services are upgraded, so the upgrade does not wait for it, and nodes are being upgraded or were"
    " left half upgraded. Bring the upgrade of the nodes to its end first; then run this again."
)
_SHOW_UPGRADE = (
    "kubectl -n harvester-system get upgrades.harvesterhci.io -l harvesterhci.io/latestUpgrade=true"
    " -o jsonpath='{.items[*].status.nodeStatuses}'"
)


@dataclass(frozen=True)
class _Advice:
    """The instruction of one finding, before those of the same mode are put together."""

    instruction: Instruction
    release: str = ""
    ways: tuple[Way, ...] = ()


def instructions(context: PlanContext, steps: Sequence[Step]) -> tuple[Instruction, ...]:
    """What a finding leaves to a person: all of it, or what its steps do not cover.

    Accepting a finding takes its instructions away only where that has led to steps. Findings of one
    mode on several objects are one instruction with the commands for all of them.
    """
    groups: dict[tuple[str, str, tuple[str, ...]], list[_Advice]] = {}
    for finding in context.findings:
        if finding.outcome not in (Outcome.FAIL, Outcome.WARN):
            continue
        made = _postponed(context, finding) or _of_others(context, finding)
        made = made or _advice(context, finding, steps)
        if made is not None:
            told = made.instruction
            groups.setdefault((told.finding, told.why, told.danger), []).append(made)
    return tuple(map(_put_together, groups.values()))


def _put_together(group: Sequence[_Advice]) -> Instruction:
    """One instruction for all, fleet-crd first (its CRDs carry the others), each way out as one list."""
    ordered = sorted(group, key=lambda each: release_position(each.release))
    commands = dict.fromkeys(each for one in ordered for each in one.instruction.commands)
    ways: dict[str, dict[str, None]] = {}
    for one in ordered:
        for way in one.ways:
            ways.setdefault(way.title, {}).update(dict.fromkeys(way.commands))
    return replace(
        group[0].instruction,
        commands=(*commands, *_one_of(ways)),
        blocks=any(each.instruction.blocks for each in group),
    )


def _one_of(ways: Mapping[str, Mapping[str, None]]) -> list[str]:
    """The ways out one after the other, each under its letter."""
    letters = [chr(ord("A") + number) for number in range(len(ways))]
    lines = [f"# One of these ways only: {' or '.join(letters)}"] if ways else []
    for number, (title, own) in enumerate(ways.items()):
        lines += [f"# {letters[number]}: {title}", *own]
    return lines


def _advice(context: PlanContext, finding: Finding, steps: Sequence[Step]) -> _Advice | None:
    """What the rule of a finding leaves to a person; None when it leaves nothing."""
    remedy = finding.remedy or Remedy()
    given = remedy.instructions
    accepted = remedy.unattended == "ask" and finding.id in context.accept
    leads_to_steps = _leads_to_steps(context, finding, steps)
    if given is None or (accepted and leads_to_steps):
        return None
    told = Instruction(
        finding=finding.id or "",
        title=finding.title or "",
        why=given.why or finding.message or "",
        danger=(*given.danger, *finding.must_not),
        commands=given.commands,
        blocks=_keeps_the_job(context, finding) and not leads_to_steps,
    )
    return _Advice(told, release=(finding.subject or "").rpartition("/")[2], ways=given.ways)


def _postponed(context: PlanContext, finding: Finding) -> _Advice | None:
    """Why nothing is done about a finding while nodes are upgraded, by a run or by hand; None when that
    is not so.
    """
    on_release = context.nodes_phase and finding.subject in _waiting_subjects(context)
    if not on_release and not any(each.postponed for each in _requests_of(context, finding)):
        return None
    told = Instruction(
        finding=finding.id or "",
        title=f"Left until the nodes are upgraded: {finding.title or ''}",
        why=f"{finding.message or ''} {_NODES_FIRST}".strip(),
        danger=(
            "Do not run helm on it, nor redeploy the fleet-agent, while nodes drain and reboot.",
        ),
        commands=(_SHOW_UPGRADE,),
    )
    return _Advice(told)


def _of_others(context: PlanContext, finding: Finding) -> _Advice | None:
    """What to decide where the release of a finding is not changed for the fields of other managers."""
    for each in _requests_of(context, finding):
        if each.granted and each.release is not None:
            everything = [other.release for other in context.requests if other.release]
            told = instruction(
                context,
                finding.id or "",
                each.release,
                everything,
                blocks=_keeps_the_job(context, finding),
            )
            return None if told is None else _Advice(told, release=each.release[1])
    return None


def _keeps_the_job(context: PlanContext, finding: Finding) -> bool:
    """Whether the job cannot go on while this finding lasts: it is about a release the job waits for
    now or later, or the Upgrade has ended with it.
    """
    if finding.outcome != Outcome.FAIL:
        return False
    if context.facts.upgrade.phase == "ended":
        return finding.holds_job
    return finding.subject in _dependency_subjects(context, awaited_only=True)


def _waiting_subjects(context: PlanContext) -> set[str]:
    """The releases that can wait for the nodes: not those that helm fails on for a known cause, which can be what a node
    waits for."""
    return _dependency_subjects(context) - {
        each.subject
        for each in context.dependencies
        if each.helm_failure
        and each.helm_failure.cause != UNKNOWN
        and context.fails_again(*each.name)
    }


def _dependency_subjects(context: PlanContext, *, awaited_only: bool = False) -> set[str]:
    """Rancher's releases as findings name them."""
    return {each.subject for each in context.dependencies if each.awaited or not awaited_only}


def _leads_to_steps(context: PlanContext, finding: Finding, steps: Sequence[Step]) -> bool:
    """Whether a step does what the finding asks for; on its release where it is about one.

    A step that several findings ask for carries the name of the first of them.
    """
    asked = _requests_of(context, finding)
    releases = {each.release for each in asked if each.release is not None}
    actions = {each.action for each in asked if each.release is not None}
    return any(
        (step.finding == finding.id or step.action in actions)
        and (not releases or (step.params.get("namespace"), step.params.get("release")) in releases)
        for step in steps
    )


def _requests_of(context: PlanContext, finding: Finding) -> list[Request]:
    """What a finding asks for."""
    identity = (finding.id or "", finding.subject or "")
    return [each for each in context.requests if (each.finding, each.subject) == identity]
