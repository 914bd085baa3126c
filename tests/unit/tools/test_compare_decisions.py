# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.tests.tools.compare_decisions import compare
from ansible_collections.harvester_ops.remediation.tests.unit.builders.measured_decisions import (
    measured,
)


def test_what_differs_is_counted_and_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right = next(measured())
    wrong = {**right, "result": {"action": "skip"}}
    file = tmp_path / "more.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in (right, wrong)), encoding="utf-8")
    assert not compare(file)
    shown = capsys.readouterr().out
    assert '"differs": {"action": ["skip", "pending"]}' in shown
    assert "2 cases, 1 differ action 1" in shown
    file.write_text(json.dumps(right), encoding="utf-8")
    assert compare(file)
