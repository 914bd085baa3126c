# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.loading import (
    load_document,
)


def test_reads_what_a_run_has_written() -> None:
    text = '{"schema": "harvester_ops.remediation/plan/v1", "steps": []}'
    assert load_document(text, "plan")["steps"] == []


@pytest.mark.parametrize(
    ("text", "kind", "code", "words"),
    [
        ("", "evidence", "evidence-invalid", "is not JSON"),
        ('{"schema": ', "plan", "plan-invalid", "is not JSON"),
        ("[]", "evidence", "evidence-invalid", "'list'"),
        ("{}", "evidence", "evidence-invalid", "None"),
        (
            '{"schema": "harvester_ops.remediation/plan/v1"}',
            "evidence",
            "evidence-invalid",
            "harvester_ops.remediation/plan/v1",
        ),
        (
            '{"schema": "harvester_ops.remediation/evidence/v2"}',
            "evidence",
            "evidence-invalid",
            "evidence/v2",
        ),
    ],
)
def test_refuses_what_is_no_such_document(text: str, kind: str, code: str, words: str) -> None:
    with pytest.raises(RemediationError, match=words) as refused:
        load_document(text, kind)
    assert refused.value.code == code
    assert f"{kind}.json" in refused.value.remedy
