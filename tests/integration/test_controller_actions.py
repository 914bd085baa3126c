# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions that run on the controller, in real plays, with and without a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import ansible_runner
import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.plan import (
    ObjectRef,
    Plan,
    Step,
)

ANSIBLE_PLAYBOOK = Path(sys.executable).parent / "ansible-playbook"
STEP = Step(
    action="nudge",
    module="cluster_repo",
    title="Nudge Rancher",
    finding="rc-to-ga-skip-fleet",
    object=ObjectRef("catalog.cattle.io/v1", "ClusterRepo", None, "rancher-charts"),
    params={"state": "nudged", "name": "rancher-charts"},
    risk="medium",
)
PLAN = Plan(cluster_uid="9e1b", evidence_digest="0" * 64, options={}, steps=(STEP,))


def write_play(folder: Path, task: dict[str, Any]) -> Path:
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [{**task, "register": "done"}, {"debug": {"var": "done"}}],
    }
    path = folder / "play.yml"
    path.write_text(json.dumps([play]))
    return path


def approve(folder: Path, **given: Any) -> Path:
    return write_play(
        folder,
        {"harvester_ops.remediation.plan_approval": {"plan": PLAN.to_dict(), **given}},
    )


def run(play: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ANSIBLE_PLAYBOOK, play, *options],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
        check=False,
    )


def type_at_terminal(play: Path, answer: str) -> str:
    """What ansible-playbook prints when it has a terminal and the answer is typed at its prompt."""
    shown, asked = at_terminal(play, answer)
    assert asked, shown
    return shown


def at_terminal(play: Path, answer: str) -> tuple[str, bool]:
    """What ansible-playbook prints when it has a terminal, and whether it asked for the answer."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["ANSIBLE_NOCOLOR"] = "1"
        os.execv(ANSIBLE_PLAYBOOK, [str(ANSIBLE_PLAYBOOK), str(play)])
    seen = b""
    answered = False
    while True:
        if answered and not select.select([terminal], [], [], 2.0)[0]:
            # What is typed before Ansible has made the terminal its own is lost, as with a person's.
            os.write(terminal, answer.encode() + b"\r")
            continue
        try:
            chunk = os.read(terminal, 4096)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk
        if not answered and b"without a change: " in seen:
            os.write(terminal, answer.encode() + b"\r")
            answered = True
    os.waitpid(pid, 0)
    return seen.decode(), answered


def test_nobody_to_ask_leaves_the_plan_unapproved(tmp_path: Path) -> None:
    done = run(approve(tmp_path))
    assert done.returncode == 0
    assert '"approved": false' in done.stdout
    assert '"medium"' in done.stdout


@pytest.mark.parametrize(
    ("given", "approved"),
    [
        ({"approved_plan": PLAN.fingerprint}, "true"),
        ({"approved_plan": "0123456789abcdef"}, "false"),
        ({"auto_approve": ["low", "medium"]}, "true"),
        ({"auto_approve": ["low"]}, "false"),
    ],
)
def test_approval_given_beforehand(tmp_path: Path, given: dict[str, Any], approved: str) -> None:
    assert f'"approved": {approved}' in run(approve(tmp_path, **given)).stdout


def test_a_risk_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    done = run(approve(tmp_path, auto_approve=["all"]))
    assert done.returncode == 2
    assert '"code": "refused"' in done.stdout


def test_the_fingerprint_typed_at_the_terminal_approves(tmp_path: Path) -> None:
    assert '"how": "prompt"' in type_at_terminal(approve(tmp_path), PLAN.fingerprint[:4])


def test_anything_else_typed_at_the_terminal_declines(tmp_path: Path) -> None:
    shown = type_at_terminal(approve(tmp_path), "yes")
    assert '"how": "declined"' in shown
    assert '"approved": false' in shown


def test_nobody_is_asked_where_several_would_be_asked_at_once(tmp_path: Path) -> None:
    shown, asked = at_terminal(approve(tmp_path, ask=False), PLAN.fingerprint[:4])
    assert not asked
    assert '"approved": false' in shown
    assert '"how": "none"' in shown


def test_a_job_of_a_controller_is_never_asked(tmp_path: Path) -> None:
    """ansible-runner, which runs the jobs of AWX, gives them a terminal at which nobody sits."""
    approve(tmp_path)
    (tmp_path / "project").mkdir()
    (tmp_path / "play.yml").rename(tmp_path / "project/play.yml")
    done = ansible_runner.run(
        private_data_dir=str(tmp_path),
        playbook="play.yml",
        envvars={"PATH": f"{ANSIBLE_PLAYBOOK.parent}:{os.environ['PATH']}"},
        settings={"job_timeout": 60},
        quiet=True,
    )
    assert done.status == "successful", done.stdout.read()
    assert '"how": "none"' in done.stdout.read()


def test_check_mode_asks_nobody(tmp_path: Path) -> None:
    assert '"approved": false' in run(approve(tmp_path), "--check").stdout


def test_show_prints_text_as_it_is(tmp_path: Path) -> None:
    text = 'one "quoted" line\n    indented\tand the last'
    done = run(write_play(tmp_path, {"harvester_ops.remediation.show": {"text": text}}))
    assert text in done.stdout


def test_refuse_fails_with_the_common_shape(tmp_path: Path) -> None:
    error = {"code": "plan-drifted", "message": "It moved.", "remedy": "Plan again."}
    done = run(write_play(tmp_path, {"harvester_ops.remediation.refuse": error}))
    assert done.returncode == 2
    assert '"code": "plan-drifted"' in done.stdout
    assert "It moved. Plan again." in done.stdout


def test_artifacts_that_cannot_be_written_are_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    given = {"directory": str(tmp_path / "file"), "run_id": "r", "documents": {"a.json": {}}}
    done = run(write_play(tmp_path, {"harvester_ops.remediation.write_artifacts": given}))
    assert done.returncode == 2
    assert "Set remediation_artifacts_dir" in done.stdout
