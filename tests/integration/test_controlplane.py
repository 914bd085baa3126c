# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane for tests keeps its own promises (tests/controlplane/README.md)."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane import cluster, objects, processes
from controlplane.components import COMPONENTS
from controlplane.cri_log import CriLog
from controlplane.failure import ControlPlaneError
from controlplane.handle import PROGRAM, ControlPlane

CONTAINER = {"name": "main", "image": "registry.test/team/app:1.2.3"}
JOB_RESTART = {"restartPolicy": "Never"}


@pytest.fixture
def namespace(control_plane, request):
    """A namespace of the test's own; kubectl needs its default service account for pods."""
    name = "t-" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:10]
    control_plane.kubectl("create", "namespace", name)
    control_plane.wait_for(
        "the default service account",
        lambda: control_plane.kubectl(
            "get", "serviceaccount", "default", "-n", name, check=False
        ).returncode
        == 0,
    )
    yield name
    control_plane.kubectl("delete", "namespace", name, "--wait=false")


def pod(namespace, name, annotations=None, **spec):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"namespace": namespace, "name": name, "annotations": annotations or {}},
        "spec": {"containers": [CONTAINER], **spec},
    }


def job(namespace, name, annotations=None):
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {
            "backoffLimit": 0,
            "template": {
                "metadata": {"annotations": annotations or {}},
                "spec": {"containers": [CONTAINER], **JOB_RESTART},
            },
        },
    }


def job_pod_name(plane, namespace, name):
    found = plane.wait_for(
        f"the pod of Job/{namespace}/{name}",
        lambda: plane.get("pods", "-n", namespace, "-l", f"job-name={name}")["items"],
    )
    return found[0]["metadata"]["name"]


def wait_for_pod(plane, namespace, name, what, holds):
    def look():
        document = plane.get("pod", name, "-n", namespace)
        return document if holds(document["status"]) else None

    return plane.wait_for(f"Pod/{namespace}/{name} to be {what}", look)


def is_ready(status):
    return any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", []))


def phase(wanted):
    return lambda status: status["phase"] == wanted


def annotate(plane, namespace, name, *changes):
    plane.kubectl("annotate", "pod", name, "-n", namespace, "--overwrite", *changes)


def running_in(directory):
    """Command lines of all living processes that name this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if str(directory).encode() in command:
            found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


def run_program(*arguments, **environment):
    return subprocess.run(
        [str(PROGRAM), *map(str, arguments)],
        capture_output=True,
        text=True,
        env=dict(os.environ, **environment),
        timeout=120,
        check=False,
    )


# --- the answer ---


def test_up_answers_what_works(control_plane):
    version = json.loads(control_plane.kubectl("version", "-o", "json").stdout)
    assert control_plane.server_version == version["serverVersion"]["gitVersion"]
    assert control_plane.server_version == COMPONENTS["kubernetes"].version
    for program, name in ((control_plane.helm3, "helm3"), (control_plane.helm4, "helm4")):
        done = subprocess.run([program, "version", "--short"], capture_output=True, check=True)
        assert done.stdout.decode().startswith(COMPONENTS[name].version)
    assert stat.S_IMODE(control_plane.kubeconfig.stat().st_mode) == 0o600


def test_up_leaves_no_trace_of_its_probe(control_plane):
    for kind in ("deployments", "replicasets", "pods"):
        names = [i["metadata"]["name"] for i in control_plane.get(kind, "-n", "default")["items"]]
        assert not [name for name in names if objects.PROBE in name]


def test_up_in_a_folder_that_is_up_answers_the_same(control_plane):
    first = run_program("up", "--dir", control_plane.directory)
    second = run_program("up", "--dir", control_plane.directory)
    assert first.returncode == second.returncode == 0
    assert first.stdout == second.stdout
    assert json.loads(first.stdout)["pids"] == control_plane.pids
    assert len(first.stdout.splitlines()) == 1


def test_nodes(control_plane):
    (node,) = control_plane.get("nodes")["items"]
    assert node["metadata"]["name"] == "node-1"
    assert "node-role.kubernetes.io/control-plane" in node["metadata"]["labels"]
    assert not node["spec"].get("taints")
    assert is_ready(node["status"])
    lease = control_plane.get("lease", "node-1", "-n", "kube-node-lease")
    assert lease["spec"]["leaseDurationSeconds"] == 40


# --- how pods live ---


def test_pod_becomes_ready_with_image_and_address(control_plane, namespace):
    control_plane.apply(pod(namespace, "p"))
    status = wait_for_pod(control_plane, namespace, "p", "ready", is_ready)["status"]
    (container,) = status["containerStatuses"]
    assert container["image"] == CONTAINER["image"]
    digest = hashlib.sha256(CONTAINER["image"].encode()).hexdigest()
    assert container["imageID"] == f"registry.test/team/app@sha256:{digest}"
    assert status["podIP"].startswith("10.52.")
    assert status["hostIP"] == "127.0.0.1"


def test_image_id_is_what_the_annotation_says(control_plane, namespace):
    wanted = "registry.test/team/app@sha256:" + "ab" * 32
    control_plane.apply(pod(namespace, "p", {"controlplane.test/image-id": wanted}))
    status = wait_for_pod(control_plane, namespace, "p", "ready", is_ready)["status"]
    assert status["containerStatuses"][0]["imageID"] == wanted


def test_job_completes_at_once(control_plane, namespace):
    control_plane.apply(job(namespace, "j"))
    name = job_pod_name(control_plane, namespace, "j")
    done = wait_for_pod(control_plane, namespace, name, "complete", phase("Succeeded"))
    state = done["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (state["exitCode"], state["reason"]) == (0, "Completed")
    assert not is_ready(done["status"])
    control_plane.kubectl("wait", "job/j", "-n", namespace, "--for=condition=Complete")


def test_waiting_job_waits_until_it_is_let_go(control_plane, namespace):
    control_plane.apply(job(namespace, "j", {"controlplane.test/keep-running": "true"}))
    name = job_pod_name(control_plane, namespace, "j")
    wait_for_pod(control_plane, namespace, name, "ready", is_ready)
    time.sleep(1)  # it would have completed in this time
    assert control_plane.get("pod", name, "-n", namespace)["status"]["phase"] == "Running"
    annotate(control_plane, namespace, name, "controlplane.test/keep-running-")
    control_plane.kubectl("wait", "job/j", "-n", namespace, "--for=condition=Complete")


def test_waiting_job_can_be_made_to_fail(control_plane, namespace):
    control_plane.apply(job(namespace, "j", {"controlplane.test/keep-running": "true"}))
    name = job_pod_name(control_plane, namespace, "j")
    wait_for_pod(control_plane, namespace, name, "ready", is_ready)
    annotate(control_plane, namespace, name, "controlplane.test/exit-code=1")
    control_plane.kubectl("wait", "job/j", "-n", namespace, "--for=condition=Failed")


@pytest.mark.parametrize(("code", "ended"), [("0", "Succeeded"), ("3", "Failed"), ("x", "Failed")])
def test_exit_code(control_plane, namespace, code, ended):
    annotations = {"controlplane.test/exit-code": code}
    control_plane.apply(pod(namespace, "p", annotations, **JOB_RESTART))
    done = wait_for_pod(control_plane, namespace, "p", ended, phase(ended))
    state = done["status"]["containerStatuses"][0]["state"]["terminated"]
    assert state["exitCode"] == (int(code) if code.isdigit() else 255)


def test_pod_that_is_restarted_for_ever_does_not_end(control_plane, namespace):
    control_plane.apply(pod(namespace, "p", {"controlplane.test/exit-code": "1"}))
    wait_for_pod(control_plane, namespace, "p", "ready", is_ready)


@pytest.mark.parametrize(
    ("reason", "seen_phase"), [("ErrImagePull", "Pending"), ("CrashLoopBackOff", "Running")]
)
def test_waiting_reason_comes_and_goes(control_plane, namespace, reason, seen_phase):
    control_plane.apply(pod(namespace, "p", {"controlplane.test/waiting-reason": reason}))

    def waits(status):
        containers = status.get("containerStatuses") or [{"state": {}}]
        return containers[0]["state"].get("waiting", {}).get("reason") == reason

    seen = wait_for_pod(control_plane, namespace, "p", reason, waits)["status"]
    assert seen["phase"] == seen_phase
    assert not is_ready(seen)
    annotate(control_plane, namespace, "p", "controlplane.test/waiting-reason-")
    wait_for_pod(control_plane, namespace, "p", "ready", is_ready)


def test_not_ready_comes_and_goes(control_plane, namespace):
    control_plane.apply(pod(namespace, "p", {"controlplane.test/not-ready": "true"}))
    seen = wait_for_pod(control_plane, namespace, "p", "running", phase("Running"))["status"]
    assert not is_ready(seen)
    assert seen["containerStatuses"][0]["ready"] is False
    annotate(control_plane, namespace, "p", "controlplane.test/not-ready-")
    wait_for_pod(control_plane, namespace, "p", "ready", is_ready)
    annotate(control_plane, namespace, "p", "controlplane.test/not-ready=true")
    wait_for_pod(control_plane, namespace, "p", "not ready", lambda status: not is_ready(status))


def test_terminal_status_set_by_somebody_else_stays(control_plane, namespace):
    control_plane.apply(pod(namespace, "p", **JOB_RESTART))
    wait_for_pod(control_plane, namespace, "p", "ready", is_ready)
    patch = ("--subresource=status", "--type=merge", "-p", '{"status":{"phase":"Succeeded"}}')
    control_plane.kubectl("patch", "pod", "p", "-n", namespace, *patch)
    time.sleep(1)  # a stage that matches would have been played in this time
    assert control_plane.get("pod", "p", "-n", namespace)["status"]["phase"] == "Succeeded"


def test_init_containers_and_sidecars(control_plane, namespace):
    containers = [
        {"name": "init", "image": "registry.test/init:1"},
        {"name": "sidecar", "image": "registry.test/sidecar:1", "restartPolicy": "Always"},
    ]
    control_plane.apply(pod(namespace, "p", initContainers=containers))
    status = wait_for_pod(control_plane, namespace, "p", "ready", is_ready)["status"]
    states = {s["name"]: next(iter(s["state"])) for s in status["initContainerStatuses"]}
    assert states == {"init": "terminated", "sidecar": "running"}


def test_workload_controllers_roll_out(control_plane, namespace):
    labels = {"app": "w"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [CONTAINER]}}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    for kind in ("StatefulSet", "DaemonSet"):
        metadata = {"namespace": namespace, "name": "w"}
        extra = {"serviceName": "w"} if kind == "StatefulSet" else {}
        document = {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata}
        control_plane.apply({**document, "spec": {**spec, **extra}})
        command = ("rollout", "status", f"{kind}/w", "-n", namespace, "--timeout=120s")
        control_plane.kubectl(*command)


# --- logs ---


@pytest.fixture
def ready_pod(control_plane, namespace):
    control_plane.apply(pod(namespace, "p"))
    wait_for_pod(control_plane, namespace, "p", "ready", is_ready)
    return "p"


def logs(plane, namespace, name, *options):
    return plane.kubectl("logs", name, "-n", namespace, *options).stdout.decode()


def test_logs_are_empty_unless_set(control_plane, namespace, ready_pod):
    assert logs(control_plane, namespace, ready_pod) == ""


def test_logs_tail_timestamps_and_previous(control_plane, namespace, ready_pod, tmp_path):
    log, previous = CriLog(tmp_path / "log"), CriLog(tmp_path / "previous")
    log.write("first\nsecond", at=1000000000.25)
    log.write("third ü")
    previous.write("crashed")
    control_plane.set_logs(namespace, ready_pod, log.path, previous=previous.path)
    control_plane.wait_for(
        "the log to be served", lambda: logs(control_plane, namespace, ready_pod)
    )
    assert logs(control_plane, namespace, ready_pod) == "first\nsecond\nthird ü\n"
    assert logs(control_plane, namespace, ready_pod, "--tail=1") == "third ü\n"
    assert logs(control_plane, namespace, ready_pod, "--since=1h") == "third ü\n"
    assert logs(control_plane, namespace, ready_pod, "--previous") == "crashed\n"
    stamped = logs(control_plane, namespace, ready_pod, "--timestamps").splitlines()
    assert stamped[0] == "2001-09-09T01:46:40.250000000Z first"


def test_logs_of_one_container(control_plane, namespace, ready_pod, tmp_path):
    CriLog(tmp_path / "log").write("mine")
    control_plane.set_logs(namespace, ready_pod, tmp_path / "log", container="main")
    control_plane.wait_for(
        "the log to be served",
        lambda: logs(control_plane, namespace, ready_pod, "-c", "main") == "mine\n",
    )


def test_logs_follow_sees_a_line_when_it_is_written(control_plane, namespace, ready_pod, tmp_path):
    log = CriLog(tmp_path / "log")
    log.write("before")
    control_plane.set_logs(namespace, ready_pod, log.path)
    control_plane.wait_for(
        "the log to be served", lambda: logs(control_plane, namespace, ready_pod)
    )
    command = [control_plane.kubectl_program, "logs", "-f", ready_pod, "-n", namespace]
    environment = control_plane.environment()
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as follower:
        try:
            assert follower.stdout.readline() == b"before\n"
            log.write("after")
            assert follower.stdout.readline() == b"after\n"
        finally:
            follower.kill()


# --- exec ---


@pytest.fixture
def exec_pod(control_plane, namespace, ready_pod, tmp_path):
    environment = {"COLOUR": "green"}
    control_plane.set_exec(namespace, ready_pod, work_dir=tmp_path, environment=environment)
    control_plane.wait_for(
        "exec to be served",
        lambda: run_in(control_plane, namespace, "true", check=False).returncode == 0,
    )
    return ready_pod


def run_in(plane, namespace, *command, options=(), **kwargs):
    return plane.kubectl("exec", "p", "-n", namespace, *options, "--", *command, **kwargs)


@pytest.mark.usefixtures("ready_pod")
def test_exec_is_refused_unless_set(control_plane, namespace):
    done = run_in(control_plane, namespace, "true", check=False)
    assert done.returncode != 0
    assert b"no exec found" in done.stderr


@pytest.mark.usefixtures("exec_pod")
def test_exec_gives_back_every_byte(control_plane, namespace, tmp_path):
    blob = os.urandom(3_000_000)
    (tmp_path / "blob").write_bytes(blob)
    done = run_in(control_plane, namespace, "cat", "blob")  # in work_dir
    assert hashlib.sha256(done.stdout).hexdigest() == hashlib.sha256(blob).hexdigest()


@pytest.mark.usefixtures("exec_pod")
def test_exec_takes_every_byte(control_plane, namespace, tmp_path):
    blob = os.urandom(300_000)
    # The end of stdin is not passed on, so the command must know how much to read.
    command = ("sh", "-c", f"head -c {len(blob)} > copy")
    run_in(control_plane, namespace, *command, options=("-i",), stdin=blob)
    assert (tmp_path / "copy").read_bytes() == blob


@pytest.mark.usefixtures("exec_pod")
def test_exec_environment_streams_and_failure(control_plane, namespace):
    script = "echo out $COLOUR; echo err >&2; exit 3"
    done = run_in(control_plane, namespace, "sh", "-c", script, check=False)
    assert done.stdout == b"out green\n"
    assert b"err\n" in done.stderr
    assert b"exit status 3" in done.stderr
    assert done.returncode != 0


@pytest.mark.usefixtures("exec_pod")
def test_exec_looks_into_exec_path_first(control_plane, namespace):
    program = control_plane.exec_path / "controlplane-test-program"
    program.write_text("#!/bin/sh\necho from exec-path\n")
    program.chmod(0o755)
    try:
        done = run_in(control_plane, namespace, program.name)
    finally:
        program.unlink()
    assert done.stdout == b"from exec-path\n"


# --- rights and the audit log ---


def test_user_may_only_what_rbac_grants(control_plane, namespace):
    kubeconfig = control_plane.user("alice", "operators")
    listing = ("get", "pods", "-n", namespace)
    refused = control_plane.kubectl(*listing, kubeconfig=kubeconfig, check=False)
    assert refused.returncode != 0
    assert b'User "alice" cannot list resource "pods"' in refused.stderr
    grant = ("create", "rolebinding", "view", "--clusterrole=view", "--group=operators")
    control_plane.kubectl(*grant, "-n", namespace)
    control_plane.wait_for(
        "the grant to hold",
        lambda: control_plane.kubectl(*listing, kubeconfig=kubeconfig, check=False).returncode == 0,
    )


def test_audit_log_tells_who_wrote_what(control_plane, namespace):
    control_plane.kubectl("create", "configmap", "audited", "-n", namespace)

    def entries():
        lines = control_plane.audit_log.read_text().splitlines()
        return [json.loads(line) for line in lines]

    def written():
        return [
            entry
            for entry in entries()
            if entry["verb"] == "create"
            and entry.get("objectRef", {}).get("name") == "audited"
            and entry["objectRef"]["namespace"] == namespace
        ]

    (entry,) = control_plane.wait_for("the entry", written)
    assert entry["user"]["username"] == "controlplane-admin"
    users = {entry["user"]["username"] for entry in entries()}
    assert not users & {"system:kube-controller-manager", "controlplane-kwok", "system:apiserver"}


# --- start, stop, and what goes wrong ---


@pytest.fixture
def own_dir(tmp_path) -> Iterator[Path]:
    """A folder whose control plane is stopped after the test, whatever happened."""
    directory = tmp_path / "control plane"  # with a space, as folders may have
    yield directory
    assert run_program("down", "--dir", directory).returncode == 0


def test_several_at_once_and_down_stops_only_its_own(control_plane, own_dir):
    other = ControlPlane.up(own_dir, "--nodes", "2", "--helm", "3")
    assert [n["metadata"]["name"] for n in other.get("nodes")["items"]] == ["node-1", "node-2"]
    roles = "node-role.kubernetes.io/control-plane"
    assert [roles in n["metadata"]["labels"] for n in other.get("nodes")["items"]] == [True, False]
    assert not other.kubectl("get", "pod", "-A", "--no-headers").stdout
    other.down()
    assert running_in(own_dir) == []
    assert sorted(path.name for path in (own_dir / "logs").iterdir()) == [
        "audit.log",
        *(f"{name}.log" for name in sorted(other.pids)),
    ]
    assert not (own_dir / "kubeconfig").exists()
    assert control_plane.kubectl("get", "--raw", "/readyz").stdout == b"ok"


def test_down_stops_commands_that_exec_started(own_dir):
    plane = ControlPlane.up(own_dir, "--helm", "3")
    plane.apply(pod("default", "p"))
    wait_for_pod(plane, "default", "p", "ready", is_ready)
    plane.set_exec("default", "p")
    # exec-path holds the sleeper, so its command line names our folder.
    sleeper = plane.exec_path / "sleeper"
    sleeper.write_text("#!/bin/sh\ntrap '' TERM HUP INT\nwhile :; do sleep 0.2; done\n")
    sleeper.chmod(0o755)
    command = [plane.kubectl_program, "exec", "p", "--", "sleeper"]
    environment = plane.environment()

    def started():
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as client:
            time.sleep(1)
            client.kill()
        return [line for line in running_in(own_dir) if "sleeper" in line]

    plane.wait_for("the command to run", started)
    plane.down()
    assert running_in(own_dir) == []


def test_down_where_nothing_is_up(tmp_path):
    done = run_program("down", "--dir", tmp_path / "absent")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"stopped": []})
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("milestone", ["etcd", "kube-apiserver", "kwok"])
def test_killed_up_leaves_nothing_after_down(own_dir, milestone):
    up = start_up_until(own_dir, milestone)
    up.kill()
    up.wait()
    assert run_program("down", "--dir", own_dir).returncode == 0
    assert running_in(own_dir) == []


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_interrupted_up_stops_what_it_started(own_dir, sign):
    up = start_up_until(own_dir, "kube-apiserver")
    up.send_signal(sign)
    _out, told = up.communicate(timeout=120)
    assert up.returncode == 130
    assert told.splitlines()[-1].startswith("controlplane: interrupted")
    assert running_in(own_dir) == []


def start_up_until(directory, milestone):
    """An ``up`` that has just started the process named by ``milestone``."""
    up = subprocess.Popen(
        [str(PROGRAM), "up", "--dir", str(directory), "--helm", "3"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests in the background has them ignore it, and so would this program.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    record = directory / ".controlplane" / "processes" / f"{milestone}.json"
    deadline = time.monotonic() + 120
    while not record.exists():
        assert up.poll() is None, up.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return up


def test_up_after_a_crash_starts_afresh(own_dir):
    first = ControlPlane.up(own_dir, "--helm", "3")
    first.kubectl("create", "configmap", "of-the-first")
    os.kill(first.pids["kube-apiserver"], signal.SIGKILL)
    second = ControlPlane.up(own_dir, "--helm", "3")
    assert not set(first.pids.values()) & set(second.pids.values())
    assert second.kubectl("get", "configmap", "of-the-first", check=False).returncode != 0
    assert len([line for line in running_in(own_dir) if "etcd --name" in line]) == 1


def test_busy_port_is_one_clear_message(own_dir):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = run_program("up", "--dir", own_dir, "--api-port", port)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"controlplane: port {port} on 127.0.0.1 is in use by another program. "
        "Choose another with --api-port, or leave the choice to us without it.\n"
    )


def test_port_taken_in_between_means_other_ports(own_dir, monkeypatch, capsys):
    really_free = cluster.free_ports
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = [server.getsockname()[1]]
        monkeypatch.setattr(
            cluster,
            "free_ports",
            lambda count: [taken.pop(), *really_free(count - 1)] if taken else really_free(count),
        )
        answer = cluster.up(own_dir, cluster.Options(helm=("helm3",)))
    assert answer["server_version"]
    assert "etcd found its port in use by another program" in capsys.readouterr().err


def test_missing_openssl_is_one_clear_message(own_dir, tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "dirname", "readlink"):
        (programs / name).symlink_to(shutil.which(name))
    environment = {"PATH": str(programs), "PYTHON": sys.executable}
    done = run_program("up", "--dir", own_dir, "--helm", "3", **environment)
    assert done.returncode == 1
    assert "the program openssl is missing" in done.stderr.splitlines()[-1]
    assert running_in(own_dir) == []


def test_process_that_ends_is_told_with_its_last_words(own_dir, tmp_path, monkeypatch):
    broken = tmp_path / "kube-apiserver"
    broken.write_text("#!/bin/sh\necho this machine is haunted >&2\nexit 4\n")
    broken.chmod(0o755)
    really_build = cluster.build
    monkeypatch.setattr(
        cluster, "build", lambda names: {**really_build(names), "kube-apiserver": str(broken)}
    )
    with pytest.raises(ControlPlaneError) as caught:
        cluster.up(own_dir, cluster.Options(helm=("helm3",)))
    assert "kube-apiserver ended with status 4:\n  this machine is haunted\n" in str(caught.value)
    assert str(own_dir / "logs" / "kube-apiserver.log") in str(caught.value)
    assert running_in(own_dir) == []


def test_folder_that_is_a_file_is_one_clear_message(tmp_path):
    (tmp_path / "file").write_text("precious")
    done = run_program("up", "--dir", tmp_path / "file")
    assert done.returncode == 1
    assert done.stderr.startswith(f"controlplane: cannot use {tmp_path}/file as a control plane's")
    assert (tmp_path / "file").read_text() == "precious"


def test_recycled_pid_is_left_alone(tmp_path):
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        try:
            before = processes.Record("etcd", stranger.pid, 1, processes.boot_id())
            (tmp_path / "etcd.json").write_text(json.dumps(vars(before)))
            assert not before.alive
            assert processes.stop(tmp_path) == []
            assert stranger.poll() is None
            assert not list(tmp_path.iterdir())
        finally:
            stranger.kill()


def test_record_of_another_boot_is_left_alone(tmp_path):
    with processes.start("sleep", ["sleep", "60"], tmp_path, tmp_path / "log") as mine:
        (record,) = processes.recorded(tmp_path)
        assert record.alive
        foreign = {**vars(record), "boot_id": "another"}
        (tmp_path / "sleep.json").write_text(json.dumps(foreign))
        assert processes.stop(tmp_path) == []
        assert mine.poll() is None
        (tmp_path / "sleep.json").write_text(json.dumps(vars(record)))
        assert processes.stop(tmp_path) == ["sleep"]
        assert mine.wait() == -signal.SIGTERM
