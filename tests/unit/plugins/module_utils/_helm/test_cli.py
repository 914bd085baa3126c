# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm import cli as cli_file
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.change import (
    ReleaseChange,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.cli import (
    HelmCli,
    HelmFailedError,
    find_helm,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.scripted_helm import (
    ScriptedHelm,
)

CHANGE = ReleaseChange("cattle-fleet-system", "fleet")
WATCH = 20.0


def wait_for(true: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + WATCH
    while not true():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.01)


def cli_of(helm: ScriptedHelm, **environment: str) -> HelmCli:
    return HelmCli(str(helm.path), environment)


def run(cli: HelmCli, *arguments: str, deadline: float = 60.0) -> bytes:
    return asyncio.run(cli.run(list(arguments), deadline=deadline))


def test_arguments_reach_helm_as_they_are(tmp_path: Path) -> None:
    helm = ScriptedHelm.make(tmp_path, get={"stdout": "answer"})
    hostile = ["get", "a b", "$(touch x)", "--set=\"'", "*"]
    assert run(cli_of(helm), *hostile) == b"answer"
    assert helm.calls[0]["argv"] == hostile


def test_the_environment_carries_credentials_and_nothing_of_the_users_own_helm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELM_NAMESPACE", "elsewhere")
    monkeypatch.setenv("HELM_KUBETOKEN", "of-another-cluster")
    monkeypatch.setenv("HELM_DRIVER", "configmap")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    helm = ScriptedHelm.make(tmp_path)
    run(cli_of(helm, KUBECONFIG="/tmp/k", HELM_KUBEAPISERVER="https://api"), "list")
    env = helm.calls[0]["env"]
    assert env["KUBECONFIG"] == "/tmp/k"
    assert env["HELM_KUBEAPISERVER"] == "https://api"
    assert (env["LC_ALL"], env["HELM_DRIVER"]) == ("C", "secret")
    assert env["HTTPS_PROXY"] == "http://proxy"
    assert "HELM_NAMESPACE" not in env
    assert "HELM_KUBETOKEN" not in env


def test_an_upgrade_is_spelled_completely_and_values_go_by_stdin(tmp_path: Path) -> None:
    helm = ScriptedHelm.make(tmp_path)
    cli = cli_of(helm)
    asyncio.run(cli.upgrade(CHANGE, "/c/fleet.tgz", b'{"password": "hunter2"}'))
    version, upgrade = helm.calls
    assert version["argv"][0] == "version"
    assert upgrade["argv"] == [
        *("upgrade", "fleet", "/c/fleet.tgz", "--namespace", "cattle-fleet-system"),
        *("--history-max", "5", "--timeout", "600s", "--reset-values", "--values", "-", "--wait"),
    ]
    assert upgrade["stdin"] == '{"password": "hunter2"}'
    assert not any("hunter2" in part for part in upgrade["argv"])
    assert cli.runs == 2
    assert cli.known_version == "v3.22.0"


@pytest.mark.parametrize("dry_run", [False, True])
def test_every_change_is_announced_with_the_time_at_which_nothing_of_it_is_left(
    tmp_path: Path, dry_run: bool
) -> None:
    helm = ScriptedHelm.make(tmp_path)
    told: list[tuple[float, int]] = []
    cli = HelmCli(
        str(helm.path), {}, before_change=lambda seconds: told.append((seconds, len(helm.calls)))
    )
    change = ReleaseChange("ns", "r", timeout=300, dry_run=dry_run)
    asyncio.run(cli.upgrade(change, "c.tgz", b"{}"))
    asyncio.run(cli.roll_back(change, 3))
    # Ahead of the process: only the one that asked for the version had been there.
    assert told == ([] if dry_run else [(1280.0, 1), (1280.0, 2)])


def test_a_change_that_may_not_be_made_starts_no_helm(tmp_path: Path) -> None:
    def forbid(_seconds: float) -> None:
        raise RemediationError("lock-held", "Lease/n/l is held by another run.")

    helm = ScriptedHelm.make(tmp_path)
    cli = HelmCli(str(helm.path), {}, before_change=forbid)
    with pytest.raises(RemediationError, match="another run"):
        asyncio.run(cli.roll_back(ReleaseChange("ns", "r"), 3))
    assert [call["argv"][0] for call in helm.calls] == ["version"]


SERVER_DRY_RUN = ["--dry-run=server", "--output", "json"]


@pytest.mark.parametrize(
    ("version", "apply_method", "force"),
    [
        ("v3.22.0", "csa", ["--force"]),
        ("v3.22.0", "ssa", []),
        ("v4.3.1", "csa", ["--server-side=false", "--force-replace"]),
        ("v4.3.1", "ssa", ["--force-conflicts"]),
    ],
)
def test_write_flags_follow_the_version(
    tmp_path: Path, version: str, apply_method: str, force: list[str]
) -> None:
    helm = ScriptedHelm.make(tmp_path, version)
    change = ReleaseChange("ns", "r", force=True, dry_run=True, apply_method=apply_method)
    asyncio.run(cli_of(helm).upgrade(change, "c.tgz", b"{}", take_ownership=True))
    argv = helm.calls[-1]["argv"]
    flags = argv[argv.index("-") + 1 :]
    assert flags == ["--wait", "--take-ownership", *force, *SERVER_DRY_RUN]


@pytest.mark.parametrize(
    ("printed", "manifest"),
    [
        ('{"name": "r", "manifest": "kind: Secret"}', "kind: Secret"),
        ('{"manifest": 1}', None),
        ("[]", None),
        ("Release r has been upgraded", None),
    ],
)
def test_a_dry_run_gives_what_helm_rendered(
    tmp_path: Path, printed: str, manifest: str | None
) -> None:
    helm = ScriptedHelm.make(tmp_path, upgrade={"stdout": printed})
    cli = cli_of(helm)
    dry, wet = (ReleaseChange("ns", "r", dry_run=dry) for dry in (True, False))
    assert asyncio.run(cli.upgrade(dry, "c.tgz", b"{}")) == manifest
    assert asyncio.run(cli.upgrade(wet, "c.tgz", b"{}")) is None


@pytest.mark.parametrize(
    ("version", "flags"),
    [
        ("v3.22.0", ["--wait", "--force", "--dry-run"]),
        ("v4.3.1", ["--wait", "--server-side=false", "--force-replace", "--dry-run=server"]),
    ],
)
def test_a_rollback_always_names_its_revision(
    tmp_path: Path, version: str, flags: list[str]
) -> None:
    helm = ScriptedHelm.make(tmp_path, version)
    change = ReleaseChange("ns", "r", force=True, dry_run=True, history_max=0)
    asyncio.run(cli_of(helm).roll_back(change, 7))
    assert helm.calls[-1]["argv"] == [
        *("rollback", "r", "7", "--namespace", "ns", "--history-max", "0", "--timeout", "600s"),
        *flags,
    ]


def test_a_helm_that_waits_for_nothing_is_stopped_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_file, "LOOK_EVERY", 0.05)
    helm = ScriptedHelm.make(tmp_path, upgrade={"until": str(tmp_path / "never")})
    reason = "Pod/ns/a: Pending: 0/3 nodes are available, for 120 s"
    # Once it has started.
    cli = HelmCli(
        str(helm.path), {}, watch=lambda _change: lambda: reason if len(helm.calls) == 2 else ""
    )
    with pytest.raises(RemediationError) as caught:
        asyncio.run(cli.upgrade(CHANGE, "c.tgz", b"{}"))
    assert caught.value.code == "helm-timeout"
    assert "cannot become ready: Pod/ns/a: Pending: 0/3 nodes" in caught.value.message
    assert helm.calls[-1]["argv"][0] == "upgrade"


def test_a_helm_that_gets_there_is_watched_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_file, "LOOK_EVERY", 0.05)
    finish = tmp_path / "finish"
    helm = ScriptedHelm.make(tmp_path, rollback={"until": str(finish)})
    looks: list[int] = []

    def look() -> str:
        looks.append(1)
        if len(looks) == 3:
            finish.touch()
        return ""

    cli = HelmCli(str(helm.path), {}, watch=lambda _change: look)
    asyncio.run(cli.roll_back(CHANGE, 3))
    assert len(looks) >= 3


@pytest.mark.parametrize("change", [{"dry_run": True}, {"wait": False}])
def test_a_helm_that_does_not_wait_is_not_watched(tmp_path: Path, change: dict[str, bool]) -> None:
    def forbid(_change: ReleaseChange) -> Callable[[], str]:
        raise AssertionError("nothing to watch")

    cli = HelmCli(str(ScriptedHelm.make(tmp_path).path), {}, watch=forbid)
    asyncio.run(cli.roll_back(ReleaseChange("ns", "r", **change), 3))


def test_an_old_helm_cannot_take_ownership(tmp_path: Path) -> None:
    helm = ScriptedHelm.make(tmp_path, "v3.16.4")
    with pytest.raises(RemediationError) as caught:
        asyncio.run(cli_of(helm).upgrade(CHANGE, "c.tgz", b"{}", take_ownership=True))
    assert caught.value.code == "helm-unsupported"
    assert len(helm.calls) == 1


def test_a_failure_names_its_reason_and_its_telling_line(tmp_path: Path) -> None:
    stderr = (
        "WARNING: Kubernetes configuration file is group-readable.\n"
        "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress\n"
    )
    helm = ScriptedHelm.make(tmp_path, upgrade={"stderr": stderr, "code": 1})
    with pytest.raises(HelmFailedError) as caught:
        asyncio.run(cli_of(helm).upgrade(CHANGE, "c.tgz", b"{}"))
    error = caught.value
    assert error.kind == "another-operation"
    assert error.retryable
    assert error.details["line"].startswith("UPGRADE FAILED: another operation")
    assert "group-readable" not in str(error)


def test_helm_runs_in_a_session_of_its_own(tmp_path: Path) -> None:
    helm = ScriptedHelm.make(tmp_path)
    run(cli_of(helm), "list")
    call = helm.calls[0]
    assert call["session"] == call["group"] == call["pid"]
    assert call["session"] != os.getsid(0)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_a_helm_that_does_not_end_is_stopped_at_its_deadline(tmp_path: Path) -> None:
    helm = ScriptedHelm.make(tmp_path, upgrade={"until": str(tmp_path / "never")})
    with pytest.raises(RemediationError) as caught:
        run(cli_of(helm), "upgrade", deadline=1.0)
    assert caught.value.code == "helm-timeout"
    assert "diagnose again" in caught.value.remedy
    wait_for(lambda: not _alive(helm.calls[0]["pid"]), "the end of helm")


def test_a_helm_that_ignores_the_request_to_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_file, "GRACE", 0.3)
    answer = {"until": str(tmp_path / "never"), "ignore_term": True}
    helm = ScriptedHelm.make(tmp_path, upgrade=answer)
    with pytest.raises(RemediationError) as caught:
        run(cli_of(helm), "upgrade", deadline=1.0)
    assert caught.value.code == "helm-timeout"
    wait_for(lambda: not _alive(helm.calls[0]["pid"]), "the end of helm")


def test_a_killed_helm_is_told_from_a_failed_one(tmp_path: Path) -> None:
    helm = ScriptedHelm.make(tmp_path, upgrade={"kill": True})
    with pytest.raises(RemediationError) as caught:
        run(cli_of(helm), "upgrade")
    assert (caught.value.code, caught.value.details["reason"]) == ("helm-failed", "killed")
    assert "locked" in caught.value.remedy


_HOST = """
import asyncio, sys
from {module} import HelmCli
cli = HelmCli(sys.argv[1], {{}})
print("answer:", asyncio.run(cli.run(["upgrade"])).decode(), cli.interrupted, flush=True)
"""


def start_host(helm: ScriptedHelm) -> subprocess.Popen[bytes]:
    """A process of its own that runs helm, as a module does."""
    code = _HOST.format(module=cli_file.__name__)
    argv = [sys.executable, "-c", code, str(helm.path)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_of_the_terminal_waits_until_helm_is_done(tmp_path: Path, number: int) -> None:
    started, go_on = tmp_path / "started", tmp_path / "go-on"
    answer = {"started": str(started), "until": str(go_on), "stdout": "all done"}
    helm = ScriptedHelm.make(tmp_path / "helm", upgrade=answer)
    with start_host(helm) as host:
        wait_for(started.exists, "the start of helm")
        os.killpg(host.pid, number)
        go_on.touch()
        output, _error = host.communicate(timeout=WATCH)
    assert output.decode().split() == ["answer:", "all", "done", "True"]
    assert host.returncode == 0


def test_helm_goes_on_when_the_module_is_killed(tmp_path: Path) -> None:
    started, go_on, done = (tmp_path / name for name in ("started", "go-on", "done"))
    answer = {
        "started": str(started),
        "until": str(go_on),
        "done": str(done),
        "stdout": "x" * 100_000,
        "stderr": "y" * 100_000,
    }
    helm = ScriptedHelm.make(tmp_path / "helm", upgrade=answer)
    with start_host(helm) as host:
        wait_for(started.exists, "the start of helm")
        os.killpg(host.pid, signal.SIGKILL)
        host.wait()
        go_on.touch()
        wait_for(done.exists, "the end of helm's work")


def test_a_missing_or_broken_program_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RemediationError) as caught:
        find_helm(str(tmp_path / "helm"))
    assert caught.value.code == "helm-missing"
    assert str(tmp_path / "helm") in caught.value.message
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF no program")
    broken.chmod(0o755)
    with pytest.raises(RemediationError) as caught:
        run(HelmCli(find_helm(str(broken)), {}), "version")
    assert caught.value.code == "helm-missing"


def test_helm_is_found_in_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helm = ScriptedHelm.make(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_helm() == str(helm.path)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(RemediationError, match="no helm program helm in PATH"):
        find_helm()


def test_a_missing_library_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_file, "PYHELM3_IMPORT_ERROR", ImportError("no pyhelm3"))
    with pytest.raises(RemediationError) as caught:
        HelmCli("helm", {})
    assert caught.value.code == "library-missing"
