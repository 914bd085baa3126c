# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a locked release goes back to, and what is left when its lock is removed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.evidence import (
    Revision,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.shape import (
    Problems,
    read,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.rollback_target import (
    left_by_unlock,
    pending_on_top,
    rollback_target,
    unfit,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import revision

DAMAGED: dict[str, Any] = {"error": "gzip: invalid header"}
UNREAD: dict[str, Any] = {"decoded": False}


def history(*statuses: str | tuple[str, dict[str, Any]]) -> list[Revision]:
    """Revisions of fleet from 9 downwards."""
    found = []
    for number, each in zip(range(9, 0, -1), statuses, strict=False):
        status, more = each if isinstance(each, tuple) else (each, {})
        document = revision("fleet", number, status, "105.0.2+up0.11.2", 4000, **more)
        found.append(read(Revision, document, Problems()) or Revision())
    return found


def of_chart(name: str, found: Revision) -> Revision:
    return replace(found, chart_name=name)


PENDING = "pending-upgrade"


@pytest.mark.parametrize(
    ("revisions", "target", "left"),
    [
        pytest.param(history(PENDING, "deployed"), 8, 8, id="over-deployed"),
        pytest.param(history(PENDING, "failed", "deployed"), 7, 8, id="over-failed-over-deployed"),
        pytest.param(history(PENDING, "deployed", "deployed"), 8, 8, id="newest-deployed"),
        pytest.param(history(PENDING, "superseded", "deployed"), 7, 8, id="deployed-before-newer"),
        pytest.param(history(PENDING, "failed", "superseded"), 7, 8, id="superseded"),
        pytest.param(history(PENDING, "superseded", "superseded"), 8, 8, id="newest-superseded"),
        pytest.param(history("pending-install"), None, None, id="first-install"),
        pytest.param(history("pending-install", "failed"), None, 8, id="only-failed"),
        pytest.param(history("pending-rollback", "failed", "deployed"), 7, 8, id="rollback"),
        pytest.param(history(PENDING, PENDING, "deployed"), 7, 7, id="two-locks"),
        pytest.param(history(PENDING, PENDING), None, None, id="nothing-but-locks"),
        pytest.param(history(PENDING, "uninstalled"), None, 8, id="uninstalled"),
        pytest.param(
            history(PENDING, "failed", ("deployed", DAMAGED)), None, 8, id="damaged-deployed"
        ),
        pytest.param(
            history(PENDING, ("deployed", DAMAGED), "superseded"), 7, 8, id="below-a-damaged-one"
        ),
        pytest.param(
            history(PENDING, "failed", ("superseded", UNREAD)), None, 8, id="not-looked-at"
        ),
        pytest.param(
            history(PENDING, ("deployed", UNREAD), "deployed"), 7, 8, id="read-before-unread"
        ),
        pytest.param(
            [*history(PENDING), of_chart("other", history("x", "deployed")[1])],
            None,
            8,
            id="of-another-chart",
        ),
        pytest.param([], None, None, id="no-release"),
    ],
)
def test_target(revisions: list[Revision], target: int | None, left: int | None) -> None:
    found = rollback_target(revisions)
    assert (found and found.revision) == target
    after = left_by_unlock(revisions)
    assert (after and after.revision) == left


def test_the_last_revision_is_no_target() -> None:
    assert rollback_target(history("deployed")) is None


def test_a_lock_is_all_the_pending_revisions_on_top() -> None:
    revisions = history(PENDING, "pending-rollback", "deployed", PENDING)
    assert [each.revision for each in pending_on_top(revisions)] == [9, 8]


@pytest.mark.parametrize(
    ("candidate", "why"),
    [
        (("failed", {}), "is failed and never was a working state"),
        (("deployed", DAMAGED), "cannot be read (gzip: invalid header)"),
        (("deployed", UNREAD), "was not read"),
    ],
)
def test_why_not(candidate: tuple[str, dict[str, Any]], why: str) -> None:
    last, below = history(PENDING, candidate)
    assert unfit(below, last) == why
