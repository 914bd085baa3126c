#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rancher_chart
short_description: Fetch one chart in one exact version
version_added: 0.1.0
description:
  - Finds a chart, verifies it and puts its archive into a directory. The usual source is the cluster
    itself, because each Rancher pod carries all charts of its version; nothing has to be downloaded.
  - Name and version in the archive must be equal byte for byte to what was asked for, its SHA-256 to
    the digest given or that of Rancher's index. The archive must be intact and must hold no links,
    devices or names that leave its directory. Another version is never used in its place.
  - The file is written whole, of mode 0600, or not at all.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  chart:
    description: Name of the chart.
    type: str
    required: true
  version:
    description: Version of the chart, for example V(106.0.0+up0.12.0).
    type: str
    required: true
  app_version:
    description: The C(appVersion) that the chart must have; not compared by default.
    type: str
  dest:
    description:
      - Directory on the machine the module runs on. It is made, for its owner only, when absent.
      - The file is called C(<chart>-<version>.tgz).
    type: path
    required: true
  digest:
    description:
      - SHA-256 of the archive in hex; by default the one in the index of O(cluster_repo), when that lists
        the version.
    type: str
  source:
    description:
      - V(rancher_pod) reads it out of the repository that a Rancher pod carries, by exec. Asked are pods whose
        image is that of the Rancher Deployment (or O(rancher_version)), followers before the leader.
      - V(cluster_repo) downloads it from the URL of a ClusterRepo that is a Helm repository, or through
        Rancher's API at O(rancher_url).
      - V(helm_repo) downloads it from the Helm repository at O(repository).
      - V(oci) pulls it from the registry at O(repository).
      - V(path) takes it from O(path).
      - V(auto) asks all of these in this order, as far as their options are given, until one has it. A source
        that cannot be reached or used is passed over; an archive that is not what it should be ends it.
    type: str
    choices: [auto, rancher_pod, cluster_repo, helm_repo, oci, path]
    default: auto
  rancher_version:
    description:
      - Tag of the image of the Rancher pods to ask, for example V(v2.11.0); by default that of
        C(Deployment/cattle-system/rancher).
    type: str
  path:
    description:
      - An archive, or a directory of archives (also a clone of a chart repository with C(assets/<chart>/)).
    type: path
  repository:
    description: URL of a Helm repository, or C(oci://) and the address of a registry.
    type: str
  repository_username:
    description: User name for O(repository).
    type: str
  repository_password:
    description: Password for O(repository).
    type: str
  repository_plain_http:
    description: Whether the registry at O(repository) speaks HTTP without TLS.
    type: bool
    default: false
  repository_ca_cert:
    description: Path of the CA certificates for O(repository) or O(rancher_url).
    type: path
  repository_validate_certs:
    description: Whether the certificate of O(repository) or O(rancher_url) must be valid.
    type: bool
    default: true
  rancher_url:
    description: URL of Rancher, for O(source=cluster_repo) with a ClusterRepo that is a git repository.
    type: str
  rancher_token:
    description: API token for O(rancher_url).
    type: str
  repository_proxy:
    description:
      - URL of the HTTP proxy to O(repository), O(rancher_url) or the ClusterRepo's URL, in place of
        E(HTTPS_PROXY) and E(HTTP_PROXY). E(NO_PROXY) counts in any case.
      - The way to the API server is not changed by it, that is O(proxy).
    type: str
  cluster_repo:
    description: Name of the ClusterRepo that the chart belongs to.
    type: str
    default: rancher-charts
extends_documentation_fragment:
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
notes:
  - Nothing but the API server is contacted unless O(repository) or O(rancher_url) is given, or the ClusterRepo
    has a URL.
  - helm is not needed.
attributes:
  check_mode:
    support: full
    details: The chart is fetched and verified all the same, and then thrown away.
  diff_mode:
    support: none
    details: An archive cannot be shown.
  idempotent:
    support: full
    details: An archive that is there already and has the digest wanted is not fetched again.
seealso:
  - module: harvester_ops.remediation.helm_release
  - module: harvester_ops.remediation.cluster_repo
"""

EXAMPLES = r"""
---
- name: Take fleet out of the cluster's own Rancher
  harvester_ops.remediation.rancher_chart:
    chart: fleet
    version: 106.0.0+up0.12.0
    dest: "{{ remediation_artifacts_dir }}/charts"
  register: fleet_chart

- name: Take it from a directory that somebody has carried into an air gap
  harvester_ops.remediation.rancher_chart:
    chart: fleet
    version: 106.0.0+up0.12.0
    source: path
    path: /srv/charts
    dest: "{{ remediation_artifacts_dir }}/charts"

- name: Take it from a registry, over a proxy
  harvester_ops.remediation.rancher_chart:
    chart: fleet
    version: 106.0.0+up0.12.0
    source: oci
    repository: oci://registry.example.com/charts
    repository_ca_cert: /etc/ssl/registry.pem
    repository_proxy: http://proxy.example.com:3128
    dest: "{{ remediation_artifacts_dir }}/charts"

- name: Take it from a Helm repository
  harvester_ops.remediation.rancher_chart:
    chart: fleet
    version: 0.12.0
    source: helm_repo
    repository: https://rancher.github.io/fleet-helm-charts/
    dest: "{{ remediation_artifacts_dir }}/charts"
"""

RETURN = r"""
path:
  description: Path of the verified archive. In check mode where it would be.
  returned: success
  type: str
  sample: /var/tmp/remediation/charts/fleet-106.0.0+up0.12.0.tgz
sha256:
  description: SHA-256 of the archive.
  returned: success
  type: str
  sample: 2f0c7d4f0d1f5a2f6bd0ac8c1c2d51c1c9a64ad70dd4b2b7a4a4c5bcb1f1d0aa
digest_verified:
  description: Whether there was a digest to compare it with.
  returned: success
  type: bool
digest_from:
  description: Whose digest that was; null when no index has one and none was given.
  returned: success
  type: str
  sample: index of ClusterRepo/rancher-charts
kubernetes:
  description:
    - The C(server) version and what the chart C(wants). C(fits) is null when either says nothing. When
      C(binding), which is the C(kubeVersion) of Chart.yaml, helm refuses a chart that does not fit; else it
      is Rancher's annotation, which nobody enforces for Rancher's own charts.
  returned: success
  type: dict
  sample:
    server: v1.32.3+rke2r1
    wants: ">= 1.28.0-0 < 1.33.0-0"
    binding: false
    fits: true
chart:
  description: What the archive holds.
  returned: success
  type: dict
  sample:
    name: fleet
    version: 106.0.0+up0.12.0
    app_version: 0.12.0
    digest: 2f0c7d4f0d1f5a2f6bd0ac8c1c2d51c1c9a64ad70dd4b2b7a4a4c5bcb1f1d0aa
    size: 8123
    unpacked_size: 71680
    entries: 24
    kube_version:
source:
  description: The source it came from, or V(present) when it was there already.
  returned: success
  type: str
  sample: rancher_pod
origin:
  description: Where exactly it came from.
  returned: success
  type: str
  sample: assets/fleet/fleet-106.0.0+up0.12.0.tgz in Pod/cattle-system/rancher-7d9c6b5f4-x2x8k (commit 9f3c0a6f5d0c)
head_commit:
  description: Commit of the chart repository in the Rancher pod; null for other sources.
  returned: success
  type: str
  sample: 9f3c0a6f5d0c1a4b2e7f88d0c3b1a5e4d6f70812
index:
  description:
    - What the cluster's index says. C(state) is V(ok), V(absent), V(corrupt), V(foreign-owner), V(no-repo), or the
      code of the error met; C(lists_version) whether it lists exactly this version.
  returned: success
  type: dict
  sample:
    state: ok
    reason: ""
    lists_version: true
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from ..module_utils._core.errors import RemediationError
from ..module_utils._kube.client import KubeClient
from ..module_utils._module import ModuleContext, run_module
from ..module_utils._rancher.charts.fit import KubernetesFit, kubernetes_fit
from ..module_utils._rancher.charts.http_source import (
    fetch_from_cluster_repo_url,
    fetch_from_helm_repository,
    fetch_from_rancher_api,
)
from ..module_utils._rancher.charts.oci_source import Registry, fetch_from_registry
from ..module_utils._rancher.charts.path_source import fetch_from_path
from ..module_utils._rancher.charts.pod_source import fetch_from_pod
from ..module_utils._rancher.charts.request import ChartRequest, FetchChart, FetchedChart
from ..module_utils._rancher.charts.sink import ChartSink
from ..module_utils._rancher.charts.source import (
    CatalogAnswer,
    StoredChart,
    already_stored,
    consult_catalog,
    fetch_first,
    store,
)
from ..module_utils._rancher.charts.web import HttpAccess, Web

SOURCES = ["auto", "rancher_pod", "cluster_repo", "helm_repo", "oci", "path"]

ARGUMENT_SPEC: dict[str, Any] = {
    "chart": {"type": "str", "required": True},
    "version": {"type": "str", "required": True},
    "app_version": {"type": "str"},
    "dest": {"type": "path", "required": True},
    "digest": {"type": "str"},
    "source": {"type": "str", "choices": SOURCES, "default": "auto"},
    "path": {"type": "path"},
    "repository": {"type": "str"},
    "repository_username": {"type": "str"},
    "repository_password": {"type": "str", "no_log": True},
    "repository_ca_cert": {"type": "path"},
    "repository_validate_certs": {"type": "bool", "default": True},
    "rancher_version": {"type": "str"},
    "repository_plain_http": {"type": "bool", "default": False},
    "repository_proxy": {"type": "str"},
    "rancher_url": {"type": "str"},
    "rancher_token": {"type": "str", "no_log": True},
    "cluster_repo": {"type": "str", "default": "rancher-charts"},
}


class _Sources:
    """The ways to a chart that the module's options open."""

    def __init__(self, context: ModuleContext) -> None:
        self._context, self._params = context, context.params

    def chosen(self, request: ChartRequest) -> list[str]:
        """The sources to ask, in their order."""
        params = self._params
        if params["source"] != "auto":
            return [params["source"]]
        names = ["rancher_pod"]
        if params["rancher_url"] or _has_url(request):
            names.append("cluster_repo")
        if params["repository"]:
            names.append("oci" if _is_registry(params["repository"]) else "helm_repo")
        return [*names, "path"] if params["path"] else names

    def fetchers(self, request: ChartRequest) -> dict[str, FetchChart]:
        """A function for each source to ask."""
        return {name: getattr(self, f"_{name}") for name in self.chosen(request)}

    def _rancher_pod(self, request: ChartRequest, sink: ChartSink) -> FetchedChart:
        tag = self._params["rancher_version"]
        return fetch_from_pod(self._context.client(), request, sink, wanted_tag=tag)

    def _path(self, request: ChartRequest, sink: ChartSink) -> FetchedChart:
        return fetch_from_path(Path(self._params["path"]), request, sink)

    def _helm_repo(self, request: ChartRequest, sink: ChartSink) -> FetchedChart:
        url = self._params["repository"]
        return fetch_from_helm_repository(url, request, Web(url, self._repository()), sink)

    def _cluster_repo(self, request: ChartRequest, sink: ChartSink) -> FetchedChart:
        params = self._params
        if request.repo and request.repo.url and _has_url(request):
            web = Web(request.repo.url, self._repository())
            return fetch_from_cluster_repo_url(request, web, sink)
        if params["rancher_url"]:
            url, access = params["rancher_url"], self._access(token=params["rancher_token"])
            return fetch_from_rancher_api(url, request, Web(url, access), sink)
        raise RemediationError(
            "chart-not-found",
            f"ClusterRepo/{request.repo_name} "
            + ("is a git repository" if request.repo else "does not exist")
            + ": its charts cannot be downloaded directly.",
            "Give rancher_url and rancher_token, or another source.",
        )

    def _oci(self, request: ChartRequest, sink: ChartSink) -> FetchedChart:
        registry = Registry(self._repository(), plain_http=self._params["repository_plain_http"])
        return fetch_from_registry(self._params["repository"], request, registry, sink)

    def _access(self, **credentials: Any) -> HttpAccess:
        params = self._params
        return HttpAccess(
            ca_path=params["repository_ca_cert"],
            validate_certs=params["repository_validate_certs"],
            proxy=params["repository_proxy"],
            **credentials,
        )

    def _repository(self) -> HttpAccess:
        params = self._params
        return self._access(
            username=params["repository_username"], password=params["repository_password"]
        )


def _has_url(request: ChartRequest) -> bool:
    return bool(request.repo and request.repo.url and not _is_registry(request.repo.url))


def _is_registry(url: str) -> bool:
    return url.startswith("oci://")


def _request(params: dict[str, Any]) -> ChartRequest:
    return ChartRequest(
        chart=params["chart"],
        version=params["version"],
        repo_name=params["cluster_repo"],
        digest=params["digest"],
        app_version=params["app_version"],
    )


def _stored(context: ModuleContext, answer: CatalogAnswer) -> StoredChart:
    target = Path(context.params["dest"]) / answer.request.file_name
    present = already_stored(answer.request, target)
    if present is not None:
        return present
    fetchers = _Sources(context).fetchers(answer.request)

    def fetch(sink: ChartSink) -> FetchedChart:
        return fetch_first(answer.request, fetchers, sink)

    if not context.check_mode:
        return store(fetch, answer.request, target)
    with tempfile.TemporaryDirectory(dir=context.tmpdir) as directory:
        return store(fetch, answer.request, Path(directory) / target.name, compare_with=target)


def _fit(client: KubeClient, stored: StoredChart) -> KubernetesFit:
    try:
        server = str(client.server_version().get("gitVersion") or "") or None
    except RemediationError:
        server = None
    return kubernetes_fit(stored.archive, server)


def _warnings(stored: StoredChart, fit: KubernetesFit, answer: CatalogAnswer) -> Iterator[str]:
    if not stored.digest_verified:
        yield (
            f"{stored.origin} could not be compared with a digest: the index is {answer.state} "
            "and none was given. Name and version are right."
        )
    if fit.binding and fit.fits is False:
        yield (
            f"{stored.origin} is for Kubernetes {fit.wants}, the server is {fit.server}: helm will "
            "refuse it."
        )


def handle(context: ModuleContext) -> dict[str, Any]:
    """Consult the index, fetch, verify, store."""
    answer = consult_catalog(context.client(), _request(context.params))
    stored = _stored(context, answer)
    fit = _fit(context.client(), stored)
    for warning in _warnings(stored, fit, answer):
        context.warn(warning)
    return {
        **stored.to_dict(),
        "path": str(Path(context.params["dest"]) / answer.request.file_name),
        "kubernetes": fit.to_dict(),
        "index": {
            "state": answer.state,
            "reason": answer.reason,
            "lists_version": answer.request.entry is not None,
        },
    }


def main() -> NoReturn:
    """Run the module."""
    run_module(
        ARGUMENT_SPEC,
        handle,
        required_if=[
            ("source", "path", ["path"]),
            ("source", "helm_repo", ["repository"]),
            ("source", "oci", ["repository"]),
        ],
        required_together=[("repository_username", "repository_password")],
    )


if __name__ == "__main__":
    main()
