# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job of AWX is known by what AWX tells it, and by nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.run import (
    RunJob,
)
from ansible_collections.harvester_ops.remediation.plugins.plugin_utils._job import (
    is_unattended,
    job_of,
)


@pytest.fixture(autouse=True)
def no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWX_HOST", "JOB_ID", "ANSIBLE_STDOUT_CALLBACK"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"awx_job_id": 42, "awx_user_name": "alice"}, "AWX job 42, launched by alice"),
        ({"tower_job_id": "42", "tower_user_name": "bob"}, "AWX job 42, launched by bob"),
        ({"awx_job_id": 42}, "AWX job 42, launched by a schedule"),
        (
            {"awx_job_id": 42, "awx_user_name": "alice", "awx_workflow_job_id": 41},
            "AWX job 42 of workflow job 41, launched by alice",
        ),
    ],
)
def test_a_job_names_itself_and_who_launched_it(variables: dict[str, Any], words: str) -> None:
    assert str(job_of(variables)) == words
    assert is_unattended(variables)


def test_the_environment_names_it_where_no_variables_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOB_ID", "42")
    assert job_of({}) is None  # other programs set it, too
    monkeypatch.setenv("AWX_HOST", "https://awx.example.com")
    assert job_of({}) == RunJob("42")


def test_ansible_runner_alone_is_no_job_and_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_unattended({})
    monkeypatch.setenv("ANSIBLE_STDOUT_CALLBACK", "awx_display")
    assert (job_of({}), is_unattended({})) == (None, True)
