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
from typing import Any

from .._core.errors import RemediationError
from .._core.lenient import mapping, text, texts
from .._diagnosis.facts.document import Facts
from .._documents.actions import ACTIONS, INDEX_ACTIONS, RELEASE_ACTIONS
from .._documents.canonical import digest
from .._documents.evidence import Cluster, Evidence
from .._documents.findings import Findings
from .._documents.plan import Plan, Step
from .context import PlanContext, Request
from .instructions import instructions
from .objects import nudge, object_steps, restore_fleet_config
from .order import Placed, in_order
from .releases import release_rank, release_state, release_steps

OPTIONS = (
    "accept",
    "chart_source",
    "chart_path",
    "chart_repository",
    "helm_binary",
    "force_releases",
    "conflicts",
)
CHART_SOURCES = ("auto", "rancher_pod", "cluster_repo", "helm_repo", "oci", "path")
FLEET = ("cattle-fleet-system", "fleet")


def make_plan(
    evidence: Mapping[str, Any],
    findings: Mapping[str, Any],
    facts: Facts,
    options: Mapping[str, Any] | None = None,
) -> Plan:
    """Plan the repair of what the findings document says about the evidence.

    facts is what was derived from the same evidence. Options: ``accept`` (finding ids whose steps may
    be planned although a person must be asked), ``chart_source``, ``chart_path``,
    ``chart_repository``, ``helm_binary``,
    ``force_releases``, ``conflicts`` (what a dry run of the steps found, by namespace and release). Raises plan-invalid
    when findings and evidence do not belong together.
    """
    chosen = read_options(options)
    _check_pair(evidence, findings)
    known = Evidence.from_dict(evidence)
    context = PlanContext(
        evidence=known,
        facts=facts,
        findings=Findings.from_document(findings).findings,
        accept=frozenset(chosen["accept"]),
        chart_source=chosen["chart_source"],
        chart_path=chosen["chart_path"],
        chart_repository=chosen["chart_repository"],
        force_releases=frozenset(chosen["force_releases"]),
        conflicts=chosen["conflicts"],
    )
    steps = in_order(_placed(context))
    return Plan(
        cluster_uid=(known.cluster or Cluster()).uid or "",
        evidence_digest=text(findings.get("evidence_digest")) or digest(evidence),
        options=chosen,
        steps=steps,
        instructions=instructions(context, steps),
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
        "conflicts": mapping(given.get("conflicts")),
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
        found |= {each.name for each in context.dependencies if each.awaited}
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
    """A finding's own wish for a nudge, unless its release is upgraded by us, when Rancher rests, or would only fail
    again."""
    upgraded = {
        (step.params["namespace"], step.params["release"])
        for _key, step in placed
        if step.action == "upgrade_release"
    }
    wishes = [each for each in context.requests if each.granted and each.action == "nudge"]
    for each in wishes:
        about = _about(context, each)
        in_vain = about and (context.fails_again(*about) or context.foreign_fields(*about))
        if about not in upgraded and not in_vain:
            return each
    return None


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
        risk=None,
        granted=True,
    )
