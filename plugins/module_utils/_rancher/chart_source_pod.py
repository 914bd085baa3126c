# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Charts out of a Rancher pod, which carries the whole repository of its version (FM 3.4).

From Rancher 2.12 on the repository is not checked out, and the leader deletes it together with the
ClusterRepo: so the archive is read with C(git show), and from a follower where there is one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.exec import (
    ExecResult,
    exec_in_pod,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.paths import api, core
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.chart_request import (
    ARCHIVE_SUFFIXES,
    ChartRequest,
    FetchedChart,
    not_found,
)

if TYPE_CHECKING:
    from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
        KubeClient,
    )

NAMESPACE = "cattle-system"
CONTAINER = "rancher"
POD_SELECTOR = "app=rancher"
LEADER_LEASE = api("coordination.k8s.io/v1", "leases", "kube-system", "cattle-controllers")

# Where Rancher itself looks, in its order; the second is relative to its working directory.
BASE_DIRECTORIES = (
    "/var/lib/rancher-data/local-catalogs/v2",
    "../rancher-data/local-catalogs/v2",
    "/var/lib/rancher/management-state/git-repo",
)
EXEC_TIMEOUT = 120.0

RunInPod = Callable[[str, Sequence[str]], ExecResult]


def bundle_directories(repo_name: str, git_url: str) -> list[str]:
    """Where a Rancher container may hold the clone of a repository: its name and its URL's SHA-256."""
    digest = hashlib.sha256(git_url.encode()).hexdigest()
    return [f"{base}/{repo_name}/{digest}" for base in BASE_DIRECTORIES]


@dataclass(frozen=True)
class RancherPod:
    """A running Rancher pod."""

    name: str
    created_at: str
    ready: bool
    leader: bool


def _rancher_pod(pod: Mapping[str, Any], leader: str | None) -> RancherPod | None:
    metadata, status = pod.get("metadata") or {}, pod.get("status") or {}
    if status.get("phase") != "Running" or metadata.get("deletionTimestamp"):
        return None
    containers = [
        each for each in status.get("containerStatuses") or [] if each.get("name") == CONTAINER
    ]
    if not any("running" in (each.get("state") or {}) for each in containers):
        return None
    return RancherPod(
        name=str(metadata.get("name")),
        created_at=str(metadata.get("creationTimestamp") or ""),
        ready=any(each.get("ready") for each in containers),
        leader=metadata.get("name") == leader,
    )


def leader_name(client: KubeClient) -> str | None:
    """The pod that holds Rancher's leader Lease; null when there is no such Lease (FM 2.1)."""
    try:
        lease = client.get(LEADER_LEASE)
    except RemediationError as error:
        if error.code == "not-found":
            return None
        raise
    holder = (lease.get("spec") or {}).get("holderIdentity")
    return str(holder) if holder else None


def rancher_pods(client: KubeClient) -> list[RancherPod]:
    """The running Rancher pods, the best to read charts from first.

    Followers before the leader, ready ones first, and the newest: during a rollout only the new
    pods carry the charts of the new version.
    """
    leader = leader_name(client)
    found = [
        _rancher_pod(pod, leader)
        for pod in client.list(core("v1", "pods", NAMESPACE), label_selector=POD_SELECTOR)
    ]
    pods = [pod for pod in found if pod is not None]
    pods.sort(key=lambda pod: (pod.created_at, pod.name), reverse=True)
    return sorted(pods, key=lambda pod: (pod.leader, not pod.ready))


def _git(directory: str, *arguments: str) -> list[str]:
    # The clone may belong to another user than the one that exec runs as.
    return ["git", "-c", "safe.directory=*", "-C", directory, *arguments]


def _show(directory: str, chart: str, path: str) -> list[str]:
    if path.endswith(ARCHIVE_SUFFIXES):
        return _git(directory, "show", f"HEAD:{path}")
    return _git(directory, "archive", "--format=tar.gz", f"--prefix={chart}/", f"HEAD:{path}")


class _PodReader:
    """Looks through the pods and keeps what each of them answered, for the message at the end."""

    def __init__(self, request: ChartRequest, run: RunInPod) -> None:
        self._request, self._run = request, run
        self.answers: dict[str, str] = {}

    def read(self, pod: str) -> FetchedChart | None:
        """The chart out of one pod; null when it does not have it."""
        for directory in bundle_directories(self._request.repo_name, self._request.git_url):
            head = self._run(pod, _git(directory, "rev-parse", "HEAD"))
            if not head.ok:
                self._note(pod, head)
                continue
            return self._read_clone(pod, directory, head.stdout.decode("ascii", "replace").strip())
        return None

    def _read_clone(self, pod: str, directory: str, commit: str) -> FetchedChart | None:
        for path in self._request.repository_paths:
            shown = self._run(pod, _show(directory, self._request.chart, path))
            if shown.ok and shown.stdout:
                return FetchedChart(
                    content=shown.stdout,
                    source="rancher_pod",
                    origin=f"{path} in Pod/{NAMESPACE}/{pod} (commit {commit[:12]})",
                    head_commit=commit,
                    repacked=not path.endswith(ARCHIVE_SUFFIXES),
                )
            self._note(pod, shown)
        return None

    def _note(self, pod: str, result: ExecResult) -> None:
        said = result.stderr.decode("utf-8", "replace").strip().splitlines()
        self.answers[pod] = (said[0] if said else result.error)[:300]


def fetch_from_pod(client: KubeClient, request: ChartRequest) -> FetchedChart:
    """The chart out of the first Rancher pod that has it. Raises C(chart-not-found) and what exec raises."""

    def run(pod: str, argv: Sequence[str]) -> ExecResult:
        return exec_in_pod(client, NAMESPACE, pod, CONTAINER, argv, timeout=EXEC_TIMEOUT)

    return fetch_from_pods(rancher_pods(client), request, run)


def fetch_from_pods(
    pods: Sequence[RancherPod], request: ChartRequest, run: RunInPod
) -> FetchedChart:
    """As C(fetch_from_pod), over pods and a way to run commands in them."""
    if not pods:
        raise not_found(request, f"in a Rancher pod: none runs (Pod/{NAMESPACE}, {POD_SELECTOR})")
    reader = _PodReader(request, run)
    for pod in pods:
        try:
            fetched = reader.read(pod.name)
        except RemediationError as error:
            # One pod that goes away or hangs must not hide what the next one has.
            if error.code in ("forbidden", "unauthorized"):
                raise
            reader.answers[pod.name] = error.message
            continue
        if fetched is not None:
            return fetched
    told = "; ".join(f"{pod}: {answer}" for pod, answer in reader.answers.items())
    raise not_found(request, f"in any Rancher pod ({told})", pods=reader.answers)
