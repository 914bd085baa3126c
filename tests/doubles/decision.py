# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Rancher's system-chart manager does with one chart: FM 2.4, 2.5 and the corrections 2.7.

Written from FM alone. Only texts that are a plain version are understood as a wanted version;
other constraint expressions are not used by Rancher for its own charts.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from doubles import semver

Values = dict[str, Any]

LATEST = ">=0-a"
PENDING = frozenset({"pending-install", "pending-upgrade", "pending-rollback"})
CONTROL_PLANE_TOLERATION = {
    "key": "node-role.kubernetes.io/control-plane",
    "operator": "Equal",
    "effect": "NoSchedule",
}


class ChartNameMissing(Exception):
    """Helm's ErrNoChartName: Rancher tries again every 5 s, for ever."""

    def __init__(self) -> None:
        super().__init__("no chart name found")


class InstallError(Exception):
    """Any other error: Rancher logs it and goes on to the next chart."""


@dataclass(frozen=True)
class Line:
    """How the Rancher version at hand differs in the decision."""

    compares_metadata: bool
    nulls_tolerations: bool
    tolerates_null: bool
    names_release: bool

    @classmethod
    def of(cls, rancher: str) -> Line:
        """The behaviour of a Rancher version such as ``v2.11.0`` (FM 2.5, 2.7.8, 2.7.11)."""
        version = semver.parse(rancher)
        release = (version.major, version.minor, version.patch)
        fixed_2_10 = (2, 10, 5) <= release < (2, 11, 0)
        return cls(
            compares_metadata=fixed_2_10 or release >= (2, 11, 1),
            nulls_tolerations=release <= (2, 11, 2),
            tolerates_null=release >= (2, 11, 0),
            names_release=release >= (2, 12, 0),
        )


@dataclass(frozen=True)
class Wish:
    """One chart Rancher wants, as ``Ensure`` gets it."""

    chart: str
    namespace: str
    release: str
    minimum: str = ""
    exact: str = ""
    take_ownership: bool = False


@dataclass(frozen=True)
class Installed:
    """The last revision of the release."""

    status: str
    chart_version: str
    config: Values


@dataclass(frozen=True)
class Decision:
    """``skip``, ``pending`` (silent) or ``operation`` with the version and values sent."""

    action: str
    version: str = ""
    values: Values | None = None
    debug: str = ""
    error_log: str = ""


@dataclass(frozen=True)
class _Outcome:
    installed: bool
    version: str = ""
    values: Values | None = None
    debug: str = ""


def resolve(versions: Sequence[str], wanted: str, chart: str) -> str:
    """The index entry Helm's ``IndexFile.Get`` returns: the exact text, else equal precedence."""
    if not versions:
        raise InstallError("no chart name found")
    if wanted == LATEST:
        for candidate in versions:
            if _parses(candidate):
                return candidate
        raise InstallError(f"no chart version found for {chart}-{wanted}")
    try:
        target = semver.parse(wanted)
    except semver.InvalidVersion:
        raise InstallError(f"improper constraint: {wanted}") from None
    if wanted in versions:
        return wanted
    for candidate in versions:
        if _parses(candidate) and semver.parse(candidate).equals(target):
            return candidate
    raise InstallError(f"no chart version found for {chart}-{wanted}")


def _parses(version: str) -> bool:
    try:
        semver.parse(version)
    except semver.InvalidVersion:
        return False
    return True


def decide(
    line: Line,
    wish: Wish,
    index: Mapping[str, Sequence[str]],
    last: Installed | None,
    values: Values | None,
    control_plane_tainted: bool,
) -> Decision:
    """Steps 2 to 7 of the install call; the index (step 1) has been read by the caller.

    InstallError and ChartNameMissing carry Rancher's own error texts.
    """
    wanted = wish.exact or wish.minimum or LATEST
    found = resolve(index.get(wish.chart, ()), wanted, wish.chart)
    if wanted not in (LATEST, found):
        raise InstallError(f"specified version {wanted} doesn't exist in the index")
    outcome = _desired(line, wish, found, last, values)
    if outcome.installed:
        return Decision("skip", debug=outcome.debug)
    if last is not None and last.status in PENDING:
        return Decision("pending")
    return Decision(
        "operation", outcome.version, _tolerate(line, outcome.values or {}, control_plane_tainted)
    )


def _desired(
    line: Line, wish: Wish, found: str, last: Installed | None, values: Values | None
) -> _Outcome:
    """The decision table of FM 2.5 on a release whose last revision is deployed."""
    if last is None or last.status != "deployed":
        return _Outcome(False, found, copy.deepcopy(values))
    merged = merge_patch(last.config, values or {})
    same_values = canonical(merged) == canonical(last.config)
    current, desired = _version(last.chart_version), _version(found)
    if wish.exact and not _is_same(line, current, desired):
        return _Outcome(False, str(desired), merged)
    if wish.minimum:
        return _at_least(wish, last, found, merged, same_values)
    if not current.precedes(desired) and same_values:
        return _Outcome(True)
    return _Outcome(False, found, merged)


def _at_least(
    wish: Wish, last: Installed, found: str, merged: Values, same_values: bool
) -> _Outcome:
    """Rows 5 to 8: a minimum version; metadata is ignored in the order."""
    current, desired, minimum = (
        _version(text) for text in (last.chart_version, found, wish.minimum)
    )
    if desired.precedes(minimum):
        raise ChartNameMissing
    if current.precedes(minimum):
        return _Outcome(False, found, merged)
    if not same_values:
        return _Outcome(False, last.chart_version, merged)
    debug = (
        f"Skipping installing/upgrading desired version {desired} for release {wish.release}, "
        f"since current version {current} is greater or equal to minimal required version "
        f"{wish.minimum}"
    )
    return _Outcome(True, debug=debug)


def _is_same(line: Line, current: semver.Version, desired: semver.Version) -> bool:
    if not current.equals(desired):
        return False
    return not line.compares_metadata or current.metadata == desired.metadata


def _version(text: str) -> semver.Version:
    try:
        return semver.parse(text)
    except semver.InvalidVersion as error:
        raise InstallError(str(error)) from None


def _tolerate(line: Line, values: Values, tainted: bool) -> Values:
    """Add the control plane's taints as tolerations unless some are set (FM 2.7.8)."""
    sent = dict(values)
    unset = "tolerations" not in sent or (line.tolerates_null and sent["tolerations"] is None)
    if not unset:
        return sent
    if tainted:
        sent["tolerations"] = [dict(CONTROL_PLANE_TOLERATION)]
    elif line.nulls_tolerations:
        sent["tolerations"] = None
    return sent


def canonical(value: object) -> str:
    """One text per JSON value, so that values can be compared as Rancher compares them."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    # Go writes a whole number without the fraction Python keeps.
    return re.sub(r"(?<=[:,\[])(-?[0-9]+)\.0(?=[,}\]])", r"\1", text)


def merge_patch(target: object, patch: object) -> Any:
    """A JSON merge patch that also drops null entries of maps inside lists (FM 2.7.9)."""
    if not isinstance(patch, dict):
        return _without_nulls(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merge_patch(result[key], value)
        else:
            result[key] = _without_nulls(value)
    return result


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
