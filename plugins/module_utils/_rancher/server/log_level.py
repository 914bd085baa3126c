# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rancher's log level: raised on the leader for a while, what it then says, and put back (FM 8.1).

The level lives in the pod's memory only. Before it is raised, the one it had is written on the pod as
an annotation, so that a later run can put it back when this one was killed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._core.errors import RemediationError
from ..._kube.client import KubeClient, Object
from ..._kube.exec import ExecResult, exec_in_pod
from ..._kube.log_lines import parse_lines
from ..._kube.paths import api, core
from .leader_log import matches_of

NAMESPACE = "cattle-system"
CONTAINER = "rancher"
POD_SELECTOR = "app=rancher"
LEASE = api("coordination.k8s.io/v1", "leases", "kube-system", "cattle-controllers")
LEVEL_BEFORE = "remediation.harvester-ops.io/log-level-before"
LEVELS = ("error", "info", "debug", "trace")
EXEC_SECONDS = 30.0
ATTEMPTS = 3
LOG_BYTES = 8 * 1024 * 1024

RunInPod = Callable[[str, Sequence[str]], ExecResult]


@dataclass(frozen=True)
class Capture:
    """What is asked: the level, for how many seconds, and what makes Rancher look at its charts."""

    level: str = "debug"
    seconds: float = 30.0
    nudge: Callable[[], Any] | None = None
    sleep: Callable[[float], Any] = field(default=time.sleep, repr=False)


def in_rancher(client: KubeClient) -> RunInPod:
    """Runs a command in the Rancher container of a pod."""

    def run(pod: str, argv: Sequence[str]) -> ExecResult:
        return exec_in_pod(client, NAMESPACE, pod, CONTAINER, argv, timeout=EXEC_SECONDS)

    return run


def leader_pod(client: KubeClient) -> str:
    """The pod that runs the controllers. Raises not-found when nobody holds the Lease."""
    holder = str((client.get(LEASE).get("spec") or {}).get("holderIdentity") or "")
    # Some releases of the library append a random part to the name of the pod.
    name = holder.partition("_")[0]
    if not name:
        raise RemediationError(
            "not-found",
            "Lease/kube-system/cattle-controllers has no holder: no Rancher pod leads.",
            "See that Deployment cattle-system/rancher has a ready pod, then ask again.",
        )
    return name


def read_level(run: RunInPod, pod: str) -> str:
    """The level of a pod as ``loglevel`` prints it."""
    result = run(pod, ["loglevel"])
    words = result.stdout.decode("utf-8", "replace").split()
    level = words[-1].lower() if words else ""
    if not result.ok or level not in LEVELS:
        raise _failed(pod, "loglevel", result)
    return level


def set_level(run: RunInPod, pod: str, level: str) -> None:
    """Set the level of a pod and read it again."""
    result = run(pod, ["loglevel", "--set", level])
    if not result.ok or read_level(run, pod) != level:
        raise _failed(pod, f"loglevel --set {level}", result)


def capture(client: KubeClient, run: RunInPod, wanted: Capture) -> dict[str, Any]:
    """Raise the level on the leader, wait, and give the telling lines; the level is put back always.

    Raises what raising it or reading the log raises, and stalled when it could not be put back.
    """
    pod = leader_pod(client)
    before = level_before(client, run, pod)
    began = client.now()
    _note(client, pod, before)
    try:
        set_level(run, pod, wanted.level)
        if wanted.nudge is not None:
            wanted.nudge()
        wanted.sleep(wanted.seconds)
        since = int((client.now() - began).total_seconds()) + 2
        text = client.pod_log(
            NAMESPACE,
            pod,
            CONTAINER,
            since_seconds=since,
            timestamps=True,
            limit_bytes=LOG_BYTES,
        )
    finally:
        put_back(client, run, pod, before)
    lines = parse_lines(text)
    return {
        "pod": pod,
        "level_before": before,
        "level_after": read_level(run, pod),
        "line_count": len(lines),
        "matches": matches_of(lines),
    }


def level_before(client: KubeClient, run: RunInPod, pod: str) -> str:
    """The level to go back to: the noted one when an earlier run was killed, else the present one."""
    noted = _noted(client.get(core("v1", "pods", NAMESPACE, pod)))
    return noted or read_level(run, pod)


def put_back(client: KubeClient, run: RunInPod, pod: str, level: str) -> None:
    """Set the level a pod had and take the note away; several attempts. Raises stalled."""
    last: RemediationError | None = None
    for _attempt in range(ATTEMPTS):
        try:
            set_level(run, pod, level)
            _note(client, pod, None)
            return
        except RemediationError as error:
            if error.code == "not-found":
                return  # The pod is gone, and its level with it.
            last = error
    raise RemediationError(
        "stalled",
        f"The log level of Pod/{NAMESPACE}/{pod} could not be put back to {level}: {last}",
        f"Run: kubectl -n {NAMESPACE} exec {pod} -c {CONTAINER} -- loglevel --set {level}",
        details={"pod": pod, "level": level},
    )


def restore_all(client: KubeClient, run: RunInPod, *, dry_run: bool) -> list[dict[str, str]]:
    """Put back every level that a killed run has left raised; ``{pod, level}`` of each."""
    restored = []
    for pod in client.list(core("v1", "pods", NAMESPACE), label_selector=POD_SELECTOR):
        level, name = _noted(pod), str(pod["metadata"]["name"])
        if level is None:
            continue
        if not dry_run:
            put_back(client, run, name, level)
        restored.append({"pod": name, "level": level})
    return restored


def _noted(pod: Object) -> str | None:
    annotations: Mapping[str, Any] = pod["metadata"].get("annotations") or {}
    level = annotations.get(LEVEL_BEFORE)
    return level if level in LEVELS else None


def _note(client: KubeClient, pod: str, level: str | None) -> None:
    body = {"metadata": {"annotations": {LEVEL_BEFORE: level}}}
    client.patch(core("v1", "pods", NAMESPACE, pod), body)


def _failed(pod: str, command: str, result: ExecResult) -> RemediationError:
    said = (result.stderr or result.stdout).decode("utf-8", "replace").strip()[:200]
    return RemediationError(
        "api-error",
        f"{command} in Pod/{NAMESPACE}/{pod} did not work: {said or result.error or 'it said nothing'}.",
        "Look at the pod's log as it is; the level is only raised to see more of it.",
        retryable=True,
    )
