# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Charts out of a Rancher pod, which carries the whole repository of its version (FM 3.4).

From Rancher 2.12 on the repository is not checked out, and the leader deletes it together with the
ClusterRepo: so the archive is read out of git's own store, and from a follower where there is one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ..._core.errors import RemediationError
from ..._kube.exec import ExecResult, exec_in_pod
from ..server.leader_process import BUNDLED_CATALOGS, url_hash
from ..server.pods import CONTAINER, NAMESPACE, POD_SELECTOR, PodChoice, RancherPod, rancher_pods
from .request import ARCHIVE_SUFFIXES, ChartRequest, FetchedChart, not_found
from .sink import ChartSink

if TYPE_CHECKING:
    from ..._kube.client import KubeClient

# Where Rancher itself looks, in its order; the second is relative to its working directory.
BASE_DIRECTORIES = (
    BUNDLED_CATALOGS,
    "../rancher-data/local-catalogs/v2",
    "/var/lib/rancher/management-state/git-repo",
)
EXEC_TIMEOUT = 120.0
ATTEMPTS = 3

TakeOutput = Callable[[bytes], object]
RunInPod = Callable[[str, Sequence[str], "TakeOutput | None"], ExecResult]


def clones_in(listing: str, repo_name: str, git_url: str) -> list[str]:
    """The clones that C(ls -1) found below the base directories, the one of C(git_url) first.

    The others count, too: the URL may have changed (Setting chart-default-url) since the image was
    built, and what comes out of them is verified like anything else.
    """
    parents = {f"{base}/{repo_name}" for base in BASE_DIRECTORIES}
    found: list[tuple[bool, str]] = []
    parent = ""
    for line in listing.splitlines():
        if line.endswith(":") and line[:-1] in parents:
            parent = line[:-1]
        elif parent and line.strip():
            found.append((line != url_hash(git_url), f"{parent}/{line}"))
    return [clone for _other, clone in sorted(found, key=lambda each: each[0])]


@dataclass(frozen=True)
class _Entry:
    """One line of C(git ls-tree): C(size) in bytes, null for a directory."""

    kind: str
    identity: str
    size: int | None
    path: str


def _entries(listing: bytes) -> dict[str, _Entry]:
    found = {}
    for line in listing.decode("utf-8", "replace").split("\0"):
        described, _tab, path = line.partition("\t")
        fields = described.split()
        if len(fields) == 4:
            size = int(fields[3]) if fields[3].isdigit() else None
            found[path] = _Entry(fields[1], fields[2], size, path)
    return found


def _git(clone: str, *arguments: str) -> list[str]:
    # The clone may belong to another user than the one that exec runs as.
    return ["git", "-c", "safe.directory=*", "-C", clone, *arguments]


class _PodReader:
    """Looks through the pods and keeps what each of them answered, for the message at the end."""

    def __init__(self, request: ChartRequest, run: RunInPod, sink: ChartSink) -> None:
        self._request, self._run, self._sink = request, run, sink
        self.answers: dict[str, str] = {}
        self.versions: list[str] = []

    def read(self, pod: RancherPod) -> FetchedChart | None:
        """Fetch the chart out of one pod; null when it does not have it."""
        request = self._request
        parents = [f"{base}/{request.repo_name}" for base in BASE_DIRECTORIES]
        # ls fails as a whole when one of them is absent, and lists the others all the same.
        listing = self._run(pod.name, ["ls", "-1", *parents], None).stdout
        clones = clones_in(listing.decode("utf-8", "replace"), request.repo_name, request.git_url)
        if not clones:
            self.answers[pod.name] = f"it has no clone of {request.repo_name}" + (
                ", from 2.12 on the leader deletes it with the ClusterRepo" if pod.leader else ""
            )
        for clone in clones:
            head = self._run(pod.name, _git(clone, "rev-parse", "HEAD"), None)
            if head.ok:
                commit = head.stdout.decode("ascii", "replace").strip()
                fetched = self._read_clone(pod.name, clone, commit)
                if fetched is not None:
                    return fetched
            else:
                self._note(pod.name, head)
        return None

    def _read_clone(self, pod: str, clone: str, commit: str) -> FetchedChart | None:
        request = self._request
        directory = f"assets/{request.chart}/"
        paths = [*request.repository_paths, directory]
        listed = self._run(pod, _git(clone, "ls-tree", "-z", "-l", commit, *paths), None)
        entries = _entries(listed.stdout)
        if not listed.ok:
            self._note(pod, listed)
        for path in request.repository_paths:
            if path in entries and self._fetch(pod, clone, commit, entries[path]):
                return FetchedChart(
                    source="rancher_pod",
                    origin=f"{path} in Pod/{NAMESPACE}/{pod} (commit {commit[:12]})",
                    head_commit=commit,
                    repacked=entries[path].kind == "tree",
                )
        self.answers.setdefault(pod, f"commit {commit[:12]} does not have it")
        self.versions += _versions(request.chart, entries)
        return None

    def _fetch(self, pod: str, clone: str, commit: str, entry: _Entry) -> bool:
        """Stream an archive into the sink, again when it did not arrive whole; whether it is there now."""
        if entry.kind == "tree":
            prefix = f"--prefix={self._request.chart}/"
            command = _git(clone, "archive", "--format=tar.gz", prefix, f"{commit}:{entry.path}")
        elif entry.path.endswith(ARCHIVE_SUFFIXES):
            command = _git(clone, "cat-file", "blob", entry.identity)
        else:
            return False
        for _attempt in range(ATTEMPTS):
            result, whole = self._stream(pod, command, entry)
            if result.ok and whole:
                return True
            self._note(pod, result, f"{self._sink.size} of {entry.size} bytes arrived")
        return False

    def _stream(self, pod: str, command: list[str], entry: _Entry) -> tuple[ExecResult, bool]:
        if entry.kind == "tree":
            self._sink.restart()
            return self._run(pod, command, self._sink.write), self._sink.size > 0
        # git names a file by the hash of its size and content: what arrives can be checked against it.
        header = f"blob {entry.size}\0".encode()
        digest = hashlib.sha256 if len(entry.identity) == 64 else hashlib.sha1
        identity = digest(header, usedforsecurity=False)
        self._sink.restart(identity)
        result = self._run(pod, command, self._sink.write)
        return result, self._sink.size == entry.size and identity.hexdigest() == entry.identity

    def _note(self, pod: str, result: ExecResult, otherwise: str = "") -> None:
        said = result.stderr.decode("utf-8", "replace").strip().splitlines()
        self.answers[pod] = (said[0] if said else result.error or otherwise)[:300]


def _versions(chart: str, entries: dict[str, _Entry]) -> Iterator[str]:
    for path in entries:
        name = PurePosixPath(path).name
        if name.startswith(f"{chart}-") and name.endswith(".tgz"):
            yield name[len(chart) + 1 : -len(".tgz")]


def fetch_from_pod(
    client: KubeClient, request: ChartRequest, sink: ChartSink, *, wanted_tag: str | None = None
) -> FetchedChart:
    """The chart out of the first Rancher pod that has it. Raises C(chart-not-found) and what exec raises."""

    def run(pod: str, argv: Sequence[str], take: TakeOutput | None) -> ExecResult:
        return exec_in_pod(
            client, NAMESPACE, pod, CONTAINER, argv, timeout=EXEC_TIMEOUT, on_stdout=take
        )

    return fetch_from_pods(rancher_pods(client, wanted_tag), request, run, sink)


def fetch_from_pods(
    choice: PodChoice, request: ChartRequest, run: RunInPod, sink: ChartSink
) -> FetchedChart:
    """As C(fetch_from_pod), over pods and a way to run commands in them."""
    if not choice.pods and not choice.passed_over:
        raise not_found(request, f"in a Rancher pod: none runs (Pod/{NAMESPACE}, {POD_SELECTOR})")
    reader = _PodReader(request, run, sink)
    for pod in choice.pods:
        try:
            fetched = reader.read(pod)
        except RemediationError as error:
            # One pod that goes away or hangs must not hide what the next one has.
            if error.code in ("forbidden", "unauthorized", "chart-archive-unsafe"):
                raise
            reader.answers[pod.name] = error.message
            continue
        if fetched is not None:
            return fetched
    answers = {**reader.answers, **choice.passed_over}
    told = "; ".join(f"{pod}: {answer}" for pod, answer in answers.items())
    raise not_found(
        request, f"in any Rancher pod ({told})", available=reader.versions, pods=answers
    )
