# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence: everything a diagnosis knows about a cluster, as one JSON document.

Every class below is an object of the document. Times are RFC 3339 UTC texts to the second, ages whole seconds before
`Evidence.collected_at`. None means unknown, or that what it describes does not exist: `Evidence.sources` tells which.
Lists are in a fixed order. Secrets are redacted (_core/redaction.py), so a file of it can be sent to others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .._core.errors import RemediationError
from .origin import Origin
from .shape import Json, Problems, read, write

SCHEMA = "harvester_ops.remediation/evidence/v1"

OK = "ok"
ABSENT = "absent"
FORBIDDEN = "forbidden"
ERROR = "error"

PARTIAL = "partial"
"""Of a release only the last revision is known: its Secrets were not among what was given."""

READABLE = (OK, ABSENT)
"""``absent`` is a fact about the cluster; ``forbidden`` and ``error`` are holes in what is known."""

#: What is read, in the order of the diagnosis (FM 6.0).
SOURCES = (
    "upgrade",
    "harvester_version",
    "job",
    "job_pods",
    "job_logs",
    "release_file",
    "releases",
    "settings",
    "features",
    "rancher_config",
    "rancher_deployment",
    "rancher_pods",
    "leader",
    "leader_log",
    "leader_environment",
    "cluster_repos",
    "chart_index",
    "bundled_charts",
    "operations",
    "helm_pods",
    "managed_charts",
    "bundles",
    "fleet_cluster",
    "fleet_config",
    "fleet_agent",
    "fleet_agentmanagement_log",
    "fleet_crd",
    "fleet_workloads",
    "pods",
    "capi_pods",
    "webhook_configurations",
    "webhook_certificate",
    "secrets",
    "nodes",
    "priority_classes",
    "capi_cluster",
    "machines",
    "management_cluster",
    "provisioning_cluster",
    "plans",
    "upgrade_repo",
    "services",
)


@dataclass(frozen=True)
class Source:
    """Whether a source could be read: `ok`, `absent` (it does not exist), `forbidden` or `error`, and why."""

    state: str = ERROR
    reason: str = ""


@dataclass(frozen=True)
class Cluster:
    uid: str | None = None
    server: str | None = None
    kubernetes_version: str | None = None


@dataclass(frozen=True)
class Options:
    """What the operator chose. `expected_versions` (chart -> version) wins over what the job says."""

    stale_after_seconds: int | None = None
    expected_versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Condition:
    type: str | None = None
    status: str | None = None
    reason: str | None = None
    message: str | None = None
    last_update_time: str | None = None


@dataclass(frozen=True)
class Upgrade:
    """The latest Upgrade (FM 1.1). `latest_names` are all that claim to be; more than one is a finding. `kind` is
    ``UpgradePlan`` for an upgrade of the second kind, which is told in the words of the first."""

    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    created_at: str | None = None
    version: str | None = None
    image: str | None = None
    state: str | None = None
    previous_version: str | None = None
    conditions: tuple[Condition, ...] = ()
    latest_names: tuple[str, ...] = ()
    target_rancher_version: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class EarlierUpgrade:
    """An Upgrade that is not marked as the latest. `cleanup` is `Pending` while Harvester tidies up after it."""

    name: str | None = None
    state: str | None = None
    cleanup: str | None = None


@dataclass(frozen=True)
class Job:
    """The manifest job ``<upgrade>-apply-manifests`` (FM 1.4)."""

    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    created_at: str | None = None
    active: int | None = None
    failed: int | None = None
    succeeded: int | None = None
    conditions: tuple[Condition, ...] = ()
    backoff_limit: int | None = None


@dataclass(frozen=True)
class JobLog:
    """The log of one attempt. `events` are its telling lines in order (_harvester/job_log.py), equal ones folded.

    `last_line` is its last line, `last_line_since` the time from which nothing but lines that tell nothing were printed,
    `last_line_known` whether any release is known to print it."""

    state: str | None = None
    reason: str | None = None
    truncated: bool | None = None
    tail: tuple[str, ...] = ()
    release_file: Json = None
    events: tuple[Json, ...] = ()
    last_line: str | None = None
    last_line_since: str | None = None
    last_line_known: bool | None = None


@dataclass(frozen=True)
class JobPod:
    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    phase: str | None = None
    created_at: str | None = None
    finished_at: str | None = None
    exit_code: int | None = None
    reason: str | None = None
    node: str | None = None
    log: JobLog | None = None


@dataclass(frozen=True)
class ChartVersions:
    chart: str | None = None
    app: str | None = None


@dataclass(frozen=True)
class ReleaseFile:
    """harvester-release.yaml of the target (FM 1.6); `source` is job-log, repo-info or option."""

    source: str | None = None
    harvester: str | None = None
    rancher: str | None = None
    kubernetes: str | None = None
    min_upgradable_version: str | None = None
    rancher_dependencies: Mapping[str, ChartVersions] = field(default_factory=dict)


@dataclass(frozen=True)
class Revision:
    """A stored revision of a Helm release. Undecoded ones have only what the Secret's metadata says.

    `half_applied` is of a pending one on top: the fields and objects that its manifest has and that of the revision below
    the lock has not, by name only. None: not compared.
    """

    revision: int | None = None
    release: str | None = None
    namespace: str | None = None
    status: str | None = None
    label_status: str | None = None
    chart_name: str | None = None
    chart_version: str | None = None
    app_version: str | None = None
    description: str | None = None
    first_deployed: str | None = None
    last_deployed: str | None = None
    created_at: str | None = None
    age_seconds: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    secret_name: str | None = None
    secret_uid: str | None = None
    secret_resource_version: str | None = None
    decoded: bool | None = None
    error: str | None = None
    apply_method: str | None = None
    config: Json = None
    half_applied: tuple[str, ...] | None = None


@dataclass(frozen=True)
class LeftField:
    """A field of a live object that helm owns and that the release's manifest does not have. `value` is the start of it,
    redacted; `revision` the newest one known that has set it."""

    object: str | None = None
    field: str | None = None
    value: str | None = None
    revision: int | None = None


@dataclass(frozen=True)
class CrossCheck:
    """What `source` (``Kind/namespace/name``) says of a release that was not read from helm's storage, and whether that
    agrees (vocabulary.Agreement)."""

    source: str | None = None
    at: str | None = None
    says: str | None = None
    result: str | None = None


@dataclass(frozen=True)
class Release:
    """A release in scope, revisions newest first. `config` are the redacted user values of the last one. `leftovers` is
    None where they were not looked for.

    `read` is the state of a source, or ``partial``; `origin` names what stands in for helm's storage then, and `checks`
    what it was held against.
    """

    release: str | None = None
    namespace: str | None = None
    dependency: str | None = None
    read: str | None = None
    reason: str | None = None
    revisions: tuple[Revision, ...] = ()
    config: Json = None
    elsewhere: tuple[str, ...] = ()
    origin: str | None = None
    leftovers: tuple[LeftField, ...] | None = None
    checks: tuple[CrossCheck, ...] = ()

    @property
    def last_known(self) -> bool:
        """Whether it is known what the last revision is, or that there is none."""
        return self.read in (*READABLE, PARTIAL)

    @property
    def history_known(self) -> bool:
        """Whether all revisions are known."""
        return self.read in READABLE


@dataclass(frozen=True)
class Setting:
    """A Rancher Setting. Of contents that are secret only `present`, `sha256` and a redacted value are kept.

    `effective` is what Rancher reads, as far as is known: its own `environment`, else the value, else the default.
    `doubt` says why that may be something else; `overruled`: a change of the value has no effect on Rancher.
    """

    value: str | None = None
    default: str | None = None
    source: str | None = None
    effective: str | None = None
    present: bool | None = None
    sha256: str | None = None
    environment: str | None = None
    doubt: str | None = None
    overruled: bool | None = None


@dataclass(frozen=True)
class RancherConfig:
    """ConfigMap rancher-config (FM 2.3): chart -> YAML text, redacted; `errors` names what is no mapping.

    Only `priority_class_name` comes from another ConfigMap when the Setting config-map-name names one
    (`priority_class_map`).
    """

    name: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    priority_class_name: str | None = None
    charts: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    priority_class_map: str | None = None


@dataclass(frozen=True)
class RancherPod:
    name: str | None = None
    phase: str | None = None
    ready: bool | None = None
    image: str | None = None
    image_id: str | None = None
    node: str | None = None
    created_at: str | None = None
    waiting_reason: str | None = None
    restarts: int | None = None


@dataclass(frozen=True)
class Rancher:
    """Rancher itself. `version` is the Setting server-version; `node_images`: node -> digests of its image.

    `env` is what the Deployment sets; `process_env` what of interest the leader's process has, None when it was not read.
    """

    version: str | None = None
    image: str | None = None
    image_tag: str | None = None
    replicas: int | None = None
    ready: int | None = None
    updated: int | None = None
    generation_observed: bool | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    pods: tuple[RancherPod, ...] = ()
    leader: str | None = None
    node_images: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    process_env: Mapping[str, str] | None = None


@dataclass(frozen=True)
class LeaderLog:
    """The telling lines of the log of Rancher's leader (FM 8.2); `start` and `end` are its first and last time."""

    pod: str | None = None
    start: str | None = None
    end: str | None = None
    matches: tuple[Json, ...] = ()


@dataclass(frozen=True)
class ClusterRepo:
    """A catalog ClusterRepo (FM 3.1)."""

    name: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    generation: int | None = None
    git_repo: str | None = None
    git_branch: str | None = None
    url: str | None = None
    force_update: str | None = None
    observed_generation: int | None = None
    index_config_map: str | None = None
    index_namespace: str | None = None
    download_time: str | None = None
    commit: str | None = None
    conditions: tuple[Condition, ...] = ()
    deleted: bool | None = None


@dataclass(frozen=True)
class IndexConfigMap:
    namespace: str | None = None
    name: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    owner_uid: str | None = None
    size: int | None = None


@dataclass(frozen=True)
class IndexEntry:
    version: str | None = None
    app_version: str | None = None
    digest: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class ChartIndex:
    """The index of ClusterRepo rancher-charts (FM 3.3): `ok`, `absent`, `corrupt`, `foreign-owner`, `forbidden`, `error`.

    `charts` has the dependencies only, versions in index order.
    """

    state: str | None = None
    reason: str | None = None
    config_maps: tuple[IndexConfigMap, ...] = ()
    generated: str | None = None
    charts: Mapping[str, tuple[IndexEntry, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """A Helm operation of Rancher (FM 2.4)."""

    name: str | None = None
    namespace: str | None = None
    release: str | None = None
    release_namespace: str | None = None
    action: str | None = None
    pod: str | None = None
    created_at: str | None = None
    finished: bool | None = None
    failed: bool | None = None
    message: str | None = None


@dataclass(frozen=True)
class HelmPod:
    """A helm-operation pod; `log_kinds` names what its log proves (_helm/failure.py)."""

    name: str | None = None
    uid: str | None = None
    phase: str | None = None
    created_at: str | None = None
    age_seconds: int | None = None
    release: str | None = None
    release_namespace: str | None = None
    exit_code: int | None = None
    image: str | None = None
    waiting_reason: str | None = None
    log_lines: tuple[str, ...] = ()
    log_kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class HelmActor:
    """Something that runs helm now; `release` None when it cannot be told on what."""

    kind: str | None = None
    namespace: str | None = None
    name: str | None = None
    release: str | None = None
    release_namespace: str | None = None
    since: str | None = None

    @property
    def subject(self) -> str:
        """The actor as messages name objects."""
        return f"{self.kind}/{self.namespace}/{self.name}"


@dataclass(frozen=True)
class ManagedChart:
    name: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    paused: bool | None = None
    ready: bool | None = None
    summary: Json = None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Bundle:
    """A Fleet Bundle; `state` is the worst its deployments are in, `message` what Fleet says about it."""

    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    release: str | None = None
    default_namespace: str | None = None
    force_sync_generation: int | None = None
    state: str | None = None
    message: str | None = None
    summary: Json = None
    values_secret_missing: bool | None = None


@dataclass(frozen=True)
class FleetCluster:
    """Cluster fleet-local/local (FM 5.4)."""

    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    redeploy_agent_generation: int | None = None
    agent_deployed_generation: int | None = None
    conditions: tuple[Condition, ...] = ()
    summary: Json = None


@dataclass(frozen=True)
class FleetConfig:
    """ConfigMap cattle-fleet-system/fleet-controller (FM 5.3)."""

    uid: str | None = None
    resource_version: str | None = None
    parsed: bool | None = None
    format: str | None = None
    api_server_url: str | None = None
    api_server_ca_present: bool | None = None
    agent_tls_mode_present: bool | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class AgentWorkload:
    kind: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    created_at: str | None = None
    replicas: int | None = None
    ready: int | None = None
    image: str | None = None


@dataclass(frozen=True)
class AgentPod:
    name: str | None = None
    created_at: str | None = None
    ready: bool | None = None


@dataclass(frozen=True)
class FleetAgent:
    kinds: tuple[AgentWorkload, ...] = ()
    pods: tuple[AgentPod, ...] = ()


@dataclass(frozen=True)
class Workload:
    kind: str | None = None
    name: str | None = None
    namespace: str | None = None
    image_tags: Mapping[str, str] = field(default_factory=dict)
    replicas: int | None = None
    ready: int | None = None
    updated: int | None = None
    generation_observed: bool | None = None


FAILED_CREATE = "FailedCreate"
"""The reason of a Deployment's condition ReplicaFailure while the API server refuses its pods."""


@dataclass(frozen=True)
class PodTrouble:
    """A pod that does not start, is not ready or keeps crashing, and why, in the words of the API.

    One without a name is a pod that could not be made: its Deployment says so, with `reason` FailedCreate and the API
    server's refusal as `waiting_message`.
    `owner` is the workload or Job that made it, `hook` the helm hook it is. `container` is the one at fault, with how it
    ended last; `last_words` are the telling lines of the run that ended, `log_unread` says why there are none.
    """

    name: str | None = None
    namespace: str | None = None
    owner_kind: str | None = None
    owner: str | None = None
    phase: str | None = None
    ready: bool | None = None
    created_at: str | None = None
    age_seconds: int | None = None
    node: str | None = None
    image: str | None = None
    hook: str | None = None
    unschedulable: str | None = None
    reason: str | None = None
    container: str | None = None
    init: bool | None = None
    waiting_reason: str | None = None
    waiting_message: str | None = None
    restarts: int | None = None
    exit_code: int | None = None
    ended_reason: str | None = None
    ended_at: str | None = None
    last_words: tuple[str, ...] = ()
    log_unread: str | None = None


@dataclass(frozen=True)
class AgentManagementLog:
    matches: tuple[Json, ...] = ()


@dataclass(frozen=True)
class FleetCrd:
    """CustomResourceDefinition clusters.fleet.cattle.io: does its status know agentTLSMode (FM 6.29)."""

    present: bool | None = None
    agent_tls_mode: bool | None = None


@dataclass(frozen=True)
class KubeconfigSecret:
    """`cluster_name`: its label cluster.x-k8s.io/cluster-name, by which Cluster API finds it."""

    present: bool | None = None
    has_api_server_url: bool | None = None
    cluster_name: str | None = None


@dataclass(frozen=True)
class Fleet:
    cluster: FleetCluster | None = None
    config: FleetConfig | None = None
    agent: FleetAgent | None = None
    controller_pod_created_at: str | None = None
    deployments: tuple[Workload, ...] = ()
    agentmanagement_log: AgentManagementLog | None = None
    crd: FleetCrd | None = None
    kubeconfig_secret: KubeconfigSecret | None = None


@dataclass(frozen=True)
class Webhook:
    """`bundle` is the fingerprint of its caBundle, `trusted_until` when the last certificate in it expires. `signed`:
    whether one of them has signed what Rancher's webhook serves with; null for other webhooks."""

    name: str | None = None
    service: str | None = None
    service_exists: bool | None = None
    ready_endpoints: bool | None = None
    bundle: str | None = None
    trusted_until: str | None = None
    signed: bool | None = None


@dataclass(frozen=True)
class WebhookConfiguration:
    kind: str | None = None
    name: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    webhooks: tuple[Webhook, ...] = ()


@dataclass(frozen=True)
class ServingCertificate:
    """The certificate in Secret cattle-system/cattle-webhook-tls, never its key; `error` says why it is unreadable."""

    present: bool | None = None
    created_at: str | None = None
    not_before: str | None = None
    not_after: str | None = None
    subject: str | None = None
    issuer: str | None = None
    names: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class Secret:
    """That a Secret exists, and its type: its content is never asked for."""

    namespace: str | None = None
    name: str | None = None
    present: bool | None = None
    type: str | None = None


@dataclass(frozen=True)
class Taint:
    key: str | None = None
    value: str | None = None
    effect: str | None = None


@dataclass(frozen=True)
class Node:
    name: str | None = None
    ready: bool | None = None
    unschedulable: bool | None = None
    control_plane: bool | None = None
    witness: bool | None = None
    taints: tuple[Taint, ...] = ()


@dataclass(frozen=True)
class CapiCluster:
    """Cluster fleet-local/local of Cluster API; `conditions` are those that are not True."""

    phase: str | None = None
    generation: int | None = None
    observed_generation: int | None = None
    paused: bool | None = None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Machine:
    """A Machine of Cluster API in fleet-local, and the node it has become."""

    name: str | None = None
    phase: str | None = None
    node: str | None = None
    deleting: bool | None = None


@dataclass(frozen=True)
class ManagementCluster:
    """Cluster local of Rancher (management.cattle.io); `administrated` is its annotation of that name."""

    administrated: str | None = None


@dataclass(frozen=True)
class ProvisioningCluster:
    uid: str | None = None
    resource_version: str | None = None
    fleet_workspace_name: str | None = None
    management_cluster_label: str | None = None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Plan:
    """A system-upgrade-controller Plan; `missing_nodes` of the `selected` nodes have not carried it out yet."""

    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    complete: bool | None = None
    applying: tuple[str, ...] = ()
    created_at: str | None = None
    missing_nodes: tuple[str, ...] = ()
    selected: int | None = None
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True)
class UpgradeRepo:
    kind: str | None = None
    name: str | None = None
    ready: bool | None = None
    status: str | None = None


@dataclass(frozen=True)
class Services:
    """`ingress`: the Services of Harvester's ingress that exist in kube-system; null when that was not looked at."""

    rancher_cluster_ip: str | None = None
    ingress: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Evidence:
    """The whole document. `wait` is what holds the job now, with the fields of its log event. `harvester_version` is
    the version that is installed, whatever an upgrade is about to make of it."""

    schema: str = SCHEMA
    collected_at: str | None = None
    collection_version: str | None = None
    cluster: Cluster | None = None
    options: Options | None = None
    api_requests: int | None = None
    problems: tuple[str, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    upgrade: Upgrade | None = None
    earlier_upgrades: tuple[EarlierUpgrade, ...] | None = None
    harvester_version: str | None = None
    job: Job | None = None
    job_pods: tuple[JobPod, ...] = ()
    wait: Json = None
    release_file: ReleaseFile | None = None
    releases: tuple[Release, ...] = ()
    settings: Mapping[str, Setting] | None = None
    features: Mapping[str, bool] | None = None
    rancher_config: RancherConfig | None = None
    rancher: Rancher | None = None
    leader_log: LeaderLog | None = None
    cluster_repos: Mapping[str, ClusterRepo | None] | None = None
    chart_index: ChartIndex | None = None
    bundled_head: str | None = None
    operations: tuple[Operation, ...] | None = None
    helm_pods: tuple[HelmPod, ...] | None = None
    helm_jobs: tuple[HelmActor, ...] | None = None
    managed_charts: tuple[ManagedChart, ...] | None = None
    bundles: tuple[Bundle, ...] | None = None
    fleet: Fleet | None = None
    pod_troubles: tuple[PodTrouble, ...] | None = None
    awaited_workload: Workload | None = None
    webhook_configurations: tuple[WebhookConfiguration, ...] | None = None
    webhook_certificate: ServingCertificate | None = None
    secrets: tuple[Secret, ...] | None = None
    nodes: tuple[Node, ...] | None = None
    priority_classes: tuple[str, ...] | None = None
    capi_cluster: CapiCluster | None = None
    machines: tuple[Machine, ...] | None = None
    management_cluster: ManagementCluster | None = None
    provisioning_cluster: ProvisioningCluster | None = None
    plans: tuple[Plan, ...] | None = None
    upgrade_repo: UpgradeRepo | None = None
    services: Services | None = None
    origins: tuple[Origin, ...] = ()

    def readable(self, *names: str) -> bool:
        """Whether every one of these sources was read, be it as absent."""
        return all(name in self.sources and self.sources[name].state in READABLE for name in names)

    def release(self, namespace: str, name: str) -> Release:
        """The release of this name; one of which nothing is known when it was not collected."""
        for release in self.releases:
            if (release.namespace, release.release) == (namespace, name):
                return release
        return Release(release=name, namespace=namespace)

    def setting(self, name: str) -> Setting:
        """The Rancher Setting of this name; an empty one when it does not exist or was not read."""
        return (self.settings or {}).get(name) or Setting()

    def cluster_repo(self, name: str = "rancher-charts") -> ClusterRepo | None:
        """A ClusterRepo that is not being deleted; None when it does not exist or was not read."""
        repo = (self.cluster_repos or {}).get(name)
        return None if repo is None or repo.deleted else repo

    @property
    def log_events(self) -> tuple[Json, ...]:
        """The telling lines in the log of the newest pod of the job, in order."""
        log = self.job_pods[0].log if self.job_pods else None
        return log.events if log else ()

    def to_dict(self) -> dict[str, Any]:
        """The evidence as a JSON document."""
        document: dict[str, Any] = write(self)
        return document

    @classmethod
    def from_dict(cls, document: object) -> Evidence:
        """The evidence of a document. Never raises: what is wrong with it is null and noted in `problems`."""
        problems = Problems()
        evidence = read(cls, document, problems) or cls()
        known = set(evidence.problems)
        new = tuple(line for line in problems.lines if line not in known)
        return replace(evidence, schema=SCHEMA, problems=(*evidence.problems, *new))


def check_schema(document: object) -> None:
    """Raise `evidence-invalid` when a document is no evidence, or of a version this collection does not know."""
    schema = document.get("schema") if isinstance(document, Mapping) else None
    if schema != SCHEMA:
        found = f"its schema is {str(schema)[:100]!r}" if schema is not None else "it has no schema"
        raise RemediationError(
            "evidence-invalid",
            f"This is no evidence document: {found}, not {SCHEMA!r}.",
            "Give the evidence.json that a diagnosis wrote, whole and unchanged.",
        )
