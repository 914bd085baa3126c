# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Rancher's system-chart manager will do with a release next, and whether it then rests.

A pure, total function of what Rancher looks at (`Situation`) to what it does (`Decision`).
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from .decision import Action, Decision, Reason
from .install_pass import one_pass
from .rancher_version import OLDEST_LINE, RancherVersion
from .situation import InstalledRelease, Situation

__all__ = ["Action", "Decision", "Reason", "decide"]

# The most passes that are looked ahead; what has not come to rest by then never does.
LAST_PASS = 6


def decide(situation: Situation) -> Decision:
    """Return what Rancher does with the release next. Total: never raises."""
    try:
        rancher = RancherVersion.parse(situation.rancher)
        if rancher is None:
            return _no_rancher(situation)
        if rancher.line < OLDEST_LINE:
            return Decision(
                Action.UNKNOWN,
                Reason.RANCHER_VERSION_UNSUPPORTED,
                trace=(f"unknown: Rancher {rancher} is older than 2.8, whose code was read",),
            )
        first = one_pass(situation, rancher)
        return _with_next_passes(situation, rancher, first)
    except Exception as error:  # total by contract: hostile input must not end a diagnosis
        text = f"unknown: the situation cannot be evaluated ({type(error).__name__})"
        return Decision(Action.UNKNOWN, Reason.INTERNAL, trace=(text,))


def _no_rancher(situation: Situation) -> Decision:
    shown = str(situation.rancher)[:100]
    return Decision(
        Action.UNKNOWN,
        Reason.RANCHER_VERSION_UNKNOWN,
        trace=(f"unknown: {shown!r} is no Rancher version",),
    )


def _with_next_passes(situation: Situation, rancher: RancherVersion, first: Decision) -> Decision:
    if first.action is not Action.UPGRADE or "values" in situation.unreadable:
        return first
    pass2, settles = _next_passes(situation, rancher, first, same_map=False)
    pass2_same, settles_same = _next_passes(situation, rancher, first, same_map=True)
    return replace(
        first,
        pass2=pass2,
        settles_at_pass=settles,
        pass2_same_map=pass2_same,
        settles_at_pass_same_map=settles_same,
    )


def _next_passes(
    situation: Situation, rancher: RancherVersion, first: Decision, *, same_map: bool
) -> tuple[str, int | None]:
    """Follow Rancher's next passes, each after the operation before it succeeded."""
    done, pass2 = first, ""
    values = situation.values
    for number in range(2, LAST_PASS + 1):
        if done.resolves_to is None:
            return pass2 or "n/a: operation not creatable", None
        if same_map and done.values_mutated:
            values = done.values
        installed = InstalledRelease("deployed", done.resolves_to, done.values, situation.chart)
        after = one_pass(replace(situation, last_revision=installed, values=values), rancher)
        pass2 = pass2 or _what_next(done, after)
        if after.action is Action.SKIP:
            return pass2, number
        if after.action is not Action.UPGRADE:
            return pass2, None
        done = after
    return pass2, None


def _what_next(before: Decision, after: Decision) -> str:
    if after.action is not Action.UPGRADE:
        return str(after.action.value)
    if after.version != before.version:
        return "operation:version"
    identical = _request(after) == _request(before)
    return "operation:identical" if identical else "operation:values"


def _request(decision: Decision) -> str:
    """Return the values to the byte: tolerations added this time differ from merged ones."""
    values: dict[str, Any] = dict(decision.values or {})
    return json.dumps(dict(sorted(values.items())))
