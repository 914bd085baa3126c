# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a release: until nobody works on it, or until it is at a version (FM P-IDLE, 2.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.errors import RemediationError
from .._helm.idleness import age_seconds
from .._helm.storage import Revision, list_revisions
from .._kube.client import KubeClient
from .._rancher.server.live_actor import find_live_actor
from .observation import Observation


def actor_finished(
    client: KubeClient, params: Mapping[str, Any], _baseline: Mapping[str, Any]
) -> Observation:
    """Done when nobody runs helm on the release: nothing that can be seen, and nothing that cannot.

    helm on somebody's machine is not seen, so a pending revision counts as worked on until it is
    stale_after seconds old. A pod that has not yet made its revision counts from the beginning.
    """
    last = _last(client, params)
    if last is None:
        return Observation(True, _describe(last))
    actor = find_live_actor(client, last)
    if actor is not None:
        return Observation(False, f"{_describe(last)}, {actor.subject} works on it")
    if last.decoded and not last.locked:
        return Observation(True, _describe(last))
    age, stale_after = age_seconds(last, client.now()), params["stale_after"]
    if last.decoded and (age is None or age < stale_after):
        return Observation(False, f"{_describe(last)}, abandoned only when {stale_after} s old")
    return Observation(True, f"{_describe(last)}, and nobody works on it")


def release_version(
    client: KubeClient, params: Mapping[str, Any], baseline: Mapping[str, Any]
) -> Observation:
    """Done when the last revision is deployed at exactly the chart version."""
    last = _last(client, params)
    now = {"revision": 0 if last is None else last.revision}
    before = baseline or now
    state = _describe(last)
    if last is not None and _is_at(last, params["chart_version"]):
        return Observation(True, state, baseline=before)
    actor = None if last is None else find_live_actor(client, last)
    if actor is not None:
        state = f"{state}, {actor.subject} works on it"
    moved = before != now
    ended = actor is None and (last is None or (last.decoded and not last.locked))
    return Observation(
        False,
        state,
        # A pending revision that was there at the first look may be an old lock: that is no beginning.
        begun=moved or actor is not None,
        hopeless=moved and ended,
        baseline=before,
    )


def release_state(client: KubeClient, namespace: str, release: str) -> str:
    """In words: the last revision of a release, and what works on it. What cannot be read is said, and raises nothing."""
    try:
        last = _last(client, {"namespace": namespace, "release": release})
        actor = None if last is None else find_live_actor(client, last)
    except RemediationError as error:
        return f"release {namespace}/{release} cannot be read ({error.code})"
    at_work = "" if actor is None else f", {actor.subject} works on it"
    return f"release {namespace}/{release}: {_describe(last)}{at_work}"


def _is_at(last: Revision, chart_version: str) -> bool:
    return last.status == "deployed" and last.chart_version == chart_version


def _last(client: KubeClient, params: Mapping[str, Any]) -> Revision | None:
    revisions = list_revisions(client, params["namespace"], params["release"], decode="last")
    return revisions[0] if revisions else None


def _describe(last: Revision | None) -> str:
    if last is None:
        return "it has no revision"
    if not last.decoded:
        return f"revision {last.revision} cannot be read: {last.error}"
    return f"revision {last.revision} is {last.status} at {last.chart_version}"
