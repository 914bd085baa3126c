# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleet: the local cluster, its configuration, agent, controllers and their log (FM 5, 6.0 D.10)."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import Any

from ..._core.lenient import Document, dig, integer, mapping, mappings, text
from ..._documents.evidence import (
    ABSENT,
    OK,
    AgentManagementLog,
    AgentPod,
    AgentWorkload,
    Fleet,
    FleetAgent,
    FleetCluster,
    FleetConfig,
    FleetCrd,
    KubeconfigSecret,
    Source,
    Workload,
)
from ..._kube import paths
from ..._kube.log_lines import Pattern, find_events, parse_lines
from ..._kube.reader import Reader
from .cluster_objects import KUBECONFIG
from .leader_process import DEPLOYMENTS
from .log_across_restart import log_across_restart
from .objects import (
    conditions_of,
    created_at,
    identity,
    image_tag,
    label,
    name_of,
    namespace_of,
    newest_first,
    pod_is_ready,
    replica_counts,
)
from .reading import Context, Found, Group, Parts, Reads

SYSTEM_NAMESPACE = "cattle-fleet-system"
AGENT_NAMESPACE = "cattle-fleet-local-system"
CLUSTER_NAMESPACE = "fleet-local"

CLUSTER = "fleet_cluster"
CONFIG = "fleet_config"
CRD = "fleet_crd"
SYSTEM_DEPLOYMENTS = "deployments:cattle-fleet-system"
SYSTEM_PODS = "pods:cattle-fleet-system"
AGENT_DEPLOYMENT = "fleet_agent_deployment"
AGENT_STATEFULSET = "fleet_agent_statefulset"
AGENT_PODS = "pods:cattle-fleet-local-system"

_API = "fleet.cattle.io/v1alpha1"
_AGENT = "fleet-agent"
_WORKLOADS = ("fleet-controller", "gitjob", "helmops")
_LOG_CONTAINER = "fleet-agentmanagement"
_LOG_LINES = 2000
_LOG_PATTERNS = tuple(
    Pattern(kind, re.compile(expression))
    for kind, expression in (
        ("missing-api-server-url", r"missing apiServerURL in fleet config for cluster auto registration"),
        ("config-changed", r"API server config changed, trigger cluster import"),
        ("old-agent-deleted", r"Deleted old agent for cluster"),
        ("agent-deployed", r"Cluster import for '(?P<cluster>[^']+)'\. Deployed new agent"),
        ("secret-not-found", r"looking up secret (?P<missing>\S+): .*not found"),
        ("unauthorized", r"\bUnauthorized\b"),
        ("certificate", r"x509: (?P<detail>[^\"]{1,200})"),
    )
)  # fmt: skip


def _controller_pods(found: Found) -> list[Document]:
    """Ready pods of fleet-controller in the order in which the API lists them: the script takes the first."""
    return [
        pod
        for pod in found.objects(SYSTEM_PODS)
        if dig(pod, "metadata", "labels", "app") == "fleet-controller" and pod_is_ready(pod)
    ]


def _log_name(pod: Document) -> str:
    return f"agentmanagement_log:{name_of(pod)}"


def _reads(_context: Context, found: Found) -> Reads:
    def read_log(pod: Document, client: Reader) -> str:
        return log_across_restart(client, pod, _LOG_CONTAINER, _LOG_LINES)

    def get(path: str, client: Reader) -> Any:
        return client.get(path)

    def listing(path: str, client: Reader) -> Any:
        return client.list(path)

    core, api = paths.core, paths.api
    crd = api(
        "apiextensions.k8s.io/v1", "customresourcedefinitions", None, "clusters.fleet.cattle.io"
    )
    reads: Reads = {
        CLUSTER: partial(get, api(_API, "clusters", CLUSTER_NAMESPACE, "local")),
        CONFIG: partial(get, core("v1", "configmaps", SYSTEM_NAMESPACE, "fleet-controller")),
        CRD: partial(get, crd),
        SYSTEM_DEPLOYMENTS: partial(listing, api("apps/v1", "deployments", SYSTEM_NAMESPACE)),
        SYSTEM_PODS: partial(listing, core("v1", "pods", SYSTEM_NAMESPACE)),
        AGENT_DEPLOYMENT: partial(get, api("apps/v1", "deployments", AGENT_NAMESPACE, _AGENT)),
        AGENT_STATEFULSET: partial(get, api("apps/v1", "statefulsets", AGENT_NAMESPACE, _AGENT)),
        AGENT_PODS: partial(listing, core("v1", "pods", AGENT_NAMESPACE)),
    }  # fmt: skip
    for pod in _controller_pods(found)[:1]:
        reads[_log_name(pod)] = partial(read_log, pod)
    return reads


def _parts(context: Context, found: Found) -> Parts:
    controllers = _controller_pods(found)
    log_read = _log_name(controllers[0]) if controllers else ""
    log = found.value(log_read)
    fleet = Fleet(
        cluster=_cluster(found.object(CLUSTER)) if found.ok(CLUSTER) else None,
        config=_config(found.object(CONFIG)) if found.ok(CONFIG) else None,
        agent=_agent(found),
        controller_pod_created_at=created_at(controllers[0]) if controllers else None,
        deployments=_workloads(found),
        agentmanagement_log=_log(context, log) if isinstance(log, str) else None,
        crd=_crd(found),
        kubeconfig_secret=_kubeconfig(found),
    )
    no_pod = Source(ABSENT, "No pod of fleet-controller is ready.")
    return Parts(
        {"fleet": fleet},
        {
            "fleet_cluster": found.source(CLUSTER),
            "fleet_config": found.source(CONFIG),
            "fleet_agent": found.source(AGENT_DEPLOYMENT, AGENT_STATEFULSET, AGENT_PODS),
            "fleet_agentmanagement_log": found.source(log_read) if controllers else _or(found, no_pod),
            "fleet_crd": found.source(CRD),
            "fleet_workloads": found.source(SYSTEM_DEPLOYMENTS),
        },
    )  # fmt: skip


def _or(found: Found, absent: Source) -> Source:
    return absent if found.ok(SYSTEM_PODS) else found.source(SYSTEM_PODS)


def _cluster(obj: Document) -> FleetCluster:
    status = mapping(obj.get("status"))
    summary = {
        key: value
        for key, value in mapping(status.get("summary")).items()
        if integer(value) is not None
    }
    return FleetCluster(
        name=name_of(obj),
        namespace=namespace_of(obj),
        **identity(obj),
        redeploy_agent_generation=integer(dig(obj, "spec", "redeployAgentGeneration")),
        agent_deployed_generation=integer(status.get("agentDeployedGeneration")),
        conditions=conditions_of(status),
        summary=summary or None,
    )


def _config(obj: Document) -> FleetConfig:
    content = text(dig(obj, "data", "config")) or ""
    config, layout = _parse(content)
    return FleetConfig(
        **identity(obj),
        parsed=config is not None,
        format=layout,
        api_server_url=None if config is None else text(config.get("apiServerURL")) or "",
        api_server_ca_present=None if config is None else bool(text(config.get("apiServerCA"))),
        agent_tls_mode_present=None if config is None else "agentTLSMode" in config,
        keys=tuple(sorted(config or {})),
    )


def _parse(content: str) -> tuple[Document | None, str | None]:
    """Fleet's chart writes JSON; Harvester rewrites it as YAML (FM 5.3)."""
    try:
        document = json.loads(content)
        layout = "json"
    except ValueError:
        import yaml

        try:
            document, layout = yaml.safe_load(content), "yaml"
        except (yaml.YAMLError, RecursionError):
            return None, None
    return (mapping(document), layout) if isinstance(document, dict) else (None, None)


def _agent(found: Found) -> FleetAgent:
    kinds = [
        _agent_workload(kind, found.object(name))
        for kind, name in (("Deployment", AGENT_DEPLOYMENT), ("StatefulSet", AGENT_STATEFULSET))
        if found.ok(name)
    ]
    pods = [
        AgentPod(name=name_of(pod), created_at=created_at(pod), ready=pod_is_ready(pod))
        for pod in newest_first(found.objects(AGENT_PODS))
        if dig(pod, "metadata", "labels", "app") == _AGENT
    ]
    return FleetAgent(tuple(kinds), tuple(pods))


def _agent_workload(kind: str, obj: Document) -> AgentWorkload:
    containers = mappings(dig(obj, "spec", "template", "spec", "containers"))
    counts = replica_counts(obj)
    return AgentWorkload(
        kind=kind,
        **identity(obj),
        created_at=created_at(obj),
        replicas=counts["replicas"],
        ready=counts["ready"],
        image=text(containers[0].get("image")) if containers else None,
    )


def _workloads(found: Found) -> tuple[Workload, ...]:
    deployments = [
        each for each in found.objects(SYSTEM_DEPLOYMENTS) if name_of(each) in _WORKLOADS
    ]
    webhook = [each for each in found.objects(DEPLOYMENTS) if name_of(each) == "rancher-webhook"]
    return tuple(_workload(each) for each in sorted(deployments, key=name_of) + webhook)


def _workload(obj: Document) -> Workload:
    containers = mappings(dig(obj, "spec", "template", "spec", "containers"))
    tags = {text(each.get("name")): image_tag(text(each.get("image"))) for each in containers}
    return Workload(
        name=name_of(obj),
        namespace=namespace_of(obj),
        image_tags={name: tag for name, tag in tags.items() if name and tag},
        **replica_counts(obj),  # type: ignore[arg-type]
    )


def _log(context: Context, log: str) -> AgentManagementLog:
    matches = find_events(parse_lines(log), _LOG_PATTERNS, everywhere=True, limit=100)
    return AgentManagementLog(tuple(context.redactor.value(match) for match in matches))


def _crd(found: Found) -> FleetCrd | None:
    if not found.ok(CRD):
        absent = found.reading(CRD).state == ABSENT
        return FleetCrd(present=False, agent_tls_mode=False) if absent else None
    versions = mappings(dig(found.object(CRD), "spec", "versions"))
    known = [
        "agentTLSMode"
        in mapping(dig(each, "schema", "openAPIV3Schema", "properties", "status", "properties"))
        for each in versions
    ]
    return FleetCrd(present=True, agent_tls_mode=any(known))


def _kubeconfig(found: Found) -> KubeconfigSecret | None:
    """Of this Secret only which keys it has, and a label, is looked at (FM 5.4)."""
    reading = found.reading(KUBECONFIG)
    if reading.state not in (OK, ABSENT):
        return None
    keys = mapping(dig(reading.value, "data"))
    return KubeconfigSecret(
        present=reading.state == OK,
        has_api_server_url=bool(keys.get("apiServerURL")),
        cluster_name=(
            label(reading.value, "cluster.x-k8s.io/cluster-name") or ""
            if reading.state == OK
            else None
        ),
    )


GROUP = Group(
    (
        "fleet_cluster",
        "fleet_config",
        "fleet_agent",
        "fleet_agentmanagement_log",
        "fleet_crd",
        "fleet_workloads",
    ),
    _reads,
    _parts,
)
