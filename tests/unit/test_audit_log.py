# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit log is read while the API server writes to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.tests.scenarios.audit import AuditLog


def _line(verb: str, name: str) -> bytes:
    event = {
        "verb": verb,
        "requestURI": f"/api/v1/namespaces/default/configmaps/{name}",
        "objectRef": {"resource": "configmaps", "namespace": "default", "name": name},
        "user": {"username": "operator"},
        "responseStatus": {"code": 200},
    }
    return json.dumps(event).encode() + b"\n"


BEFORE, AFTER = _line("patch", "before"), _line("patch", "after")


@pytest.mark.parametrize("written", [0, 1, 100, len(BEFORE) - 1, len(BEFORE)])
def test_a_mark_within_a_line_leaves_that_line_out(tmp_path: Path, written: int) -> None:
    """Wherever the file ends at the moment of the mark: what was then asked is before it."""
    path = tmp_path / "audit.log"
    path.write_bytes(BEFORE + BEFORE[:written])
    log = AuditLog(path, "operator").mark()
    path.write_bytes(BEFORE + BEFORE + AFTER)
    expected = ["patch configmaps default/after"]
    if written == 0:
        expected.insert(0, "patch configmaps default/before")
    assert log.writes() == expected


def test_a_line_that_is_being_written_is_left_for_the_next_look(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_bytes(BEFORE + AFTER[:-5])
    log = AuditLog(path, "operator")
    assert log.writes() == ["patch configmaps default/before"]
    path.write_bytes(BEFORE + AFTER)
    assert log.writes() == ["patch configmaps default/before", "patch configmaps default/after"]
