# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The answer to "what will Rancher do with this release next?", as a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


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
