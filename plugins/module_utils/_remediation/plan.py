# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From findings to a plan, purely: the same documents give the same plan, byte for byte.

The findings say what is wrong and which kind of step helps; this is where it becomes concrete: on
which objects, under which preconditions, in which order, and what follows from it (a fleet upgrade
wipes fleet's apiServerURL, an unlocked release may still be one Rancher skips).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.document import (
    digest,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.lenient import (
    dig,
    mapping,
    mappings,
    text,
    texts,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.plan_actions import (
    ACTIONS,
    INDEX_ACTIONS,
    RELEASE_ACTIONS,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.plan_context import (
    PlanContext,
    Request,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.plan_document import (
    Instruction,
    Plan,
    Step,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.plan_objects import (
    nudge,
    object_steps,
    restore_fleet_config,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.plan_order import (
    Placed,
    in_order,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.plan_releases import (
    release_rank,
    release_state,
    release_steps,
)

OPTIONS = (
    "accept",
    "chart_source",
    "chart_path",
    "chart_repository",
    "helm_binary",
    "force_releases",
)
CHART_SOURCES = ("auto", "rancher_pod", "cluster_repo", "helm_repo", "oci", "path")
FLEET = ("cattle-fleet-system", "fleet")
_NODES_FIRST = (
    "The system services are upgraded, so the upgrade does not wait for it, and nodes are being upgraded or were"
    " left half upgraded. Bring the upgrade of the nodes to its end first; then run this again."
)
_SHOW_UPGRADE = (
    "kubectl -n harvester-system get upgrades.harvesterhci.io -l harvesterhci.io/latestUpgrade=true"
    " -o jsonpath='{.items[*].status.nodeStatuses}'"
)


def make_plan(
    evidence: Mapping[str, Any],
    findings: Mapping[str, Any],
    facts: Mapping[str, Any],
    options: Mapping[str, Any] | None = None,
) -> Plan:
    """Plan the repair of what the findings document says about the evidence.

    facts is what was derived from the same evidence. Options: ``accept`` (finding ids whose steps may
    be planned although a person must be asked), ``chart_source``, ``chart_path``,
    ``chart_repository``, ``helm_binary``,
    ``force_releases``. Raises plan-invalid when findings and evidence do not belong together.
    """
    chosen = read_options(options)
    _check_pair(evidence, findings)
    context = PlanContext(
        evidence=evidence,
        facts=facts,
        findings=mappings(findings.get("findings")),
        accept=frozenset(chosen["accept"]),
        chart_source=chosen["chart_source"],
        chart_path=chosen["chart_path"],
        chart_repository=chosen["chart_repository"],
        helm_binary=chosen["helm_binary"],
        force_releases=frozenset(chosen["force_releases"]),
    )
    steps = in_order(_placed(context))
    return Plan(
        cluster_uid=text(dig(evidence, "cluster", "uid")) or "",
        evidence_digest=text(findings.get("evidence_digest")) or digest(evidence),
        options=chosen,
        steps=steps,
        instructions=_instructions(context, steps),
    )


def read_options(options: Mapping[str, Any] | None) -> dict[str, Any]:
    """The options with their defaults; raises plan-invalid for one that is unknown."""
    given = mapping(options or {})
    unknown = sorted(set(given) - set(OPTIONS))
    source = given.get("chart_source") or "auto"
    if unknown or source not in CHART_SOURCES:
        what = f"options {', '.join(unknown)}" if unknown else f"chart_source {source!r}"
        raise RemediationError(
            "plan-invalid",
            f"The planner does not know the {what}.",
            f"Options are {', '.join(OPTIONS)}; chart sources {', '.join(CHART_SOURCES)}.",
        )
    return {
        "accept": sorted(set(texts(given.get("accept")))),
        "chart_source": source,
        "chart_path": text(given.get("chart_path")),
        "chart_repository": text(given.get("chart_repository")),
        "helm_binary": text(given.get("helm_binary")),
        "force_releases": sorted(set(texts(given.get("force_releases")))),
    }


def _check_pair(evidence: Mapping[str, Any], findings: Mapping[str, Any]) -> None:
    stated = findings.get("evidence_digest")
    if stated is not None and stated != digest(evidence):
        raise RemediationError(
            "plan-invalid",
            "The findings were made from other evidence than the one given.",
            "Diagnose this evidence, then plan from the findings that gives.",
        )


def _placed(context: PlanContext) -> list[Placed]:
    placed = [*_release_steps(context), *_object_steps(context)]
    return placed + _followers(context, placed)


def _release_steps(context: PlanContext) -> list[Placed]:
    placed: list[Placed] = []
    index_repaired = any(
        request.granted and request.action in INDEX_ACTIONS for request in context.requests
    )
    for namespace, release in _releases(context, index_repaired):
        state = release_state(context, namespace, release)
        for step in release_steps(context, state, index_repaired=index_repaired):
            placed.append((release_rank(step, release), step))
    return placed


def _releases(context: PlanContext, index_repaired: bool) -> list[tuple[str, str]]:
    """Every release a finding names; with the index repaired, every one the job waits for too."""
    named = {request.release for request in context.requests if request.action in RELEASE_ACTIONS}
    found = {release for release in named if release is not None}
    if index_repaired:
        for each in context.dependencies:
            namespace, release = text(each.get("namespace")), text(each.get("release"))
            if each.get("awaited") and namespace and release:
                found.add((namespace, release))
    return sorted(found)


def _object_steps(context: PlanContext) -> list[Placed]:
    """Steps on single objects, each object once per action whoever asked first."""
    placed: list[Placed] = []
    seen: set[tuple[str, str]] = set()
    for request in context.requests:
        if not request.granted or request.action in RELEASE_ACTIONS | {"nudge"}:
            continue
        for position, step in enumerate(object_steps(context, request)):
            key = (step.action, step.object.label)
            if key not in seen:
                seen.add(key)
                placed.append(((ACTIONS[step.action].rank, position, step.object.label), step))
    return placed


def _followers(context: PlanContext, placed: Sequence[Placed]) -> list[Placed]:
    """What other steps bring with them: one nudge before Rancher is waited for, fleet's configuration."""
    followers: list[Placed] = []
    waits = sorted(key for key, step in placed if step.action == "let_rancher_upgrade")
    request = _nudge_request(context, placed) if not waits else _first_granted(context)
    if request is not None:
        rank, position = waits[0][:2] if waits else (ACTIONS["nudge"].rank, 9)
        # A space sorts before every release name, so the nudge stands right before the first wait.
        followers += [((rank, position, " "), step) for step in nudge(context, request)]
    followers += _fleet_config_after_upgrade(context, placed)
    return followers


def _nudge_request(context: PlanContext, placed: Sequence[Placed]) -> Request | None:
    """A finding's own wish for a nudge, unless its release is upgraded by us: then Rancher rests."""
    upgraded = {
        (step.params["namespace"], step.params["release"])
        for _key, step in placed
        if step.action == "upgrade_release"
    }
    wishes = [each for each in context.requests if each.granted and each.action == "nudge"]
    return next((each for each in wishes if _about(context, each) not in upgraded), None)


def _about(context: PlanContext, wish: Request) -> tuple[str, str] | None:
    """The release a nudge is for: its own, else the one the same finding works on."""
    same = (
        each.release
        for each in context.requests
        if (each.finding, each.subject) == (wish.finding, wish.subject) and each.release
    )
    return next(same, None)


def _first_granted(context: PlanContext) -> Request | None:
    return next((each for each in context.requests if each.granted), None)


def _fleet_config_after_upgrade(context: PlanContext, placed: Sequence[Placed]) -> list[Placed]:
    """Every upgrade of the fleet chart writes an empty apiServerURL (FM 5.3), so put it back after."""
    actions = {step.action for _key, step in placed}
    if "restore_fleet_config" in actions:
        return []
    for _key, step in placed:
        release = (step.params.get("namespace"), step.params.get("release"))
        if step.action not in ("upgrade_release", "roll_back_release") or release != FLEET:
            continue
        request = _follow_up(step)
        rank = ACTIONS["restore_fleet_config"].rank
        return [
            ((rank, 0, made.object.label), made) for made in restore_fleet_config(context, request)
        ]
    return []


def _follow_up(step: Step) -> Request:
    return Request(
        action="restore_fleet_config",
        arguments={},
        finding=step.finding,
        subject=step.object.label,
        reason="An upgrade of the fleet chart writes an empty apiServerURL into its configuration.",
        unattended="yes",
        risk=None,
        granted=True,
    )


def _instructions(context: PlanContext, steps: Sequence[Step]) -> tuple[Instruction, ...]:
    """What a finding leaves to a person: all of it, or what its steps do not cover.

    Accepting a finding takes its instructions away only where that has led to steps. Findings of one
    mode on several objects are one instruction with the commands for all of them.
    """
    instructions: dict[tuple[str, str, tuple[str, ...]], Instruction] = {}
    for finding in context.findings:
        if finding.get("outcome") not in ("fail", "warn"):
            continue
        made = _postponed(context, finding) or _instruction(context, finding, steps)
        if made is None:
            continue
        key = (made.finding, made.why, made.danger)
        before = instructions.get(key)
        if before is not None:
            commands = dict.fromkeys((*before.commands, *made.commands))
            blocks = before.blocks or made.blocks
            made = replace(made, commands=tuple(commands), blocks=blocks)
        instructions[key] = made
    return tuple(instructions.values())


def _instruction(
    context: PlanContext, finding: Mapping[str, Any], steps: Sequence[Step]
) -> Instruction | None:
    """What the rule of a finding leaves to a person; None when it leaves nothing."""
    remedy = mapping(finding.get("remedy"))
    given = mapping(remedy.get("instructions"))
    accepted = remedy.get("unattended") == "ask" and finding.get("id") in context.accept
    if not given or (accepted and _leads_to_steps(context, finding, steps)):
        return None
    return Instruction(
        finding=text(finding.get("id")) or "",
        title=text(finding.get("title")) or "",
        why=text(given.get("why")) or text(finding.get("message")) or "",
        danger=tuple(texts(given.get("danger")) + texts(finding.get("must_not"))),
        commands=tuple(texts(given.get("commands"))),
        blocks=_keeps_the_job(context, finding) and not _leads_to_steps(context, finding, steps),
    )


def _postponed(context: PlanContext, finding: Mapping[str, Any]) -> Instruction | None:
    """Why nothing is done about a finding while nodes are upgraded, by a run or by hand; None when that
    is not so.
    """
    identity = (finding.get("id"), finding.get("subject"))
    asked = [each for each in context.requests if (each.finding, each.subject) == identity]
    on_release = context.nodes_phase and identity[1] in _dependency_subjects(context)
    if not on_release and not any(each.postponed for each in asked):
        return None
    return Instruction(
        finding=text(finding.get("id")) or "",
        title=f"Left until the nodes are upgraded: {text(finding.get('title')) or ''}",
        why=f"{text(finding.get('message')) or ''} {_NODES_FIRST}".strip(),
        danger=(
            "Do not run helm on it, nor redeploy the fleet-agent, while nodes drain and reboot.",
        ),
        commands=(_SHOW_UPGRADE,),
    )


def _keeps_the_job(context: PlanContext, finding: Mapping[str, Any]) -> bool:
    """Whether the job cannot go on while this finding lasts: it is about a release the job waits for
    now or later, or the Upgrade has ended with it.
    """
    if finding.get("outcome") != "fail":
        return False
    if context.facts.get("phase") == "ended":
        return finding.get("holds_job") is True
    return finding.get("subject") in _dependency_subjects(context, awaited_only=True)


def _dependency_subjects(context: PlanContext, *, awaited_only: bool = False) -> set[str]:
    """Rancher's releases as findings name them."""
    return {
        f"Release/{each.get('namespace')}/{each.get('release')}"
        for each in context.dependencies
        if each.get("awaited") or not awaited_only
    }


def _leads_to_steps(
    context: PlanContext, finding: Mapping[str, Any], steps: Sequence[Step]
) -> bool:
    """Whether a step does what the finding asks for; on its release where it is about one.

    A step that several findings ask for carries the name of the first of them.
    """
    identity = (finding.get("id"), finding.get("subject"))
    asked = [each for each in context.requests if (each.finding, each.subject) == identity]
    releases = {each.release for each in asked if each.release is not None}
    actions = {each.action for each in asked if each.release is not None}
    return any(
        (step.finding == finding.get("id") or step.action in actions)
        and (not releases or (step.params.get("namespace"), step.params.get("release")) in releases)
        for step in steps
    )
