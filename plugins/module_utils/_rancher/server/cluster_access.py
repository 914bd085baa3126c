# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a run reaches a cluster that Rancher manages, as the host variables of an inventory.

A credential never becomes one of these variables: they name where it is (an environment variable, a
file, a kubeconfig), because inventories are printed, cached and stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..._core.errors import RemediationError
from .managed_clusters import ManagedCluster

THROUGH_RANCHER = re.compile(r"^(?P<rancher>https?://.+)/k8s/clusters/[^/]+/?$")
# What is safe as a host name, in a host pattern and as the name of a folder.
HOST_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")


@dataclass(frozen=True)
class ClusterAccess:
    """The ways there are.

    `kubeconfigs` maps names or ids of clusters to kubeconfig files, `kubeconfig_pattern` is a path with
    ``{name}`` or ``{id}`` in it. Whatever has neither is reached through Rancher: with `rancher_kubeconfig`,
    a kubeconfig that Rancher issued itself, else with the token that `token_template` looks up.
    `network` holds ca_cert, validate_certs and proxy for the way through Rancher.
    """

    rancher_url: str = ""
    token_template: str = ""
    rancher_kubeconfig: str = ""
    rancher_context: str = ""
    kubeconfigs: Mapping[str, str] = field(default_factory=dict)
    kubeconfig_pattern: str = ""
    network: Mapping[str, Any] = field(default_factory=dict)

    def variables(self, cluster: ManagedCluster) -> dict[str, Any]:
        """The host variables for a cluster. Raises `refused` when there is no way to it."""
        path = self._kubeconfig_of(cluster)
        if path:
            return {"remediation_kubeconfig": path}
        through = f"{self.rancher_url}/k8s/clusters/{cluster.id}"
        if self.rancher_kubeconfig:
            # Options given beside a kubeconfig win over what it says: its token, another cluster.
            given = {"remediation_host": through, "remediation_kubeconfig": self.rancher_kubeconfig}
            context = {"remediation_context": self.rancher_context} if self.rancher_context else {}
            return {**given, **context}
        if self.rancher_url:
            network = {f"remediation_{name}": value for name, value in self.network.items()}
            token = {"remediation_api_key": self.token_template}
            return {"remediation_host": through, **token, **network}
        raise RemediationError(
            "refused",
            f"There is no way to cluster {cluster.name} ({cluster.id}).",
            "Give rancher_url and a token to reach it through Rancher, or its kubeconfig in kubeconfigs "
            "or kubeconfig_pattern.",
        )

    def _kubeconfig_of(self, cluster: ManagedCluster) -> str:
        given = self.kubeconfigs.get(cluster.name) or self.kubeconfigs.get(cluster.id) or ""
        if given or not self.kubeconfig_pattern:
            return given
        return self.kubeconfig_pattern.replace("{name}", cluster.name).replace("{id}", cluster.id)


def rancher_of(server: str) -> str:
    """The address of the Rancher that a server is reached through; "" for any other server.

    >>> rancher_of("https://rancher.example.com/k8s/clusters/local")
    'https://rancher.example.com'
    """
    match = THROUGH_RANCHER.match(server)
    return match["rancher"] if match else ""


def host_names(clusters: list[ManagedCluster], by: str) -> dict[str, ManagedCluster]:
    """Inventory host name to cluster, `by` ``name`` or ``id``.

    A name that is no good as a host or a folder gives way to the id. Raises `refused` when two clusters
    would be the same host.
    """
    named: dict[str, ManagedCluster] = {}
    for cluster in clusters:
        host = cluster.name if by == "name" and HOST_NAME.match(cluster.name) else cluster.id
        if host in named:
            raise RemediationError(
                "refused",
                f"Two clusters are called {host}: {named[host].id} and {cluster.id}.",
                "Rename one of them in Rancher, or set hostname to id.",
            )
        named[host] = cluster
    return named


def beside(folder: Path, name: str) -> str:
    """A path of a configuration file: ``~`` is the home, a relative one lies beside the file."""
    return str(folder / Path(name).expanduser())
