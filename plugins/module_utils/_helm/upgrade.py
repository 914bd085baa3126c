# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Upgrading a release to one exact chart, and knowing afterwards that it happened."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._core.errors import RemediationError
from . import conflicts, expectation, takeover
from .change import ReleaseChange
from .clean import before_upgrade, finished, told_on_failure, tolerant
from .cli import HelmCli, HelmFailedError
from .outcome import Outcome, read_last, why_not_ready, with_state
from .storage import Revision

if TYPE_CHECKING:
    from .._kube.client import KubeClient

# On others helm has no base to work from ("has no deployed releases"), or somebody removes the release.
_UPGRADABLE = frozenset({"deployed", "failed", "superseded"})


@dataclass(frozen=True)
class UpgradeRequest:
    """One upgrade. The archive at C(chart_path) has been verified to hold this name and version.

    C(take_ownership) is V(never), V(when_refused) (only after helm complained) or V(always).
    """

    change: ReleaseChange
    chart_path: Path
    chart_name: str
    chart_version: str
    values: Mapping[str, Any]
    take_ownership: str = "when_refused"
    expected: expectation.Expectation = field(default_factory=expectation.Expectation)


def same_values(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two sets of values are equal as Helm stores them (JSON: 1 and 1.0 are the same, 1 and true not)."""

    def comparable(value: object) -> object:
        if isinstance(value, bool):
            return ("bool", value)
        if isinstance(value, Mapping):
            return {str(key): comparable(item) for key, item in value.items()}
        if isinstance(value, list):
            return [comparable(item) for item in value]
        # Go reads every JSON number as a float64: large integers come back rounded.
        return float(value) if isinstance(value, int) and abs(value) < 2**1000 else value

    return comparable(one) == comparable(other)


def is_reached(request: UpgradeRequest, last: Revision) -> bool:
    """Whether a revision already is what the request asks for."""
    return (
        last.status == "deployed"
        and last.chart_name == request.chart_name
        and last.chart_version == request.chart_version
        and same_values(last.config, request.values)
    )


def _require_upgradable(last: Revision) -> None:
    expectation.require_unlocked(last)
    if last.status not in _UPGRADABLE:
        raise RemediationError(
            "refused",
            f"{expectation.release_name(last.namespace, last.release)} cannot be upgraded: its last "
            f"revision {last.revision} is {last.status}.",
            "Find out who uninstalled it; let Rancher install it again.",
            details=last.to_dict(),
        )


def _run_helm(
    cli: HelmCli, request: UpgradeRequest, before: Revision, *, take_over: bool
) -> tuple[bool, str | None]:
    """Run helm, a second time with ownership when it asked for that.

    Tells whether ownership was taken, and what a dry run rendered.
    """
    values = json.dumps(request.values).encode()
    change = replace(
        request.change,
        apply_method=before.apply_method or "csa",
        force=request.change.force or take_over,
    )
    take = request.take_ownership == "always"
    try:
        rendered = asyncio.run(cli.upgrade(change, request.chart_path, values, take_ownership=take))
    except HelmFailedError as error:
        # helm checks ownership before it writes anything, the refused attempt left no revision.
        retry = request.take_ownership == "when_refused" and "ownership" in error.kinds
        if not retry or cli.interrupted:
            raise
        rendered = asyncio.run(cli.upgrade(change, request.chart_path, values, take_ownership=True))
        return True, rendered
    return take, rendered


def _confirm(request: UpgradeRequest, before: Revision, after: Revision) -> None:
    if is_reached(request, after) and after.revision > before.revision:
        return
    raise RemediationError(
        "stalled",
        f"helm reported success, but {expectation.release_name(after.namespace, after.release)} is at "
        f"revision {after.revision}, {after.status}, chart {after.chart_name}-{after.chart_version} "
        f"instead of {request.chart_name}-{request.chart_version}.",
        "Somebody else worked on the release at the same time. Diagnose again.",
        details={"before": before.to_dict(), "after": after.to_dict()},
    )


def _after_failure(
    client: KubeClient,
    request: UpgradeRequest,
    before: Revision,
    error: RemediationError,
    taken: takeover.Takeover,
) -> Outcome:
    """The outcome when helm failed and the release got there all the same; else the error, with its state.

    What helm took from other managers before it failed is put back first.
    """
    restored = taken.put_back_anyway(client)
    after = read_last(client, request.change)
    if is_reached(request, after) and after.revision > before.revision:
        note = f"{error.message} The release is deployed anyway. {restored}".rstrip()
        return Outcome(True, before, after, note=note)
    because = why_not_ready(client, error, before, after)
    failed = conflicts.after_helm(after.release, error)
    raise with_state(failed, before, after, f"{because} {restored}".strip()) from error


def upgrade(client: KubeClient, cli: HelmCli, request: UpgradeRequest) -> Outcome:
    """Upgrade a release, unless it already is at the chart and values wanted.

    Nothing is done when the last revision is pending (C(release-locked)), or another than expected
    (C(precondition-failed)). With C(change.dry_run) helm renders and checks against the cluster and
    writes nothing. Raises RemediationError.
    """
    before = read_last(client, request.change)
    if is_reached(request, before):
        return Outcome(False, before, before)
    _require_upgradable(before)
    request.expected.check(before)
    render = cache(partial(_rendered, cli, request, before))
    release, method = (before.namespace, before.release), before.apply_method
    taken = takeover.prepare(client, release, method, render, forced=request.change.force)
    swept = tolerant(lambda: before_upgrade(client, request.change, render))
    with told_on_failure(swept):
        outcome = _upgraded(client, cli, request, before, taken)
    return finished(client, request.change, outcome, swept)


def _rendered(cli: HelmCli, request: UpgradeRequest, before: Revision) -> str:
    """The manifest that the upgrade will apply."""
    values = json.dumps(request.values).encode()
    try:
        return asyncio.run(cli.render(request.change, request.chart_path, values))
    except RemediationError as error:
        raise with_state(error, before, before) from error


def _upgraded(
    client: KubeClient,
    cli: HelmCli,
    request: UpgradeRequest,
    before: Revision,
    taken: takeover.Takeover,
) -> Outcome:
    try:
        took_ownership, rendered = _run_helm(cli, request, before, take_over=taken.needed)
    except RemediationError as error:
        if request.change.dry_run:
            raise
        return _after_failure(client, request, before, error, taken)
    if request.change.dry_run:
        return Outcome(True, before, before, took_ownership, rendered=rendered)
    note = taken.put_back(client)
    after = read_last(client, request.change)
    _confirm(request, before, after)
    return Outcome(True, before, after, took_ownership, note=note)
