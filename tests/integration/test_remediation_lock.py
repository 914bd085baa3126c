# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster lock on a real API server: two runs at once, a dead one, check mode."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.tests.integration.module_run import ModuleRun
from controlplane.handle import ControlPlane


@pytest.fixture
def lock(control_plane: ControlPlane, tmp_path: Path) -> ModuleRun:
    """The module on a Lease of the test's own."""
    name = f"lock-{secrets.token_hex(4)}"
    return ModuleRun(control_plane, tmp_path, defaults={"namespace": "kube-system", "name": name})


def lease(lock: ModuleRun) -> dict[str, Any] | None:
    found = lock.control_plane.kubectl(
        "get", "lease", "-n", "kube-system", lock.defaults["name"], "-o", "json", check=False
    )
    return None if found.returncode else {"there": True}


def test_it_is_taken_renewed_and_given_back(lock: ModuleRun) -> None:
    taken = lock("remediation_lock", holder="a", purpose="repair of x")
    assert (taken["changed"], taken["taken_over_from"]) == (True, None)
    assert taken["lock"]["purpose"] == "repair of x"
    renewed = lock("remediation_lock", holder="a", state="renewed")
    assert not renewed["changed"]
    assert renewed["lock"]["since"] == taken["lock"]["since"]
    assert renewed["lock"]["purpose"] == "repair of x"
    released = lock("remediation_lock", holder="a", state="released")
    assert (released["changed"], released["lock"]) == (True, None)
    assert lease(lock) is None
    assert not lock("remediation_lock", holder="a", state="released")["changed"]
    assert lock.error("remediation_lock", holder="a", state="renewed")["code"] == "lock-lost"
    assert lease(lock) is None


def test_a_second_run_is_told_who_holds_it(lock: ModuleRun) -> None:
    held = lock("remediation_lock", holder="ops@jump1", purpose="plan 1f2e")["lock"]
    error = lock.error("remediation_lock", holder="ci@runner")
    assert error["code"] == "lock-held"
    assert error["retryable"]
    for part in ("ops@jump1", held["since"], held["expires"], "plan 1f2e"):
        assert part in error["message"]
    other = lock("remediation_lock", holder="ci@runner", state="released")
    assert (other["changed"], other["lock"]["holder"]) == (False, "ops@jump1")


def test_of_two_at_once_one_gets_it(lock: ModuleRun) -> None:
    with ThreadPoolExecutor(2) as pool:
        results = list(
            pool.map(lambda who: lock.attempt("remediation_lock", holder=who), ("a", "b"))
        )
    failed = [each for each in results if each.get("failed")]
    assert len(failed) == 1
    assert failed[0]["error"]["code"] == "lock-held"


def test_an_expired_one_is_taken_over_with_a_note(lock: ModuleRun) -> None:
    lock("remediation_lock", holder="dead@jump1", duration=1)
    taken: dict[str, Any] = lock.control_plane.wait_for(
        "the lock to expire",
        lambda: (
            result
            if not (result := lock.attempt("remediation_lock", holder="b")).get("failed")
            else None
        ),
    )
    assert taken["changed"]
    assert taken["taken_over_from"]["holder"] == "dead@jump1"
    assert any("dead@jump1" in str(each) for each in taken["warnings"])


def test_the_lock_of_a_run_that_died_on_this_machine_is_free_at_once(lock: ModuleRun) -> None:
    """As Ansible runs it: the process that holds the lock is the one that plays, and it ends here."""
    options = {**lock.defaults, "kubeconfig": str(lock.control_plane.kubeconfig)}

    def play(holder: str) -> subprocess.CompletedProcess[str]:
        arguments = json.dumps({**options, "holder": holder})
        return subprocess.run(
            [
                str(Path(sys.executable).with_name("ansible")),
                *("localhost", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}"),
                *("-m", "harvester_ops.remediation.remediation_lock", "-a", arguments),
            ],
            env={**os.environ, "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false"},
            check=False,
            capture_output=True,
            text=True,
        )

    first = play("ops@here run 1")
    assert first.returncode == 0, first.stdout + first.stderr
    second = play("ops@here run 2")
    assert second.returncode == 0, second.stdout + second.stderr
    assert "The lock of ops@here run 1" in second.stdout + second.stderr


def test_check_mode_takes_nothing(lock: ModuleRun) -> None:
    tried = lock("remediation_lock", holder="a", check=True)
    assert (tried["changed"], tried["lock"]["holder"]) == (True, "a")
    assert lease(lock) is None
    lock("remediation_lock", holder="b")
    assert lock.error("remediation_lock", holder="a", check=True)["code"] == "lock-held"
    assert lock("remediation_lock", holder="b", state="released", check=True)["changed"]
    assert lease(lock) is not None
