# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The job of AWX or Automation Controller that a run is part of.

AWX names it in extra variables, C(awx_job_id) and others and the same again with C(tower_) (awx_meta_vars), and in the
environment of the process, C(AWX_HOST) and C(JOB_ID).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ..module_utils._documents.run import RunJob

#: The callback of ansible-runner, which runs jobs on a terminal of its own that no person reads.
_RUNNER_CALLBACK = "awx_display"


def job_of(variables: Mapping[str, Any]) -> RunJob | None:
    """The job that the variables of a task, or else the environment, name."""

    def named(what: str) -> str:
        value = variables.get(f"awx_{what}", variables.get(f"tower_{what}"))
        return "" if value is None else str(value)

    number = named("job_id") or (os.environ.get("JOB_ID", "") if os.environ.get("AWX_HOST") else "")
    return RunJob(number, named("user_name"), named("workflow_job_id")) if number else None


def is_unattended(variables: Mapping[str, Any]) -> bool:
    """Whether the terminal of the run is one that no person can answer at."""
    runner = os.environ.get("ANSIBLE_STDOUT_CALLBACK") == _RUNNER_CALLBACK
    return runner or job_of(variables) is not None
