# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An API server in memory, with the interface of the collection's client, that fails on request."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
    KubeClient,
)

NOW = datetime(2026, 11, 23, 15, 0, 0, tzinfo=timezone.utc)
Hook = Callable[["Cluster", str, str], None]


def _not_found(path: str) -> RemediationError:
    return RemediationError("not-found", f"{path} not found", remedy="")


class Cluster(KubeClient):
    """Objects by API path. C(failures) maps (verb, path) to the error to raise.

    C(before) hooks run ahead of each request with (cluster, verb, path): the place for races.
    """

    def __init__(self) -> None:  # no connection: nothing of the real client is used
        self.time = NOW
        self.objects: dict[str, dict[str, Any]] = {}
        self.logs: dict[tuple[str, str, str], str] = {}
        self.requests: list[tuple[str, str]] = []
        self.writes: list[tuple[str, str, Any, bool]] = []
        self.failures: dict[tuple[str, str], RemediationError] = {}
        self.before: list[Hook] = []
        # Path -> (field, manager): what server-side apply of that object is refused for.
        self.owned: dict[str, list[tuple[str, str]]] = {}
        self._version = 5000

    def add(self, path: str, obj: dict[str, Any]) -> None:
        """Put an object where the API would serve it."""
        self.objects[path] = copy.deepcopy(obj)

    def add_secret(self, obj: dict[str, Any]) -> None:
        """Put a Secret where the API would serve it."""
        metadata = obj["metadata"]
        self.add(f"/api/v1/namespaces/{metadata['namespace']}/secrets/{metadata['name']}", obj)

    def add_config_map(self, obj: dict[str, Any]) -> None:
        """Put a ConfigMap where the API would serve it."""
        metadata = obj["metadata"]
        self.add(f"/api/v1/namespaces/{metadata['namespace']}/configmaps/{metadata['name']}", obj)

    def _note(self, verb: str, path: str) -> None:
        for hook in list(self.before):
            hook(self, verb, path)
        self.requests.append((verb, path))
        if (verb, path) in self.failures:
            raise self.failures[verb, path]

    def now(self) -> datetime:
        """The time on the server's clock; tests move it."""
        return self.time

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return "https://10.0.0.1:6443"

    def cluster_uid(self) -> str:
        """The uid of namespace kube-system."""
        return "uid-of-the-cluster"

    @property
    def request_count(self) -> int:
        """Requests made so far."""
        return len(self.requests)

    def get(self, path: str, *, metadata_only: bool = False, **query: Any) -> dict[str, Any]:
        """The object at a path."""
        del metadata_only, query
        self._note("get", path)
        if path not in self.objects:
            raise _not_found(path)
        return copy.deepcopy(self.objects[path])

    def list(
        self,
        path: str,
        *,
        label_selector: str | None = None,
        field_selector: str | None = None,
        limit: int = 500,
        metadata_only: bool = False,
    ) -> list[dict[str, Any]]:
        """The objects below a path whose labels fit."""
        del field_selector, limit
        self._note("list", path)
        resource = path.rsplit("/", 1)[-1]
        everywhere = path == f"/api/v1/{resource}"
        found = []
        for where, obj in self.objects.items():
            parent, _slash, _name = where.rpartition("/")
            if (parent == path or (everywhere and parent.endswith(f"/{resource}"))) and _fits(
                obj["metadata"].get("labels", {}), label_selector
            ):
                found.append({"metadata": obj["metadata"]} if metadata_only else obj)
        return copy.deepcopy(found)

    def pod_log(self, namespace: str, pod: str, container: str, **_options: Any) -> str:
        """The log of a container; there is none until a test has written one."""
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
        self._note("get", path)
        if (namespace, pod, container) not in self.logs:
            raise _not_found(path)
        return self.logs[namespace, pod, container]

    def create(
        self, path: str, body: Mapping[str, Any], *, dry_run: bool = False
    ) -> dict[str, Any]:
        """Create an object below a collection path."""
        self._note("create", path)
        where = f"{path}/{body['metadata']['name']}"
        if where in self.objects:
            raise RemediationError("conflict", f"{where} exists", remedy="")
        self.writes.append(("create", path, copy.deepcopy(body), dry_run))
        obj = copy.deepcopy(dict(body))
        self._version += 1
        obj["metadata"].update(uid=f"uid-{self._version}", resourceVersion=str(self._version))
        if not dry_run:
            self.objects[where] = obj
        return copy.deepcopy(obj)

    def apply(
        self, path: str, body: Mapping[str, Any], *, manager: str, dry_run: bool = False
    ) -> dict[str, Any]:
        """Try an object server-side; nothing is stored."""
        assert (manager, dry_run) == ("helm", True)
        self._note("apply", path)
        causes = [
            {
                "reason": "FieldManagerConflict",
                "message": f'conflict with "{owner}" using v1',
                "field": field,
            }
            for field, owner in self.owned.get(path, ())
        ]
        if causes:
            raise RemediationError("conflict", f"{path}: conflicts", details={"causes": causes})
        return dict(body)

    def patch(
        self,
        path: str,
        body: Any,
        *,
        dry_run: bool = False,
        subresource: str | None = None,
    ) -> dict[str, Any]:
        """Merge into an object."""
        del subresource
        self._note("patch", path)
        if path not in self.objects:
            raise _not_found(path)
        wanted = body.get("metadata", {}).get("resourceVersion")
        if wanted not in (None, self.objects[path]["metadata"].get("resourceVersion")):
            raise RemediationError("conflict", f"{path} moved", remedy="")
        if body.get("metadata", {}).get("uid") not in (None, self.objects[path]["metadata"]["uid"]):
            raise RemediationError("conflict", f"{path} has another UID", remedy="")
        self.writes.append(("patch", path, copy.deepcopy(body), dry_run))
        obj = _merge(copy.deepcopy(self.objects[path]), body)
        if "spec" in body and obj.get("spec") != self.objects[path].get("spec"):
            obj["metadata"]["generation"] = obj["metadata"].get("generation", 0) + 1
        self._version += 1
        obj["metadata"]["resourceVersion"] = str(self._version)
        if not dry_run:
            self.objects[path] = obj
        return copy.deepcopy(obj)

    def replace(
        self, path: str, body: Mapping[str, Any], *, dry_run: bool = False
    ) -> dict[str, Any]:
        """Put an object in the place of one, if that is still the one meant."""
        self._note("replace", path)
        if path not in self.objects:
            raise _not_found(path)
        metadata, wanted = self.objects[path]["metadata"], body["metadata"]
        for key in ("uid", "resourceVersion"):
            if wanted.get(key) not in (None, metadata.get(key)):
                raise RemediationError("conflict", f"{path} moved", remedy="")
        self.writes.append(("replace", path, copy.deepcopy(body), dry_run))
        obj = copy.deepcopy(dict(body))
        if "status" in self.objects[path]:
            obj["status"] = self.objects[path]["status"]
        self._version += 1
        obj["metadata"].update(uid=metadata["uid"], resourceVersion=str(self._version))
        if not dry_run:
            self.objects[path] = obj
        return copy.deepcopy(obj)

    def delete(
        self,
        path: str,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Delete the object at a path, if it is still the one meant."""
        self._note("delete", path)
        if path not in self.objects:
            raise _not_found(path)
        metadata = self.objects[path]["metadata"]
        if uid not in (None, metadata.get("uid")) or resource_version not in (
            None,
            metadata.get("resourceVersion"),
        ):
            raise RemediationError("precondition-failed", f"{path} is another one now", remedy="")
        self.writes.append(("delete", path, None, dry_run))
        return copy.deepcopy(self.objects[path]) if dry_run else self.objects.pop(path)


def _fits(labels: dict[str, str], selector: str | None) -> bool:
    if not selector:
        return True
    for term in (
        selector.replace(", ", ",").split(",") if " in " not in selector else _terms(selector)
    ):
        key, _equals, value = term.partition("=")
        if " in " in term:
            key, _in, choices = term.partition(" in ")
            if labels.get(key) not in choices.strip("()").split(","):
                return False
        elif not _equals:
            if key not in labels:
                return False
        elif labels.get(key) != value:
            return False
    return True


def _terms(selector: str) -> list[str]:
    terms, depth, word = [], 0, ""
    for letter in selector:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            terms.append(word)
            word = ""
        else:
            word += letter
    return [*terms, word]


def _merge(target: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict) and isinstance(target.get(key), dict):
            _merge(target[key], value)
        else:
            target[key] = copy.deepcopy(value)
    return target
