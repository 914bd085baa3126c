# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to approve the plan of a run: on a command line, in the survey of a job, at the node of a workflow."""

from __future__ import annotations

from collections.abc import Iterator

from .._documents.report import Advice
from .._documents.run import REPORT, Run, RunJob
from .._documents.vocabulary import ApprovedHow


def how_to_approve(run: Run) -> list[Advice]:
    """What to do with a plan that waits for approval, after a word on an approval that was given for another one."""
    return [*_why_another(run), *(_in_a_job(run, run.job) if run.job else _at_a_terminal(run))]


def _why_another(run: Run) -> Iterator[Advice]:
    if run.rounds:
        yield Advice("What was approved was carried out; this is a new plan, for what is left.")
    elif run.approval.how == ApprovedHow.OTHER_FINGERPRINT:
        yield Advice(
            f"The fingerprint that was given, {run.approval.given}, is of another plan. The cluster moved, or a setting"
            f" differs; the plan of this run is {run.plan.fingerprint}."
        )


def _in_a_job(run: Run, job: RunJob) -> Iterator[Advice]:
    if not job.workflow:
        yield Advice(
            f"Read the plan. To carry out exactly this plan, launch the job template that remediates, with"
            f" {run.plan.fingerprint} in its survey as the fingerprint of the plan you approve"
            f" (remediation_approved_plan={run.plan.fingerprint})."
        )
        yield Advice(
            f"Or choose the risks to approve in its survey, whatever the plan then is: {', '.join(run.plan.risks)}."
        )
    elif run.check_mode:
        yield Advice(
            f"Read the plan, then approve or deny the node that waits in workflow job {job.workflow}. Approved, exactly"
            f" plan {run.plan.fingerprint} is carried out, or nothing."
        )
    else:
        yield Advice(
            "Launch the workflow again. It makes a plan for the state the cluster is in now, and asks for its approval."
        )


def _at_a_terminal(run: Run) -> Iterator[Advice]:
    risks = ", ".join(f'"{risk}"' for risk in run.plan.risks)
    if run.work == REPORT:
        yield Advice(
            "Read the plan. To carry it out, run remediate_stuck_upgrade against the cluster itself; it reads the cluster"
            " again and shows its own plan before it changes anything.",
            "ansible-playbook harvester_ops.remediation.remediate_stuck_upgrade",
        )
        return
    yield Advice(
        "Read the plan. To carry out exactly this plan, run the same command again with",
        f"-e remediation_approved_plan={run.plan.fingerprint}",
    )
    yield Advice(
        "or approve its risks instead, whatever the plan then is, with",
        f"-e '{{\"remediation_auto_approve\": [{risks}]}}'",
    )
