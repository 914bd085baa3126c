# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The clusters a Rancher manages, and which of them are Harvester.

Rancher keeps a Cluster (``management.cattle.io/v3``) for each. Two ways lead to them: Rancher's own API,
which shows an account the clusters it may see, and the Kubernetes API of the cluster Rancher runs on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ..._core.errors import RemediationError
from ..._kube import paths
from ..._kube.client import KubeClient

HARVESTER = "harvester"
PROVIDER_LABEL = "provider.cattle.io"
RANCHER_PATH = "/v1/management.cattle.io.clusters"
KUBERNETES_PATH = paths.api("management.cattle.io/v3", "clusters")
PAGE_SIZE = 100


@dataclass(frozen=True)
class ManagedCluster:
    """What is of use of a Cluster object. Credentials and specs that it may hold are not kept.

    `id` is its name in Kubernetes (``c-m-abc``, ``local``), `name` what people call it. `ready` says
    whether Rancher reaches it, `state` why not.
    """

    id: str
    name: str
    provider: str
    ready: bool
    state: str = ""
    kubernetes_version: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_object(cls, cluster: Mapping[str, Any]) -> ManagedCluster:
        """Read a Cluster as the Kubernetes API or Rancher's API shows it."""
        metadata, spec, status = (
            _mapping(cluster.get(part)) for part in ("metadata", "spec", "status")
        )
        identity = str(metadata.get("name") or cluster.get("id") or "")
        labels = {str(key): str(value) for key, value in _mapping(metadata.get("labels")).items()}
        connected = _connected(status.get("conditions"))
        ready = connected.get("status") == "True"
        return cls(
            id=identity,
            name=str(spec.get("displayName") or identity),
            # The label is set when a cluster is imported as Harvester, the status once it is connected;
            # Rancher's dashboard asks them in this order too.
            provider=labels.get(PROVIDER_LABEL) or str(status.get("provider") or ""),
            ready=ready,
            state="" if ready else _why(connected),
            kubernetes_version=str(_mapping(status.get("version")).get("gitVersion") or ""),
            labels=labels,
        )

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> ManagedCluster:
        """The cluster `to_dict` was made of."""
        return cls(**document)

    def to_dict(self) -> dict[str, Any]:
        """The cluster as JSON values."""
        return {**asdict(self), "labels": dict(self.labels)}

    @property
    def is_harvester(self) -> bool:
        """Whether it is a Harvester cluster."""
        return self.provider == HARVESTER


def list_from_rancher(client: KubeClient) -> list[ManagedCluster]:
    """All clusters that Rancher's API at the client's server shows the account.

    Raises `unauthorized`, `forbidden`, `server-unreachable`, `api-error`, and `not-found` when there is
    no Rancher at that address.
    """
    objects: list[Mapping[str, Any]] = []
    query: dict[str, Any] = {"limit": PAGE_SIZE, "exclude": "metadata.managedFields"}
    while True:
        try:
            page = client.get(RANCHER_PATH, **query)
        except RemediationError as error:
            raise _explained(error, client.server) from error
        objects += _mappings(page.get("data"))
        if not page.get("continue"):
            return _sorted(objects)
        query["continue"] = page["continue"]


def list_from_local_cluster(client: KubeClient) -> list[ManagedCluster]:
    """All clusters of the Rancher that runs on the client's cluster.

    Raises the errors of the API client, `not-found` when no Rancher is installed there.
    """
    try:
        return _sorted(client.list(KUBERNETES_PATH))
    except RemediationError as error:
        if error.code != "not-found":
            raise
        raise RemediationError(
            "not-found",
            f"{client.server} has no clusters.management.cattle.io: no Rancher is installed there.",
            "Give the kubeconfig of the cluster that Rancher itself runs on.",
        ) from error


def _explained(error: RemediationError, server: str) -> RemediationError:
    """An error of Rancher's API in words that fit it; one of the connection as it is."""
    if error.code == "unauthorized":
        return RemediationError(
            error.code,
            f"Rancher at {server} did not accept the token.",
            "Create an API key in Rancher (without a scope, or the clusters cannot be listed) and give it anew.",
            details=error.details,
        )
    if error.code in ("not-found", "api-error") and not error.retryable:
        return RemediationError(
            error.code,
            f"{server} is no Rancher: {error.message}",
            "Give the address people open Rancher with, without a path behind it.",
            details=error.details,
        )
    return error


def _sorted(objects: Iterable[Mapping[str, Any]]) -> list[ManagedCluster]:
    found = [ManagedCluster.from_object(each) for each in objects]
    return sorted((each for each in found if each.id), key=lambda each: (each.name, each.id))


def _connected(conditions: Any) -> Mapping[str, Any]:
    """The condition that says whether Rancher reaches the cluster: Connected, else Ready."""
    known = {str(each.get("type")): each for each in _mappings(conditions)}
    return known.get("Connected") or known.get("Ready") or {}


def _why(condition: Mapping[str, Any]) -> str:
    return str(condition.get("message") or condition.get("reason") or "not connected yet")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
