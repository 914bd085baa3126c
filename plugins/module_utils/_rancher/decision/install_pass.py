# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One pass of Rancher's system-chart manager over one release.

After ``Manager.install`` and ``desiredVersionAndValues`` of [R v2.8.0 to v2.15.0
pkg/catalogv2/system/system.go], as described and measured in FM 2.4, 2.5 and 2.7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .chart_version import ChartVersion, VersionError
from .decision import Action, Decision, Reason
from .index_lookup import (
    LATEST,
    NO_CHART_NAME,
    ChartNotInIndexError,
    VersionNotInIndexError,
    find_entry,
)
from .merge_patch import canonical, merge, same
from .rancher_version import RancherVersion
from .situation import InstalledRelease, Situation

# In the order of the Kubernetes type: Rancher sends a list of that type, not of maps.
_TOLERATION_FIELDS = ("key", "operator", "value", "effect", "tolerationSeconds")
_INDEX_MISSING = 'configmaps "rancher-charts-index" not found'


@dataclass
class _Pass:
    """One pass of ``Manager.install``, with the notes it takes on its way."""

    situation: Situation
    rancher: RancherVersion
    wanted: str = ""
    log: list[str] = field(default_factory=list)
    lookups: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)

    def note(self, line: str) -> None:
        self.trace.append(line)

    def result(self, action: Action, reason: Reason, **more: Any) -> Decision:
        return Decision(
            action,
            reason,
            wanted=self.wanted,
            log=tuple(self.log),
            lookups=tuple(self.lookups),
            trace=tuple(self.trace),
            **more,
        )

    def failed(self, reason: Reason, text: str, *, forever: bool = False) -> Decision:
        self.note(f"error: {text}" + (" (tried again every 5 s)" if forever else ""))
        return self.result(Action.ERROR, reason, error=text, retry_forever=forever)

    def unknown(self, reason: Reason, text: str) -> Decision:
        self.note(f"unknown: {text}")
        return self.result(Action.UNKNOWN, reason)


def one_pass(situation: Situation, rancher: RancherVersion) -> Decision:
    """Decide once (FM 2.4 steps 1 to 6), without looking further ahead."""
    now = _Pass(situation, rancher)
    if rancher.is_newer_than_known:
        now.note(f"Rancher {rancher} is newer than any whose code was read; taken for 2.15")
    failure = _look_up(now)
    if failure is not None:
        return failure
    if "last_revision" in situation.unreadable:
        return now.unknown(Reason.INPUT_UNREADABLE, "the release's last revision was not read")
    now.lookups.append("deployed")
    installed = situation.last_revision
    if installed is not None and installed.is_deployed:
        return _deployed(now, installed)
    status = f"last revision is {installed.status}" if installed else "there is no revision"
    now.note(f"{status}: Rancher treats the release as not installed")
    if installed is not None and installed.is_pending:
        now.lookups.append("pending")
        now.note("that revision is pending: Rancher leaves the release alone and logs nothing")
        return now.result(Action.BLOCKED, Reason.PENDING, row=1)
    return _operation(now, Reason.NOT_INSTALLED, 1, now.wanted, situation.values, fresh=True)


def _look_up(now: _Pass) -> Decision | None:
    """Find the wanted entry in the index (FM 2.4 steps 1 to 4); None when it was found."""
    situation = now.situation
    unread = {"chart", "index", "min", "exact"}.intersection(situation.unreadable)
    if unread:
        return now.unknown(Reason.INPUT_UNREADABLE, f"not read: {', '.join(sorted(unread))}")
    if situation.index is None:
        return _index_error(now, situation.index_error or _INDEX_MISSING)
    wanted = situation.exact or situation.min or LATEST
    try:
        found = find_entry(situation.chart, situation.index, wanted, now.rancher.semver)
    except ChartNotInIndexError as error:
        return now.failed(Reason.CHART_NOT_IN_INDEX, str(error))
    except VersionError as error:
        return now.failed(Reason.IMPROPER_CONSTRAINT, str(error))
    except VersionNotInIndexError as error:
        return now.failed(Reason.NO_MATCHING_VERSION, str(error))
    if wanted != LATEST and found != wanted:
        now.note(f"the index has {found}, of equal precedence, but not {wanted}")
        text = f"specified version {wanted} doesn't exist in the index"
        return now.failed(Reason.NOT_IN_INDEX, text)
    now.wanted = found
    asked = "exact" if situation.exact else "minimum" if situation.min else "latest"
    now.note(f"wanted {found} ({asked}) is in the index")
    return None


def _index_error(now: _Pass, text: str) -> Decision:
    missing = text.endswith(" not found")
    reason = Reason.INDEX_MISSING if missing else Reason.INDEX_UNREADABLE
    return now.failed(reason, text, forever=missing)


def _deployed(now: _Pass, installed: InstalledRelease) -> Decision:
    """Compare with a deployed release (FM 2.5 rows 2 to 9)."""
    situation = now.situation
    semver = now.rancher.semver
    try:
        current = ChartVersion.parse(installed.chart_version, semver)
    except VersionError as error:
        return now.failed(Reason.INSTALLED_VERSION_INVALID, str(error))
    try:
        wanted = ChartVersion.parse(now.wanted, semver)
    except VersionError as error:
        return now.failed(Reason.WANTED_VERSION_INVALID, str(error))
    compared = _Compared(now, installed, current, wanted)
    if situation.exact and not compared.exact_satisfied:
        return compared.upgrade_to_exact()
    if situation.min:
        try:
            minimum = ChartVersion.parse(situation.min, semver)
        except VersionError as error:
            return now.failed(Reason.MINIMUM_VERSION_INVALID, str(error))
        decision = compared.against_minimum(minimum)
        if decision is not None:
            return decision
    return compared.against_wanted()


class _Compared:
    """A deployed release beside what Rancher wants of it."""

    def __init__(
        self,
        now: _Pass,
        installed: InstalledRelease,
        current: ChartVersion,
        wanted: ChartVersion,
    ) -> None:
        self._now = now
        self._installed = installed
        self._current = current
        self._wanted = wanted
        config = canonical(dict(installed.config or {}))
        self._values = merge(config, canonical(dict(now.situation.values or {})))
        self._values_equal = same(self._values, config)

    @property
    def exact_satisfied(self) -> bool:
        """Whether an exact chart counts as the wanted one (row 2's condition, negated)."""
        if self._now.rancher.exact_compares_metadata:
            return self._current.same_with_metadata(self._wanted)
        return self._current.compare(self._wanted) == 0

    def upgrade_to_exact(self) -> Decision:
        """Row 2. The *normal form* is sent, not the Setting's text (FM 2.7.3)."""
        differ = self._current.compare(self._wanted) != 0
        what = "version" if differ else "build metadata"
        self._now.note(f"{what} of installed {self._current} differs from {self._wanted}")
        reason = Reason.VERSION_DIFFERS if differ else Reason.METADATA_DIFFERS
        return self._upgrade(reason, 2, str(self._wanted))

    def against_minimum(self, minimum: ChartVersion) -> Decision | None:
        """Rows 5 to 7; None for row 8, where the installed version is too low."""
        now, current, wanted = self._now, self._current, self._wanted
        if wanted.compare(minimum) < 0:
            chart = self._installed.chart_name or now.situation.chart
            now.log.append(
                f"error: available chart version ({wanted}) for {chart} "
                f"is less than the min version ({minimum}) "
            )
            now.note(f"exact {wanted} is lower than minimum {minimum}")
            return now.failed(Reason.AVAILABLE_BELOW_MINIMUM, NO_CHART_NAME, forever=True)
        if minimum.compare(current) > 0:
            return None
        ordered = f"minimum {minimum} <= installed {current} (build metadata ignored)"
        unsure = self._values_unread()
        if unsure is not None:
            return unsure
        if not self._values_equal:
            now.note(f"{ordered}, values differ: Rancher sends the installed version again")
            return self._upgrade(Reason.VALUES_DIFFER, 7, self._installed.chart_version)
        now.note(f"{ordered}, values equal: Rancher skips the release")
        now.log.append(
            f"debug: Skipping installing/upgrading desired version {wanted} for release "
            f"{now.situation.release_name}, since current version {current} is greater or equal "
            f"to minimal required version {now.situation.min}"
        )
        return self._skip(6)

    def against_wanted(self) -> Decision:
        """Rows 3, 4, 8 and 9."""
        now, situation = self._now, self._now.situation
        order = self._wanted.compare(self._current)
        if order > 0:
            below = bool(situation.min)
            now.note(f"installed {self._current} < {self._wanted}")
            reason = Reason.BELOW_MINIMUM if below else Reason.NEWER_AVAILABLE
            return self._upgrade(reason, 8 if below else 9, now.wanted)
        unsure = self._values_unread()
        if unsure is not None:
            return unsure
        ordered = f"installed {self._current} >= {self._wanted}"
        if self._values_equal:
            now.note(f"{ordered}, values equal: Rancher skips the release")
            return self._skip(3 if situation.exact else 9)
        now.note(f"{ordered}, values differ")
        return self._upgrade(Reason.VALUES_DIFFER, 4 if situation.exact else 9, now.wanted)

    def _values_unread(self) -> Decision | None:
        if "values" not in self._now.situation.unreadable:
            return None
        return self._now.unknown(
            Reason.INPUT_UNREADABLE, "it depends on Rancher's values, which were not read"
        )

    def _skip(self, row: int) -> Decision:
        order = self._current.compare(self._wanted)
        if order > 0:
            reason = Reason.NEWER_INSTALLED
        elif self._current.metadata == self._wanted.metadata:
            reason = Reason.UP_TO_DATE
        else:
            reason = Reason.EQUAL_PRECEDENCE
        return self._now.result(Action.SKIP, reason, row=row)

    def _upgrade(self, reason: Reason, row: int, version: str) -> Decision:
        return _operation(self._now, reason, row, version, self._values, fresh=False)


def _operation(
    now: _Pass,
    reason: Reason,
    row: int,
    version: str,
    values: Mapping[str, Any] | None,
    *,
    fresh: bool,
) -> Decision:
    """Send the operation (FM 2.4 step 7); ``fresh`` values are the map Rancher keeps."""
    situation, rancher = now.situation, now.rancher
    now.lookups.append("pending")
    sent = canonical(dict(values or {}))
    tolerated = _add_tolerations(sent, situation, rancher)
    now.note(f"Rancher starts an operation with version {version}")
    resolves_to, resolve_error = None, None
    try:
        resolves_to = find_entry(situation.chart, situation.index or (), version, rancher.semver)
        now.note(f"the index gives {resolves_to} for it")
    except (LookupError, VersionError) as error:
        resolve_error = str(error)
        now.note(f"the operation cannot be created: {resolve_error}")
    return now.result(
        Action.UPGRADE,
        reason,
        row=row,
        version=version,
        values=None if "values" in situation.unreadable else sent or None,
        release=situation.release_name if rancher.release_name_is_separate else situation.chart,
        take_ownership=situation.take_ownership,
        resolves_to=resolves_to,
        resolve_error=resolve_error,
        values_mutated=fresh and tolerated and situation.values is not None,
    )


def _add_tolerations(values: dict[str, Any], situation: Situation, rancher: RancherVersion) -> bool:
    """Add the control plane's tolerations as this Rancher does (FM 2.7.8); True if the map changed."""
    if not rancher.adds_tolerations:
        return False
    present = "tolerations" in values
    if present and not (rancher.null_tolerations_are_absent and values["tolerations"] is None):
        return False
    if situation.control_plane_tolerations:
        values["tolerations"] = [
            {name: item[name] for name in _TOLERATION_FIELDS if name in item}
            for item in situation.control_plane_tolerations
        ]
        return True
    if rancher.writes_empty_tolerations:
        values["tolerations"] = None
        # Null over null is no change of the map that Rancher keeps.
        return not present
    return False
