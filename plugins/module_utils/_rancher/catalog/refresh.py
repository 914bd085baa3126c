# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Making Rancher read a chart repository again, or look at its charts again (FM 2.6, 3.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..._core.errors import RemediationError
from ..._core.lenient import stamp
from ..._documents.shape import write
from ..._kube.paths import api, core
from ..._kube.waiting import Progress, poll
from ..decision.rancher_version import RancherVersion
from .cluster_repo import (
    CATALOG_API,
    CHARTS_REPO,
    DEFAULT_INDEX_NAMESPACE,
    ClusterRepo,
    IndexReading,
    cluster_repo_path,
    read_cluster_repo,
    read_index,
)

if TYPE_CHECKING:
    from ..._kube.client import KubeClient

MANAGEMENT_API = "management.cattle.io/v3"
BRANCH_SETTING = "chart-default-branch"
NUDGE_ANNOTATION = "remediation.harvester-ops.io/nudged-at"

#: name -> (git URL, branch; null means that of the running Rancher) (FM 6.25).
REPOSITORIES: dict[str, tuple[str, str | None]] = {
    "rancher-charts": ("https://git.rancher.io/charts", None),
    "rancher-rke2-charts": ("https://git.rancher.io/rke2-charts", "main"),
    "rancher-partner-charts": ("https://git.rancher.io/partner-charts", "main"),
}
_UID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@dataclass(frozen=True)
class WantedChart:
    """A chart in a version that the index must list."""

    chart: str
    version: str

    def __str__(self) -> str:
        return f"{self.chart} {self.version}"


@dataclass(frozen=True)
class RefreshRequest:
    """What is asked; C(timeout) is seconds to wait for Rancher. C(force) acts also when all is well.

    C(expected_config_maps) has the UIDs, by name, of the index ConfigMaps that a rebuild is meant for.
    """

    name: str = CHARTS_REPO
    charts: Sequence[WantedChart] = ()
    expected_uid: str | None = None
    expected_config_maps: Mapping[str, str] = field(default_factory=dict)
    force: bool = False
    timeout: float = 300.0
    dry_run: bool = False
    on_change: Callable[[str], Any] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class RepoView:
    """A ClusterRepo with its index; both null or absent when they do not exist."""

    repo: ClusterRepo | None
    reading: IndexReading | None

    def missing(self, charts: Sequence[WantedChart]) -> list[str]:
        """Which of the charts the index does not list, byte for byte."""
        index = self.reading.index if self.reading else None
        return [str(c) for c in charts if index is None or index.find(c.chart, c.version) is None]

    def to_dict(self, charts: Sequence[WantedChart] = ()) -> dict[str, Any]:
        """The view as a document, without the content of the index."""
        reading = self.reading
        return {
            "cluster_repo": self.repo.to_dict() if self.repo else None,
            "index": {
                "state": reading.state if reading else "absent",
                "reason": reading.reason if reading else "",
                "config_maps": write(reading.config_maps) if reading else [],
                "missing": self.missing(charts),
            },
        }


@dataclass(frozen=True)
class RepoOutcome:
    """What was found and what is there now; C(deleted) names the index ConfigMaps removed."""

    changed: bool
    before: RepoView
    after: RepoView
    deleted: tuple[str, ...] = ()
    created: tuple[str, ...] = ()


def view(client: KubeClient, name: str) -> RepoView:
    """A ClusterRepo and its index as they are now."""
    repo = read_cluster_repo(client, name)
    return RepoView(repo, read_index(client, repo) if repo else None)


def _existing(client: KubeClient, request: RefreshRequest) -> tuple[RepoView, ClusterRepo]:
    before = view(client, request.name)
    repo = before.repo
    if repo is None or repo.deleted:
        raise RemediationError(
            "not-found",
            f"ClusterRepo/{request.name} "
            + ("does not exist." if repo is None else "is being deleted."),
            "Create it again (state present), or restart Rancher, which creates it.",
            retryable=repo is not None,
        )
    if request.expected_uid not in (None, repo.uid):
        raise RemediationError(
            "precondition-failed",
            f"ClusterRepo/{request.name} has UID {repo.uid}, not {request.expected_uid}.",
            "It was created anew since it was diagnosed. Diagnose again; nothing was changed.",
        )
    return before, repo


def _is_well(seen: RepoView, charts: Sequence[WantedChart]) -> bool:
    return bool(seen.reading and seen.reading.state == "ok" and not seen.missing(charts))


def _patch(client: KubeClient, request: RefreshRequest, repo: ClusterRepo, body: Any) -> Any:
    # The UID in the patch makes the server refuse it on a ClusterRepo created anew.
    metadata = {"uid": repo.uid, **body.pop("metadata", {})}
    return client.patch(
        cluster_repo_path(request.name), {"metadata": metadata, **body}, dry_run=request.dry_run
    )


def _force_update(client: KubeClient, request: RefreshRequest, repo: ClusterRepo) -> ClusterRepo:
    """Change the spec, which makes every Rancher refresh (FM 3.2); the ClusterRepo as it is then."""
    now = stamp(client.now())
    return ClusterRepo.from_object(_patch(client, request, repo, {"spec": {"forceUpdate": now}}))


def _told(repo: ClusterRepo) -> str:
    condition = repo.condition("Downloaded") or {}
    return str(condition.get("message") or "") if condition.get("status") != "True" else ""


def _is_refreshed(now: ClusterRepo, patched: ClusterRepo) -> bool:
    """Whether Rancher has worked through the change: it took note of it and downloaded since."""
    observed = now.observed_generation is None or now.observed_generation >= (
        patched.generation or 0
    )
    downloaded = now.download_time or ""
    fresh = downloaded != (patched.download_time or "") or downloaded >= (
        patched.force_update or ""
    )
    return observed and fresh and bool(now.index_config_map)


def _await_refresh(client: KubeClient, request: RefreshRequest, patched: ClusterRepo) -> RepoView:
    def look() -> Progress[RepoView]:
        repo = read_cluster_repo(client, request.name)
        if repo is None:
            return Progress(False, RepoView(None, None), "the ClusterRepo is gone")
        if not _is_refreshed(repo, patched):
            state = f"downloaded at {repo.download_time or 'never'}, generation "
            state += f"{repo.observed_generation} of {patched.generation}. {_told(repo)}"
            return Progress(False, RepoView(repo, None), state.strip())
        reading = read_index(client, repo)
        done = reading.state == "ok"
        return Progress(done, RepoView(repo, reading), reading.reason or "index read")

    what = f"The refresh of ClusterRepo/{request.name} by Rancher"
    return poll(look, what=what, timeout=request.timeout, on_change=request.on_change)


def _require_charts(seen: RepoView, request: RefreshRequest, remedy: str) -> None:
    missing = seen.missing(request.charts)
    if not missing:
        return
    commit = seen.repo.commit if seen.repo else None
    raise RemediationError(
        "stalled",
        f"ClusterRepo/{request.name} was read again (commit {commit}), and its index still lacks "
        f"{', '.join(missing)}.",
        remedy,
        details=seen.to_dict(request.charts),
    )


def _to_build_anew(seen: RepoView) -> str:
    repo = seen.repo
    namespace = (repo.index_namespace if repo else None) or DEFAULT_INDEX_NAMESPACE
    index = (repo.index_config_map if repo else None) or "of the index"
    return f"Delete ConfigMap/{namespace}/{index}, then change spec.forceUpdate once more"


def refresh(client: KubeClient, request: RefreshRequest) -> RepoOutcome:
    """Make Rancher read the repository again and wait until it has.

    Nothing is done when charts are named and the index lists them all. Raises RemediationError:
    C(not-found), C(precondition-failed), C(timeout), C(stalled) when a chart is still missing.
    """
    before, repo = _existing(client, request)
    if request.charts and _is_well(before, request.charts) and not request.force:
        return RepoOutcome(False, before, before)
    patched = _force_update(client, request, repo)
    if request.dry_run:
        return RepoOutcome(True, before, RepoView(patched, before.reading))
    after = _await_refresh(client, request, patched)
    _require_charts(
        after,
        request,
        f"{_to_build_anew(after)}: while the commit is the same, Rancher builds no new index. If that "
        "does not help, restart Rancher (kubectl -n cattle-system rollout restart deploy/rancher), so "
        "that all pods carry the charts of one version.",
    )
    return RepoOutcome(True, before, after)


def _index_config_maps(client: KubeClient, repo: ClusterRepo) -> list[Mapping[str, Any]]:
    """Every index ConfigMap of a repository's name, also of an earlier ClusterRepo of that name."""
    namespace = repo.index_namespace or DEFAULT_INDEX_NAMESPACE
    pattern = re.compile(rf"^{re.escape(repo.name)}-\d+-{_UID}$")
    named = repo.index_config_map
    found = client.list(core("v1", "configmaps", namespace), metadata_only=True)
    names = [str(each["metadata"]["name"]) for each in found]
    return [
        each
        for each, name in zip(found, names, strict=True)
        if pattern.match(name) or (named and name == named)
    ]


def _require_same(found: Sequence[Mapping[str, Any]], expected: Mapping[str, str]) -> None:
    """Raise C(precondition-failed) when one of the ConfigMaps was written anew since it was seen."""
    for metadata in (each["metadata"] for each in found):
        uid = expected.get(metadata["name"], metadata["uid"])
        if uid != metadata["uid"]:
            raise RemediationError(
                "precondition-failed",
                f"ConfigMap/{metadata['namespace']}/{metadata['name']} has UID {metadata['uid']}, "
                f"not {uid}.",
                "Rancher has built the index anew since it was diagnosed. Diagnose again; nothing "
                "was changed.",
            )


def _delete_index(client: KubeClient, request: RefreshRequest, repo: ClusterRepo) -> list[str]:
    deleted = []
    found = _index_config_maps(client, repo)
    _require_same(found, request.expected_config_maps)
    for each in found:
        metadata = each["metadata"]
        path = core("v1", "configmaps", metadata["namespace"], metadata["name"])
        try:
            client.delete(path, uid=metadata["uid"], dry_run=request.dry_run)
        except RemediationError as error:
            # Rancher may remove old ones at the same time.
            if error.code != "not-found":
                raise
        deleted.append(str(metadata["name"]))
    return deleted


def rebuild(client: KubeClient, request: RefreshRequest) -> RepoOutcome:
    """Delete the index ConfigMaps, so that Rancher builds the index anew although the commit is the same.

    Nothing is done when the index is intact and lists the charts named. Raises as C(refresh).
    """
    before, repo = _existing(client, request)
    if _is_well(before, request.charts) and not request.force:
        return RepoOutcome(False, before, before)
    deleted = tuple(_delete_index(client, request, repo))
    patched = _force_update(client, request, repo)
    if request.dry_run:
        return RepoOutcome(True, before, RepoView(patched, before.reading), deleted)
    after = _await_refresh(client, request, patched)
    _require_charts(
        after,
        request,
        "Restart Rancher (kubectl -n cattle-system rollout restart deploy/rancher): the pod that "
        "built the index carries other charts.",
    )
    return RepoOutcome(True, before, after, deleted)


def nudge(client: KubeClient, request: RefreshRequest) -> RepoOutcome:
    """Touch the ClusterRepo by an annotation: the event makes Rancher look at all its charts (P-NUDGE)."""
    before, repo = _existing(client, request)
    now = stamp(client.now())
    _patch(client, request, repo, {"metadata": {"annotations": {NUDGE_ANNOTATION: now}}})
    after = before if request.dry_run else view(client, request.name)
    return RepoOutcome(True, before, after)


@dataclass(frozen=True)
class RepoSpec:
    """What to create when it is absent; null means the usual values of a repository of that name."""

    git_repo: str | None = None
    git_branch: str | None = None
    branch_setting: bool = True


def _running_branch(client: KubeClient) -> str:
    setting = client.get(api(MANAGEMENT_API, "settings", None, "server-version"))
    text = setting.get("value") or setting.get("default")
    version = RancherVersion.parse(text)
    if version is None:
        raise RemediationError(
            "refused",
            f"Setting/server-version is {text!r}: the branch of its charts cannot be told.",
            "Name the branch (option git_branch, for example release-v2.11).",
        )
    return f"release-v{version.major}.{version.minor}"


def _manifest(name: str, url: str, branch: str) -> dict[str, Any]:
    return {
        "apiVersion": CATALOG_API,
        "kind": "ClusterRepo",
        "metadata": {"name": name},
        "spec": {"gitRepo": url, "gitBranch": branch},
    }


def _setting_manifest(branch: str) -> dict[str, Any]:
    return {
        "apiVersion": MANAGEMENT_API,
        "kind": "Setting",
        "metadata": {"name": BRANCH_SETTING},
        "default": branch,
        "value": "",
    }


def _exists(client: KubeClient, path: str) -> bool:
    try:
        client.get(path)
    except RemediationError as error:
        if error.code == "not-found":
            return False
        raise
    return True


def _create(client: KubeClient, path: str, body: Mapping[str, Any], dry_run: bool) -> bool:
    try:
        client.create(path, body, dry_run=dry_run)
    except RemediationError as error:
        # Rancher creates them too when it starts: then they are there, which is what was wanted.
        if error.code != "conflict":
            raise
        return False
    return True


def ensure_present(client: KubeClient, request: RefreshRequest, spec: RepoSpec) -> RepoOutcome:
    """Create the ClusterRepo, and for rancher-charts Setting chart-default-branch, when absent (FM 6.25).

    An existing one is left as it is. Raises RemediationError C(refused) for an unknown repository.
    """
    before = view(client, request.name)
    if before.repo is not None and before.repo.deleted:
        raise RemediationError(
            "conflict",
            f"ClusterRepo/{request.name} is being deleted.",
            "Wait until it is gone, then run again.",
            retryable=True,
        )
    default_url, default_branch = REPOSITORIES.get(request.name, (None, None))
    url = spec.git_repo or default_url
    if url is None:
        raise RemediationError(
            "refused",
            f"ClusterRepo/{request.name} is none of Rancher's own: its address is not known.",
            "Give git_repo and git_branch.",
        )
    setting_path = api(MANAGEMENT_API, "settings", None, BRANCH_SETTING)
    with_setting = spec.branch_setting and request.name == CHARTS_REPO
    wants_setting = with_setting and not _exists(client, setting_path)
    created = []
    if before.repo is None or wants_setting:
        branch = spec.git_branch or default_branch or _running_branch(client)
        # The Setting first: an attempt of the upgrade script that finds the ClusterRepo deletes it, and
        # must find the Setting as well.
        if wants_setting and _create(
            client, api(MANAGEMENT_API, "settings"), _setting_manifest(branch), request.dry_run
        ):
            created.append(f"Setting/{BRANCH_SETTING}")
        if before.repo is None and _create(
            client,
            api(CATALOG_API, "clusterrepos"),
            _manifest(request.name, url, branch),
            request.dry_run,
        ):
            created.append(f"ClusterRepo/{request.name}")
    after = before if request.dry_run or not created else view(client, request.name)
    return RepoOutcome(bool(created), before, after, created=tuple(created))
