# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: harvester_clusters
short_description: Harvester clusters that a Rancher manages
version_added: 0.1.0
description:
  - Lists the Harvester clusters known to a Rancher, one host each, with the variables that the playbooks of this
    collection need to reach them.
  - The list comes from Rancher's API, or from the cluster that Rancher itself runs on.
  - A cluster is reached through Rancher (C(RANCHER/k8s/clusters/ID)), or with a kubeconfig file of its own.
  - No credential becomes part of the inventory, so C(ansible-inventory --list), caches and AWX hold none. The hosts'
    variables only name the environment variable or the file in which the token is found when a play runs.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
extends_documentation_fragment:
  - constructed
  - inventory_cache
options:
  plugin:
    description: Says that the file is for this plugin.
    type: str
    required: true
    choices:
      - harvester_ops.remediation.harvester_clusters
  rancher_url:
    description:
      - Address of Rancher, as people open it in a browser.
      - With O(kubeconfig) it is only needed to reach clusters through Rancher, and not at all when that kubeconfig was
        issued by Rancher.
    type: str
    env:
      - name: RANCHER_URL
  token_variable:
    description:
      - Name of the environment variable that holds an API key of Rancher (C(token-abcde:...)).
      - It must be set where the inventory is read and where the plays run.
    type: str
    default: RANCHER_TOKEN
  token_file:
    description:
      - File that holds the API key, in place of O(token_variable).
      - A relative path starts at the inventory file.
    type: str
  kubeconfig:
    description:
      - Kubeconfig of the cluster that Rancher runs on (C(local)); the clusters are then listed there and not by
        Rancher's API.
      - When it was issued by Rancher itself, the clusters are reached with the credentials in it.
      - A relative path starts at the inventory file.
    type: str
  context:
    description: Context in O(kubeconfig); its current one by default.
    type: str
  kubeconfigs:
    description:
      - Kubeconfig files of single clusters, by name or id, for clusters that are not to be reached through Rancher.
      - Relative paths start at the inventory file.
    type: dict
    default: {}
  kubeconfig_pattern:
    description:
      - Path of the kubeconfig of every cluster that is not in O(kubeconfigs), with V({name}) or V({id}) in it.
      - A relative path starts at the inventory file.
    type: str
  hostname:
    description:
      - What the hosts are called. A name that cannot be a host's gives way to the id.
    type: str
    choices:
      - name
      - id
    default: name
  ca_cert:
    description:
      - File with the CA certificates of Rancher.
      - A relative path starts at the inventory file.
    type: str
    env:
      - name: RANCHER_CA_CERT
  validate_certs:
    description: Whether the certificate of Rancher must be valid.
    type: bool
    default: true
  proxy:
    description: URL of a proxy to reach Rancher through.
    type: str
  timeout:
    description: Seconds to wait for an answer while the clusters are listed.
    type: int
    default: 30
requirements:
  - python >= 3.10
  - kubernetes >= 24.2.0
notes:
  - The file must be called C(harvester_clusters.yml) or end in C(.harvester_clusters.yml); V(.yaml) will do as well.
  - Every host is in the group C(harvester_clusters) and has the variables C(rancher_cluster_id), C(rancher_cluster_name),
    C(rancher_cluster_ready), C(rancher_cluster_state), C(rancher_cluster_kubernetes_version) and
    C(rancher_cluster_labels), for O(groups), O(keyed_groups) and O(compose).
  - Ansible only warns when an inventory cannot be read, and goes on without its hosts. Set
    E(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED) where a run without hosts must not pass for a good one.
"""

EXAMPLES = r"""
---
# All Harvester clusters of a Rancher, reached through it. The API key is in RANCHER_TOKEN.
plugin: harvester_ops.remediation.harvester_clusters
rancher_url: https://rancher.example.com
ca_cert: rancher-ca.pem

---
# Groups by a label of the clusters in Rancher, and one of those that Rancher does not reach.
plugin: harvester_ops.remediation.harvester_clusters
rancher_url: https://rancher.example.com
keyed_groups:
  - key: rancher_cluster_labels['site']
    prefix: site
groups:
  disconnected: not rancher_cluster_ready
compose:
  remediation_verify_timeout: 7200 if rancher_cluster_labels['site'] | default('') == 'far' else 3600

---
# Listed on Rancher's own cluster; every cluster with a kubeconfig of its own. Kept for ten minutes.
plugin: harvester_ops.remediation.harvester_clusters
kubeconfig: ~/.kube/rancher-local
kubeconfig_pattern: kubeconfigs/{name}.yaml
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/harvester-clusters
cache_timeout: 600
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible import template
from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var

from ..module_utils._core.errors import RemediationError
from ..module_utils._kube.auth import resolve
from ..module_utils._kube.client import KubeClient
from ..module_utils._rancher.server.cluster_access import (
    ClusterAccess,
    beside,
    host_names,
    rancher_of,
)
from ..module_utils._rancher.server.managed_clusters import (
    ManagedCluster,
    list_from_local_cluster,
    list_from_rancher,
)

GROUP = "harvester_clusters"
TEMPLATE_MARKS = ("{{", "{%", "{#")
# Before ansible-core 2.19 every text is a template unless it is marked unsafe.
trusted: Callable[[str], str] = getattr(template, "trust_as_template", str)
FILE_NAMES = ("harvester_clusters.yml", "harvester_clusters.yaml")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Reads one file that names a Rancher, and adds its Harvester clusters."""

    NAME = "harvester_ops.remediation.harvester_clusters"

    def verify_file(self, path: str) -> bool:
        """Whether the file is called like one of this plugin's."""
        name = Path(path).name
        ours = name in FILE_NAMES or name.endswith(tuple(f".{each}" for each in FILE_NAMES))
        return bool(ours and super().verify_file(path))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Add the clusters to the inventory. Raises AnsibleParserError with what to do about it."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        self._folder = Path(path).resolve().parent
        try:
            clusters = self._clusters(path, cache)
            access = self._access()
            for host, cluster in host_names(clusters, self.get_option("hostname")).items():
                self._add(inventory, host, cluster, access.variables(cluster))
        except RemediationError as error:
            raise AnsibleParserError(str(error)) from None

    def _add(
        self, inventory: Any, host: str, cluster: ManagedCluster, access: Mapping[str, Any]
    ) -> None:
        inventory.add_group(GROUP)
        inventory.add_host(host, group=GROUP)
        facts = {
            f"rancher_cluster_{name}": value
            for name, value in cluster.to_dict().items()
            if name != "provider"
        }
        if self._path("token_file"):
            facts["rancher_token_file"] = self._path("token_file")
        variables = {"ansible_connection": "local", **facts, **access}
        variables = {name: as_variable(value) for name, value in variables.items()}
        if "remediation_api_key" in access:
            variables["remediation_api_key"] = trusted(access["remediation_api_key"])
        for name, value in variables.items():
            inventory.set_variable(host, name, value)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, host, strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, host, strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host, strict)

    def _clusters(self, path: str, cache: bool) -> list[ManagedCluster]:
        """The Harvester clusters, from the cache while it holds those of the same Rancher."""
        wanted = bool(self.get_option("cache"))
        key, source = self.get_cache_key(path), self._source()
        kept = self._kept(key) if wanted and cache else {}
        if kept.get("source") != source:
            found = [each.to_dict() for each in self._list() if each.is_harvester]
            kept = {"source": source, "clusters": found}
            if wanted:
                self._cache[key] = kept
        return [ManagedCluster.from_dict(each) for each in kept["clusters"]]

    def _kept(self, key: str) -> Mapping[str, Any]:
        try:
            kept = self._cache[key]
        except KeyError:  # nothing kept, or too long ago
            return {}
        return kept if isinstance(kept, Mapping) else {}

    def _source(self) -> str:
        kubeconfig = self._path("kubeconfig")
        return f"{kubeconfig} {self.get_option('context')}" if kubeconfig else self._rancher_url()

    def _list(self) -> list[ManagedCluster]:
        timeout = float(self.get_option("timeout"))
        with tempfile.TemporaryDirectory() as scratch:
            connection = resolve(self._listing_options(), tmpdir=scratch)
            client = KubeClient(connection, connect_timeout=timeout, read_timeout=timeout)
            if self._path("kubeconfig"):
                return list_from_local_cluster(client)
            return list_from_rancher(client)

    def _listing_options(self) -> dict[str, Any]:
        kubeconfig = self._path("kubeconfig")
        if kubeconfig:
            return {"kubeconfig": kubeconfig, "context": self.get_option("context")}
        return {"host": self._rancher_url(), "api_key": self._token(), **self._network()}

    def _access(self) -> ClusterAccess:
        given = {
            str(name): beside(self._folder, str(value))
            for name, value in (self.get_option("kubeconfigs") or {}).items()
        }
        issuer = self._issuer()
        return ClusterAccess(
            rancher_url=issuer or str(self.get_option("rancher_url") or "").rstrip("/"),
            token_template=self._token_template(),
            rancher_kubeconfig=self._path("kubeconfig") if issuer else "",
            rancher_context=self.get_option("context") or "",
            kubeconfigs=given,
            kubeconfig_pattern=self._path("kubeconfig_pattern"),
            network=self._network(),
        )

    def _issuer(self) -> str:
        """The Rancher that issued the kubeconfig; "" when none did."""
        if not self._path("kubeconfig"):
            return ""
        with tempfile.TemporaryDirectory() as scratch:
            return rancher_of(resolve(self._listing_options(), tmpdir=scratch).server)

    def _network(self) -> dict[str, Any]:
        """CA, proxy and whether to check certificates, where they are not the usual."""
        options = {"ca_cert": self._path("ca_cert"), "proxy": self.get_option("proxy") or ""}
        network: dict[str, Any] = {name: value for name, value in options.items() if value}
        if not self.get_option("validate_certs"):
            network["validate_certs"] = False
        return network

    def _path(self, option: str) -> str:
        value = self.get_option(option)
        return beside(self._folder, str(value)) if value else ""

    def _rancher_url(self) -> str:
        url = str(self.get_option("rancher_url") or "").rstrip("/")
        if not url.startswith(("https://", "http://")):
            raise RemediationError(
                "refused",
                f"rancher_url is {url!r}, which is no address of a Rancher.",
                "Set rancher_url (or RANCHER_URL) to something like https://rancher.example.com, or give "
                "the kubeconfig of the cluster Rancher runs on.",
            )
        return url

    def _token(self) -> str:
        file = self._path("token_file")
        variable = "" if file else self._token_variable()
        try:
            token = Path(file).read_text("utf-8") if file else os.environ.get(variable, "")
        except (OSError, UnicodeDecodeError) as error:
            raise RemediationError(
                "refused",
                f"The token file {file} cannot be read: {error}.",
                "Put an API key of Rancher there, readable for you only.",
            ) from error
        if not token.strip():
            where = f"The token file {file}" if file else f"The environment variable {variable}"
            raise RemediationError(
                "refused", f"{where} holds no API key of Rancher.", "Put one there."
            )
        return token.strip()

    def _token_variable(self) -> str:
        variable = str(self.get_option("token_variable"))
        if not variable.isidentifier():
            raise RemediationError(
                "refused",
                "token_variable is not the name of an environment variable.",  # maybe the token itself
                "Put the token into an environment variable and give its name.",
            )
        return variable

    def _token_template(self) -> str:
        """The expression that finds the token when a play runs."""
        if self._path("token_file"):
            return "{{ lookup('ansible.builtin.file', rancher_token_file) | trim }}"
        name = self._token_variable()
        return "{{ lookup('ansible.builtin.env', '" + name + "') | trim }}"


def as_variable(value: Any) -> Any:
    """A value as ansible-core keeps it: other people's text never becomes a template.

    Text without a template in it is trusted, so that it is shown and exported as plain text.
    """
    if isinstance(value, Mapping):
        return {name: as_variable(each) for name, each in value.items()}
    if not isinstance(value, str):
        return value
    return wrap_var(value) if any(mark in value for mark in TEMPLATE_MARKS) else trusted(value)
