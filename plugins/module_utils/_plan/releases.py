# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps that bring one release back to work: wait, unlock, let Rancher do it, do it ourselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from .._core.redaction import Redactor
from .._diagnosis.facts.dependencies import Dependency
from .._documents.actions import ACTIONS, release_position
from .._documents.canonical import canonical_json, digest
from .._documents.evidence import Revision
from .._documents.plan import RISKS, ObjectRef, Step
from .._helm.rollback_target import left_by_unlock, pending_on_top, rollback_target
from .context import PlanContext, Request
from .field_owners import with_fields_of_others
from .outlook import Outlook, outlook
from .simulation import decide_after

PINNED_VALUES = "pinned-values-in-release"
REFUSED = "Rancher's own helm does not override fields that other managers have set"
NOTHING_LEFT = (
    "Fields that only helm owns in the release's objects and that the new manifest does not have, and objects that"
    " only earlier revisions of it list, are removed."
)
VALUES_LOST = "Its last revision has failed, so Rancher would treat it as not installed and pass its own values only"


@dataclass(frozen=True)
class ReleaseState:
    """A release as the evidence shows it, newest revision first."""

    namespace: str
    release: str
    revisions: Sequence[Revision]
    config: Any
    dependency: Dependency | None
    requests: Sequence[Request]

    @property
    def name(self) -> tuple[str, str]:
        """Namespace and release."""
        return self.namespace, self.release

    @property
    def params(self) -> dict[str, str]:
        """The name as the modules take it."""
        return {"namespace": self.namespace, "release": self.release}

    @property
    def last(self) -> Revision:
        """The last revision; an empty one when there is none."""
        return self.revisions[0] if self.revisions else Revision()

    @property
    def pending(self) -> list[Revision]:
        """The revisions on top that are pending: the lock is gone only when all of them are."""
        return pending_on_top(self.revisions)

    def asked(self, *actions: str) -> Request | None:
        """The first granted request for one of the actions."""
        for request in self.requests:
            if request.action in actions and request.granted:
                return request
        return None

    @property
    def withheld(self) -> bool:
        """Whether a finding on this release wants a person and none has said yes."""
        return any(not request.granted for request in self.requests)


def release_state(context: PlanContext, namespace: str, release: str) -> ReleaseState:
    """Collect what is known and asked about one release."""
    found = context.evidence.release(namespace, release)
    return ReleaseState(
        namespace=namespace,
        release=release,
        revisions=found.revisions,
        config=found.config,
        dependency=context.dependency(namespace, release),
        requests=[each for each in context.requests if each.release == (namespace, release)],
    )


def release_steps(context: PlanContext, state: ReleaseState, *, index_repaired: bool) -> list[Step]:
    """Plan one release. Nothing is planned past a point that needs a person who has not agreed."""
    steps: list[Step] = []
    waiting = state.asked("wait_for_actor")
    if waiting is not None:
        steps.append(_wait_for_actor(state, waiting))
    unlocking = state.asked("unlock_release", "roll_back_release")
    if state.pending and unlocking is None:
        return steps
    last = state.revisions[0] if state.revisions else None
    if unlocking is not None and state.pending:
        unlock, last = _unlock(context, state, unlocking)
        steps += unlock
    cleaning = state.asked("remove_leftovers")
    if cleaning is not None and not state.pending:
        steps.append(_remove_leftovers(state, cleaning))
    in_vain = context.upgrade_fails(*state.name) or context.foreign_fields(*state.name)
    dependency = state.dependency
    if dependency is None or in_vain:
        return steps
    decision = dependency.decision
    if state.pending or index_repaired:
        then = _with_config(state, last)
        decision = decide_after(dependency, then, index_repaired=index_repaired)
    view = outlook(dependency, last, decision)
    return steps + _upgrade(context, state, dependency, last, view)


def _unlock(
    context: PlanContext, state: ReleaseState, request: Request
) -> tuple[list[Step], Revision | None]:
    """The unlocking steps and the revision that is the last one after them."""
    if request.action == "roll_back_release":
        target = rollback_target(state.revisions)
        if target is None or context.foreign_fields(*state.name):
            return [], state.last
        step = with_fields_of_others(context, _roll_back(state, request, target))
        return [step], _rolled_back(state.last, target)
    removals = [_remove_pending(state, request, each) for each in state.pending]
    return removals, left_by_unlock(state.revisions)


def _rolled_back(last: Revision, target: Revision) -> Revision:
    """The revision a rollback makes: the target's chart and values under the next number."""
    return Revision(
        revision=(last.revision or 0) + 1,
        status="deployed",
        chart_name=target.chart_name,
        chart_version=target.chart_version,
        app_version=target.app_version,
        config=target.config,
    )


def _upgrade(
    context: PlanContext,
    state: ReleaseState,
    dependency: Dependency,
    last: Revision | None,
    view: Outlook,
) -> list[Step]:
    upgrade = partial(_upgrade_release, context, state, dependency)
    asked = state.asked("upgrade_release", "let_rancher_upgrade")
    pinned = dependency.pinned_keys
    if _pins_hold_back(dependency) and PINNED_VALUES not in context.accept:
        return []
    if view.kind == "reached":
        if not pinned or asked is None:
            return []
        # The version is right and the values are not: the same chart once more, without them.
        why = f"Its values pin {', '.join(pinned)}"
        return [upgrade(asked, last, why, after_rancher=False)]
    if asked is None and (view.kind == "open" or state.withheld):
        return []
    request = asked or _any_request(context, state)
    if request is None:
        return []
    by_rancher = view.kind == "rancher"
    if not by_rancher or context.fails_again(*state.name) or context.shared_fields(*state.name):
        # Rancher may try all the same, and leave a failed revision.
        why = REFUSED if by_rancher else view.why
        return [upgrade(request, last, why, after_rancher=by_rancher)]
    if request.action == "upgrade_release" and last is not None and last.status == "failed":
        return [upgrade(request, last, VALUES_LOST, after_rancher=False)]
    return [
        _let_rancher(state, dependency, request, view.why),
        upgrade(request, last, view.why, after_rancher=True),
    ]


def _pins_hold_back(dependency: Dependency) -> bool:
    """Whether an upgrade that keeps the values would not bring the wanted images (FM 6.22)."""
    return any(pin.holds_back for pin in dependency.pins or ())


def _with_config(state: ReleaseState, last: Revision | None) -> Revision | None:
    """The revision with its values: evidence keeps those of the last revision on the release."""
    if last is None or last.config is not None or last.revision != state.last.revision:
        return last
    return replace(last, config=state.config)


def _any_request(context: PlanContext, state: ReleaseState) -> Request | None:
    """The granted request a follow-up belongs to: one on this release, else one of the index."""
    own = [each for each in state.requests if each.granted]
    others = [each for each in context.requests if each.granted and each.release is None]
    return next(iter(own + others), None)


def _wait_for_actor(state: ReleaseState, request: Request) -> Step:
    return request.step(
        _secret(state, state.last),
        "wait_for_actor",
        title=f"Wait until nobody works on release {state.release}",
        params={"condition": "actor_finished", **state.params},
        risk="low",
        undo="Nothing to undo: it only watches.",
    )


def _remove_pending(state: ReleaseState, request: Request, pending: Revision) -> Step:
    secret = _secret(state, pending)
    return request.step(
        secret,
        "unlock_release",
        title=f"Unlock release {state.release}: remove its pending revision {pending.revision}",
        precondition=_revision_facts(pending),
        params={"state": "unlocked", **state.params, **_expected(pending)},
        undo=f"Bring {secret.label} back from the backup set.",
        changes=(
            f"{secret.label} ({pending.status}, {pending.chart_version}) is deleted;"
            " no other object is touched.",
        ),
    )


def _roll_back(state: ReleaseState, request: Request, target: Revision) -> Step:
    chart = f"{target.chart_name or state.release}-{target.chart_version}"
    return request.step(
        _secret(state, state.last),
        "roll_back_release",
        title=f"Roll release {state.release} back to revision {target.revision}",
        precondition={**_revision_facts(state.last), "target": _revision_facts(target)},
        params={
            "state": "rolled_back",
            **state.params,
            "revision": target.revision,
            "revision_uid": target.secret_uid,
            **_expected(state.last),
        },
        reason=_why_back(state, request),
        undo=f"Upgrade the release again; revision {state.last.revision} is in the backup.",
        changes=(
            f"The objects of {chart} (revision {target.revision}) are applied again, and run until the release is"
            f" upgraded; the pending revision is of {state.last.chart_version or 'an unknown version'}.",
            NOTHING_LEFT,
        ),
    )


def _why_back(state: ReleaseState, request: Request) -> str:
    """Why not just the lock is removed, where the facts say so."""
    why = state.dependency and state.dependency.lock.roll_back_reason
    return f"{request.reason} It is rolled back because {why}." if why else request.reason


def _remove_leftovers(state: ReleaseState, request: Request) -> Step:
    found = state.dependency.leftovers.fields if state.dependency else ()
    return request.step(
        _secret(state, state.last),
        "remove_leftovers",
        title=f"Remove what earlier revisions of {state.release} have left in its objects",
        precondition=_revision_facts(state.last),
        params={"state": "cleaned", **state.params, **_expected(state.last)},
        undo="Bring the objects back from the backup set.",
        changes=(
            *(f"Removed: {each.field} of {each.object}." for each in found),
            "All fields that only helm owns in the release's objects and that its manifest does not have are removed,"
            " and objects that only earlier revisions of it list; the workloads concerned are rolled out again.",
        ),
    )


def _let_rancher(state: ReleaseState, dependency: Dependency, request: Request, why: str) -> Step:
    return request.step(
        _secret(state, state.last),
        "let_rancher_upgrade",
        title=f"Give Rancher the time to upgrade {state.release} itself",
        params={
            "condition": "release_version",
            **state.params,
            "chart_version": dependency.expected_version,
            "required": False,
        },
        reason=f"{why}.",
        risk="low",
        undo="Nothing to undo: it only watches.",
    )


def _upgrade_release(
    context: PlanContext,
    state: ReleaseState,
    dependency: Dependency,
    request: Request,
    last: Revision | None,
    why: str,
    after_rancher: bool,
) -> Step:
    params = _upgrade_params(context, state, dependency, last, after_rancher)
    dropped = dependency.pinned_keys if params["drop_pinned_values"] else ()
    known, version = last or Revision(), params["chart_version"]
    step = request.step(
        _secret(state, known),
        "upgrade_release",
        title=f"Upgrade release {state.release} to {version}",
        precondition={
            **({} if after_rancher else _revision_facts(known)),
            **_values_facts(dependency),
        },
        params=params,
        reason=f"{why}.",
        risk=_upgrade_risk(request, params, context),
        undo=_undo_upgrade(state, last),
        changes=(
            f"Release {state.release} goes from {known.chart_version or 'nothing'} to {version}.",
            *(f"Its value {key} is dropped." for key in dropped),
            NOTHING_LEFT,
        ),
    )
    return with_fields_of_others(context, step)


def _upgrade_params(
    context: PlanContext,
    state: ReleaseState,
    dependency: Dependency,
    last: Revision | None,
    after_rancher: bool,
) -> dict[str, Any]:
    version = dependency.expected_version or ""
    return {
        "state": "upgraded",
        **state.params,
        "chart": dependency.chart,
        "chart_version": version,
        "app_version": dependency.expected.app_version if dependency.expected else None,
        "chart_digest": context.index_entry(dependency.chart, version).digest,
        # Once Rancher may have upgraded it in between, no revision can be foretold.
        **_expected(Revision() if after_rancher or last is None else last),
        "drop_pinned_values": PINNED_VALUES in context.accept,
        "force": state.release in context.force_releases,
        "take_ownership": "when_refused",
    }


def _upgrade_risk(request: Request, params: Mapping[str, Any], context: PlanContext) -> str:
    """At least medium where the archive cannot be checked against the index, or force is used."""
    risk = request.risk or ACTIONS["upgrade_release"].risk
    from_outside = context.charts_may_come_from_outside and not params["chart_digest"]
    return max(risk, "medium", key=RISKS.index) if params["force"] or from_outside else risk


def _undo_upgrade(state: ReleaseState, last: Revision | None) -> str:
    if last is None:
        return f"Delete the revision this made; {state.release} had none before."
    deployed = rollback_target((Revision(), last, *state.revisions))
    if deployed is None:
        return (
            f"No revision of {state.release} is deployed to go back to;"
            f" revision {last.revision} is in the backup set."
        )
    return (
        f"helm rollback {state.release} {deployed.revision} -n {state.namespace} --wait;"
        " the revision is in the backup set too."
    )


def _revision_facts(revision: Revision) -> dict[str, Any]:
    names = ("revision", "status", "chart_version", "secret_uid", "secret_resource_version")
    found = {name: getattr(revision, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _values_facts(dependency: Dependency) -> dict[str, Any]:
    """A digest of the values Rancher would pass, as the evidence has them: secrets do not count.

    They are passed by us, too, so a change of them after the approval makes it another plan.
    """
    values = dependency.situation.values
    if values is None:
        return {}
    return {"rancher_values": digest(Redactor.alike(canonical_json(values)))}


def _expected(revision: Revision) -> dict[str, Any]:
    """What helm_release checks of the last revision before it acts; null means any."""
    return {
        "expected_revision": revision.revision,
        "expected_uid": revision.secret_uid,
        "expected_resource_version": revision.secret_resource_version,
    }


def _secret(state: ReleaseState, revision: Revision) -> ObjectRef:
    """The Secret of a revision; for a release without one the first that it will have."""
    first = f"sh.helm.release.v1.{state.release}.v{revision.revision or 1}"
    return ObjectRef(
        api_version="v1",
        kind="Secret",
        namespace=state.namespace,
        name=revision.secret_name or first,
        uid=revision.secret_uid,
        resource_version=revision.secret_resource_version,
    )


def release_rank(step: Step, release: str) -> tuple[int, int, str]:
    """Where a release's step stands in the plan."""
    return ACTIONS[step.action].rank, release_position(release), release
