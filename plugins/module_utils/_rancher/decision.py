# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Rancher's system-chart manager will do with a release next.

A pure, total function of what Rancher looks at (`Situation`) to what it does (`Decision`), after
``Manager.install`` of [R v2.8.0 to v2.15.0 pkg/catalogv2/system/system.go] as described and
measured in FM 2.4, 2.5 and 2.7.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.chart_version import (
    ChartVersion,
    VersionError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.go_text import (
    format_without_arguments,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.index_lookup import (
    LATEST,
    NO_CHART_NAME,
    ChartNotInIndexError,
    VersionNotInIndexError,
    find_entry,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.merge_patch import (
    canonical,
    merge,
    same,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.rancher_version import (
    RancherVersion,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.situation import (
    InstalledRelease,
    Situation,
)

# In the order of the Kubernetes type: Rancher sends a list of that type, not of maps.
_TOLERATION_FIELDS = ("key", "operator", "value", "effect", "tolerationSeconds")
# The most passes that are looked ahead; what has not come to rest by then never does.
LAST_PASS = 6
_INDEX_MISSING = 'configmaps "rancher-charts-index" not found'


class Action(str, Enum):
    """What Rancher does."""

    SKIP = "skip"
    UPGRADE = "upgrade"
    BLOCKED = "blocked-by-pending"
    ERROR = "error"
    UNKNOWN = "unknown"


class Reason(str, Enum):
    """Why; every reason belongs to one action."""

    # skip
    UP_TO_DATE = "up-to-date"
    EQUAL_PRECEDENCE = "equal-precedence"
    NEWER_INSTALLED = "newer-installed"
    # upgrade
    NOT_INSTALLED = "not-installed"
    VERSION_DIFFERS = "version-differs"
    METADATA_DIFFERS = "metadata-differs"
    VALUES_DIFFER = "values-differ"
    BELOW_MINIMUM = "below-minimum"
    NEWER_AVAILABLE = "newer-available"
    # blocked-by-pending
    PENDING = "pending"
    # error
    INDEX_MISSING = "index-missing"
    INDEX_UNREADABLE = "index-unreadable"
    CHART_NOT_IN_INDEX = "chart-not-in-index"
    IMPROPER_CONSTRAINT = "improper-constraint"
    NO_MATCHING_VERSION = "no-matching-version"
    NOT_IN_INDEX = "not-in-index"
    INSTALLED_VERSION_INVALID = "installed-version-invalid"
    WANTED_VERSION_INVALID = "wanted-version-invalid"
    MINIMUM_VERSION_INVALID = "minimum-version-invalid"
    AVAILABLE_BELOW_MINIMUM = "available-below-minimum"
    # unknown
    RANCHER_VERSION_UNKNOWN = "rancher-version-unknown"
    RANCHER_VERSION_UNSUPPORTED = "rancher-version-unsupported"
    INPUT_UNREADABLE = "input-unreadable"
    INTERNAL = "internal"


@dataclass(frozen=True)
class Decision:
    """What Rancher does in its next pass, and what follows from it.

    Attributes:
        row: the row of the table in FM 2.5 that decided; None when it was decided before it.
        wanted: the index entry Rancher is after (chart.Version), "" when it found none.
        version: the version text it sends with the operation; None without one.
        values: the values it sends; None when there are none to send (an empty map is left out).
        release: the release name it sends; None without an operation.
        error: the error's text as Rancher logs it after ``Failed to ...``.
        retry_forever: the error is retried every 5 s and holds the queue (FM 0.14).
        log: lines it logs while deciding, each with its level: ``debug: Skipping ...``.
        resolves_to: the index entry the operation installs, which may be another (FM 2.7.5).
        resolve_error: why the operation cannot be created.
        lookups: the lists of releases it asks Helm for: ``deployed``, ``pending``.
        values_mutated: it writes tolerations into the map of values it keeps (FM 2.7.10).
        pass2: the pass after the operation succeeded: ``skip``, ``operation:values``,
            ``operation:identical`` (the request is the same to the byte), ``operation:version``,
            ``error``, or why there is none.
        settles_at_pass: the pass that does nothing any more; None when it never comes to that.
        pass2_same_map, settles_at_pass_same_map: the same when Rancher passes the map of values it
            kept from the first pass, which it does until it restarts or a Setting changes.
        trace: how it came to that, one step a line, for people.
    """

    action: Action
    reason: Reason
    row: int | None = None
    wanted: str = ""
    version: str | None = None
    values: Mapping[str, Any] | None = None
    release: str | None = None
    take_ownership: bool = False
    error: str | None = None
    retry_forever: bool = False
    log: tuple[str, ...] = ()
    resolves_to: str | None = None
    resolve_error: str | None = None
    lookups: tuple[str, ...] = ()
    values_mutated: bool = False
    pass2: str | None = None
    settles_at_pass: int | None = None
    pass2_same_map: str | None = None
    settles_at_pass_same_map: int | None = None
    trace: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain data (enums as their texts) that `from_dict` reads back."""
        document: dict[str, Any] = dict(self.__dict__)
        document.update(
            action=self.action.value,
            reason=self.reason.value,
            values=None if self.values is None else dict(self.values),
            log=list(self.log),
            lookups=list(self.lookups),
            trace=list(self.trace),
        )
        return document

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Decision:
        """Read what `to_dict` wrote.

        Raises:
            ValueError, TypeError: it is not such a document.
        """
        fields = dict(document)
        fields["action"], fields["reason"] = Action(fields["action"]), Reason(fields["reason"])
        for name in ("log", "lookups", "trace"):
            fields[name] = tuple(fields.get(name, ()))
        return cls(**fields)


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


def decide(situation: Situation) -> Decision:
    """Return what Rancher does with the release next. Total: never raises."""
    try:
        rancher = RancherVersion.parse(situation.rancher)
        if rancher is None:
            return _no_rancher(situation)
        if rancher.line < (2, 8):
            return Decision(
                Action.UNKNOWN,
                Reason.RANCHER_VERSION_UNSUPPORTED,
                trace=(f"unknown: Rancher {rancher} is older than 2.8, whose code was read",),
            )
        first = _one_pass(situation, rancher)
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


def _one_pass(situation: Situation, rancher: RancherVersion) -> Decision:
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
    now.note(f"row 1: {status}: counts as not installed")
    if installed is not None and installed.is_pending:
        now.lookups.append("pending")
        now.note("step 6: pending: Rancher leaves it alone and says nothing")
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
        return now.failed(Reason.CHART_NOT_IN_INDEX, _index_text(now, error))
    except VersionError as error:
        return now.failed(Reason.IMPROPER_CONSTRAINT, _index_text(now, error))
    except VersionNotInIndexError as error:
        return now.failed(Reason.NO_MATCHING_VERSION, _index_text(now, error))
    if wanted != LATEST and found != wanted:
        now.note(f"step 3: the index has {found}, of equal precedence, but not {wanted}")
        text = f"specified version {wanted} doesn't exist in the index"
        return now.failed(Reason.NOT_IN_INDEX, text)
    now.wanted = found
    asked = "exact" if situation.exact else "minimum" if situation.min else "latest"
    now.note(f"step 3: wanted {found} ({asked}) is in the index")
    return None


def _index_error(now: _Pass, text: str) -> Decision:
    missing = text.endswith(" not found")
    reason = Reason.INDEX_MISSING if missing else Reason.INDEX_UNREADABLE
    return now.failed(reason, text, forever=missing)


def _index_text(now: _Pass, error: Exception) -> str:
    text = str(error)
    return format_without_arguments(text) if now.rancher.formats_error_texts else text


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
        self._now.note(f"row 2: {what} of installed {self._current} is not that of {self._wanted}")
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
            now.note(f"row 5: exact {wanted} is less than minimum {minimum}")
            return now.failed(Reason.AVAILABLE_BELOW_MINIMUM, NO_CHART_NAME, forever=True)
        if minimum.compare(current) > 0:
            return None
        ordered = f"minimum {minimum} <= installed {current} (build metadata ignored)"
        unsure = self._values_unread()
        if unsure is not None:
            return unsure
        if not self._values_equal:
            now.note(f"row 7: {ordered}, values differ: the installed version is sent again")
            return self._upgrade(Reason.VALUES_DIFFER, 7, self._installed.chart_version)
        now.note(f"row 6: {ordered}, values equal")
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
        row = 3 if situation.exact else 9
        if order > 0:
            below = bool(situation.min)
            now.note(f"row {8 if below else 9}: installed {self._current} < {self._wanted}")
            reason = Reason.BELOW_MINIMUM if below else Reason.NEWER_AVAILABLE
            return self._upgrade(reason, 8 if below else 9, now.wanted)
        unsure = self._values_unread()
        if unsure is not None:
            return unsure
        if self._values_equal:
            now.note(f"row {row}: installed {self._current} >= {self._wanted}, values equal")
            return self._skip(row)
        row = 4 if situation.exact else 9
        now.note(f"row {row}: installed {self._current} >= {self._wanted}, values differ")
        return self._upgrade(Reason.VALUES_DIFFER, row, now.wanted)

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
    now.note(f"step 7: operation with version {version}")
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
    """Add the control plane's tolerations as this Rancher does (FM 2.7.8); True if it wrote any."""
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
        return True
    return False


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
        after = _one_pass(replace(situation, last_revision=installed, values=values), rancher)
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
