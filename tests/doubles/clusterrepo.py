# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rancher's handling of ClusterRepos: when it refreshes one, and the index it keeps (FM 3)."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from doubles import chart_repository
from doubles.kube import (
    ApiError,
    Cluster,
    now,
    parse_time,
)

CHARTS = "rancher-charts"
NAMESPACE = "cattle-system"
KIND = "clusterrepos.catalog.cattle.io"
CHUNK = 100_000
_HOUR = 3600
_FIVE_MINUTES = 300
_GO_TIME = "%Y-%m-%d %H:%M:%S +0000 UTC"

REPOSITORIES = {
    CHARTS: (chart_repository.CHARTS_URL, None),
    "rancher-partner-charts": ("https://git.rancher.io/partner-charts", "main"),
    "rancher-rke2-charts": ("https://git.rancher.io/rke2-charts", "main"),
}

Log = Callable[[str, str], None]


class Unauthorized(Exception):
    """The index belongs to an earlier ClusterRepo of the same name."""


class NotFound(Exception):
    """Something on the way to the index does not exist; the text is the API server's."""


def add_repositories(cluster: Cluster, branch: str) -> None:
    """Create or correct the ClusterRepos, which only a start of the leader does."""
    for name, (url, fixed_branch) in REPOSITORIES.items():
        spec = {"gitRepo": url, "gitBranch": fixed_branch or branch}
        body = {
            "apiVersion": "catalog.cattle.io/v1",
            "kind": "ClusterRepo",
            "metadata": {"name": name},
            "spec": spec,
        }
        existing = cluster.ensure(body)
        if any(existing["spec"].get(key) != value for key, value in spec.items()):
            cluster.patch(KIND, name, {"spec": spec})


def write_index(
    cluster: Cluster, repo: Mapping[str, Any], index: Mapping[str, Any]
) -> dict[str, Any]:
    """Store an index in ConfigMaps owned by the ClusterRepo; the status fields that name it."""
    name, uid = repo["metadata"]["name"], repo["metadata"]["uid"]
    blob = gzip.compress(json.dumps(index).encode(), mtime=0)
    chunks = [blob[start : start + CHUNK] for start in range(0, len(blob), CHUNK)]
    names = [f"{name}-{number}-{uid}" for number in range(len(chunks))]
    version = ""
    # The first one last: what the status names must be complete when it appears.
    for number in reversed(range(len(chunks))):
        body = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": names[number],
                "namespace": NAMESPACE,
                "annotations": {
                    "catalog.cattle.io/next": [*names, ""][number + 1],
                    "catalog.cattle.io/size": str(len(blob)),
                },
                "ownerReferences": [
                    {
                        "apiVersion": "catalog.cattle.io/v1",
                        "kind": "ClusterRepo",
                        "name": name,
                        "uid": uid,
                    }
                ],
            },
            "binaryData": {"content": base64.b64encode(chunks[number]).decode()},
        }
        version = cluster.put(body)["metadata"]["resourceVersion"]
    return {
        "indexConfigMapName": names[0],
        "indexConfigMapNamespace": NAMESPACE,
        "indexConfigMapResourceVersion": version,
    }


def read_index(cluster: Cluster) -> dict[str, list[str]]:
    """The versions of each chart in the index of rancher-charts, in index order.

    NotFound, Unauthorized, OSError or EOFError (gzip) in Rancher's words.
    """
    try:
        repo = cluster.get(KIND, CHARTS)
        name = repo.get("status", {}).get("indexConfigMapName", "")
        if not name:
            raise NotFound('configmaps "" not found')
        blob = _read_chunks(cluster, repo, name)
    except ApiError as error:
        if error.not_found:
            raise NotFound(str(error)) from None
        raise
    if not blob:
        raise EOFError("EOF")
    if blob[:2] != b"\x1f\x8b":
        raise OSError("gzip: invalid header")
    try:
        index = json.loads(gzip.decompress(blob))
    except EOFError:
        raise EOFError("unexpected EOF") from None
    return {
        chart: [entry["version"] for entry in entries]
        for chart, entries in index["entries"].items()
    }


def _read_chunks(cluster: Cluster, repo: Mapping[str, Any], name: str) -> bytes:
    blob = b""
    while name:
        config_map = cluster.get("configmaps", name, NAMESPACE)
        owners = config_map["metadata"].get("ownerReferences") or [{}]
        if owners[0].get("uid") != repo["metadata"]["uid"]:
            raise Unauthorized("Unauthorized")
        blob += base64.b64decode(config_map.get("binaryData", {}).get("content", ""))
        name = config_map["metadata"].get("annotations", {}).get("catalog.cattle.io/next", "")
    return blob


class ClusterRepoHandler:
    """What the leader does on an event of a ClusterRepo."""

    def __init__(
        self, cluster: Cluster, minor: tuple[int, int], root: Path, log: Log, interval: int = _HOUR
    ) -> None:
        self._cluster = cluster
        self._minor = minor
        self._root = root
        self._log = log
        self._interval = interval

    def changed(self, repo: dict[str, Any]) -> None:
        """An event on the ClusterRepo: refresh its index unless there is no reason to."""
        if repo["metadata"].get("deletionTimestamp"):
            return
        status = dict(repo.get("status") or {})
        self._forget_lost_index(status)
        if not self._is_due(repo, status):
            if status != (repo.get("status") or {}):
                self._save(repo, status)
            return
        status.pop("shouldNotSkip", None)
        try:
            self._download(repo, status)
        except (OSError, ValueError, RuntimeError) as error:
            self._fail(status, str(error))
        status["observedGeneration"] = repo["metadata"]["generation"]
        self._save(repo, status)

    def removed(self, repo: Mapping[str, Any]) -> None:
        """The ClusterRepo is gone: from 2.12 on its bundled directory goes too (FM 0.9)."""
        if self._minor >= (2, 12):
            shutil.rmtree(self._directory(repo), ignore_errors=True)

    def _forget_lost_index(self, status: dict[str, Any]) -> None:
        name = status.get("indexConfigMapName")
        if self._minor < (2, 8) or not name:
            return
        namespace = status.get("indexConfigMapNamespace") or NAMESPACE
        if self._cluster.find("configmaps", name, namespace) is None:
            for key in ("Name", "Namespace", "ResourceVersion"):
                status[f"indexConfigMap{key}"] = ""
            status["shouldNotSkip"] = True

    def _is_due(self, repo: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
        if self._minor <= (2, 8):
            return self._is_due_by_clock(repo, status)
        generation, observed = repo["metadata"]["generation"], status.get("observedGeneration", 0)
        if observed < generation or status.get("shouldNotSkip"):
            return True
        if status.get("numberOfRetries") and is_retry_due(status):
            return True
        interval = repo["spec"].get("refreshInterval") or self._interval
        due = _updated(status) + timedelta(seconds=interval)
        moment = datetime.now(timezone.utc)
        if moment >= due:
            return True
        if self._minor >= (2, 14):
            self._log(
                "INFO",
                f"Skipping handler for clusterrepo {repo['metadata']['name']}. NumberOfRetries is "
                f"{status.get('numberOfRetries', 0)}, ClusterRepo Generation is {generation}, "
                f"ObservedGeneration is {observed}, LastUpdated plus interval is {due:{_GO_TIME}}, "
                f"now is {moment:{_GO_TIME}}",
            )
        return False

    def _is_due_by_clock(self, repo: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
        """The rule up to 2.8, with a forceUpdate that is really looked at."""
        spec = repo["spec"]
        changed = spec.get("gitRepo") != status.get("url") or spec.get("gitBranch") != status.get(
            "branch"
        )
        if changed or not status.get("indexConfigMapName"):
            return True
        downloaded = parse_time(status["downloadTime"])
        moment = datetime.now(timezone.utc)
        force = spec.get("forceUpdate")
        if force and downloaded < parse_time(force) <= moment:
            return True
        return moment - downloaded > timedelta(seconds=_FIVE_MINUTES)

    def _directory(self, repo: Mapping[str, Any]) -> Path:
        name, url = repo["metadata"]["name"], repo.get("spec", {}).get("gitRepo", "")
        return self._root / chart_repository.bundled_directory(name, url).lstrip("/")

    def _download(self, repo: dict[str, Any], status: dict[str, Any]) -> None:
        """Bundled mode: the local clone is never fetched, its HEAD is what there is."""
        directory = self._directory(repo)
        if not (directory / ".git").is_dir():
            url = repo["spec"].get("gitRepo", "")
            host = url.partition("//")[2].partition("/")[0]
            # A new clone goes elsewhere than the bundled one.
            seen = f"/var/lib/rancher/management-state/git-repo/{'/'.join(directory.parts[-2:])}"
            raise RuntimeError(
                f"git clone --depth=1 -n -- {url} {seen} error: exit status 128, detail: "
                f"fatal: unable to access '{url}/': Could not resolve host: {host}"
            )
        if self._minor >= (2, 12):
            chart_repository.git(directory, "reset", "--quiet", "--hard", "HEAD")
        commit = chart_repository.head(directory)
        if commit != status.get("commit") or not status.get("indexConfigMapName"):
            status.update(write_index(self._cluster, repo, chart_repository.read_index(directory)))
        spec = repo["spec"]
        status.update(
            commit=commit, branch=spec.get("gitBranch"), url=spec.get("gitRepo"), downloadTime=now()
        )
        status["numberOfRetries"] = 0
        _condition(status, "True", "")

    def _fail(self, status: dict[str, Any], message: str) -> None:
        status["numberOfRetries"] = status.get("numberOfRetries", 0) + 1
        later = datetime.now(timezone.utc) + timedelta(seconds=_FIVE_MINUTES)
        status["nextRetryAt"] = later.strftime("%Y-%m-%dT%H:%M:%SZ")
        # The log does not tell of it.
        _condition(status, "False", f"{message}. Will retry after 5m0s")

    def _save(self, repo: dict[str, Any], status: dict[str, Any]) -> None:
        body = {**repo, "status": status}
        path_name = repo["metadata"]["name"]
        try:
            self._cluster.request(
                "PUT",
                f"/apis/catalog.cattle.io/v1/clusterrepos/{path_name}/status",
                body=body,
            )
        except ApiError as error:
            # Someone else wrote or deleted it: the next event brings the new state.
            if not (error.conflict or error.not_found):
                raise


def is_retry_due(status: Mapping[str, Any]) -> bool:
    """Whether the time has come to try a failed download again (FM 3.2)."""
    retry = str(status.get("nextRetryAt") or "")
    return bool(retry) and datetime.now(timezone.utc) >= parse_time(retry)


def _updated(status: Mapping[str, Any]) -> datetime:
    for condition in status.get("conditions", ()):
        if condition["type"] == "Downloaded" and condition.get("lastUpdateTime"):
            return parse_time(condition["lastUpdateTime"])
    return datetime.fromtimestamp(0, timezone.utc)


def _condition(status: dict[str, Any], value: str, message: str) -> None:
    others = [item for item in status.get("conditions", ()) if item["type"] != "Downloaded"]
    condition = {"type": "Downloaded", "status": value, "lastUpdateTime": now()}
    if message:
        condition |= {"reason": "Error", "message": message}
    status["conditions"] = [*others, condition]
