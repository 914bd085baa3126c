# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be shown of the cluster's objects: charts and Bundles, webhooks, workloads, Fleet, Plans and nodes."""

from __future__ import annotations

from collections.abc import Iterator

from .._core.lenient import dig, integer
from .._documents.evidence import (
    OK,
    Bundle,
    Evidence,
    ManagedChart,
    Node,
    ProvisioningCluster,
    Source,
    Webhook,
    WebhookConfiguration,
    Workload,
)
from .facts.bundles import chart_is_ready
from .facts.document import Facts
from .facts.locks import lock_of
from .facts.plans import PlanState
from .facts.upgrade import NONE
from .facts.webhooks import RancherWebhook
from .looked import Looked, Seen, looked_at, not_known

_NEEDED_WORKLOADS = ("fleet-controller", "rancher-webhook")
_PROVISIONED = ("Provisioned", "Updated", "Ready")


def managed_charts(facts: Facts) -> Looked:
    """Ready as Harvester's own webhook asks for it, and by Fleet's count."""
    evidence = facts.evidence
    if evidence.managed_charts is None:
        return not_known("the ManagedCharts could not be seen")
    return looked_at(map(_managed_chart, evidence.managed_charts), "ManagedChart")


def _managed_chart(chart: ManagedChart) -> Seen:
    name = f"ManagedChart/fleet-local/{chart.name or '?'}"
    if not chart_is_ready(chart):
        return Seen(name, wrong="is not ready")
    return Seen(name, open="does not say whether it is ready" if chart.ready is None else "")


def bundles(facts: Facts) -> Looked:
    """Ready, and the release of each free."""
    evidence = facts.evidence
    if evidence.bundles is None:
        return not_known("the Bundles could not be seen")
    return looked_at((_bundle(evidence, each) for each in evidence.bundles), "Bundle")


def _bundle(evidence: Evidence, bundle: Bundle) -> Seen:
    name = f"Bundle/{bundle.namespace or 'fleet-local'}/{bundle.name or '?'}"
    release, namespace = bundle.release or "", bundle.default_namespace or ""
    lock = lock_of(evidence, evidence.release(namespace, release), None)
    locked = f"its release {namespace}/{release} is {lock.status}" if lock.locked else ""
    ready, wanted = (integer(dig(bundle.summary, key)) for key in ("ready", "desiredReady"))
    said = f": {bundle.message[:200]}" if bundle.message else ""
    if bundle.state and bundle.state != "Ready":
        return Seen(name, wrong=f"is {bundle.state}{said}{f'; {locked}' if locked else ''}")
    if wanted is not None and (ready or 0) < wanted:
        return Seen(name, wrong=f"is ready in {ready or 0} of {wanted} places{said}")
    if locked:
        return Seen(name, wrong=f"is not done: {locked}")
    return Seen(name, open="" if bundle.state else "has no state yet")


def webhooks(facts: Facts) -> Looked:
    """Somebody ready behind every webhook, whom the API server trusts, and no call that failed of late."""
    evidence = facts.evidence
    if evidence.webhook_configurations is None:
        return not_known("the webhook configurations could not be seen")
    seen = [
        _webhook(configuration, webhook)
        for configuration in evidence.webhook_configurations
        for webhook in configuration.webhooks
    ]
    own = facts.webhooks.rancher_webhook
    # Where no configuration names it nobody calls it, and nobody has to trust it.
    if own.present or own.unreachable or own.trusted is False:
        seen.append(_rancher_webhook(evidence, own))
    if seen:
        unread = "" if evidence.leader_log else "could not be seen, and it reports calls that fail"
        seen.append(Seen("The log of Rancher's leader", open=unread))
    for each in facts.webhooks.other_webhooks:
        seen.append(Seen(f"Service/{each.service}", wrong=f"fails calls: {each.problem}"))
    return looked_at(seen, "webhook", reason="no webhook configuration exists")


def _rancher_webhook(evidence: Evidence, state: RancherWebhook) -> Seen:
    """Whether the calls of Rancher's webhook go through, its certificate included."""
    name = "Service/cattle-system/rancher-webhook"
    if state.unreachable is True:
        return Seen(name, wrong=f"does not answer: {state.problem or 'nothing is ready behind it'}")
    if state.trusted is False:
        return Seen(name, wrong=f"is not trusted: {state.why or 'calls are refused'}")
    if state.trusted is True:
        return Seen(name)
    source = evidence.sources.get("webhook_certificate", Source())
    looked = source.state == OK and evidence.webhook_certificate is None and not state.undecided
    why = state.undecided or source.reason or "its certificate was not looked at"
    return Seen(name, open="" if looked else f"may or may not be trusted: {why}")


def _webhook(configuration: WebhookConfiguration, webhook: Webhook) -> Seen:
    name = f"{configuration.kind or 'WebhookConfiguration'}/{configuration.name or '?'}"
    if webhook.service is None:
        return Seen(name)
    if webhook.service_exists is False:
        return Seen(name, wrong=f"points to Service {webhook.service}, which does not exist")
    if webhook.ready_endpoints is False:
        return Seen(name, wrong=f"points to Service {webhook.service}, which has no ready endpoint")
    known = webhook.service_exists and webhook.ready_endpoints
    return Seen(
        name, open="" if known else f"points to Service {webhook.service}, of which little is known"
    )


def workloads(facts: Facts) -> Looked:
    """Rancher, Fleet's controllers, the webhook and the agent, and what else of Rancher's does not start."""
    evidence = facts.evidence
    seen = [*_rancher(facts), *_deployments(evidence), *_agent(evidence)]
    told = {each.object for each in seen if each.wrong}
    troubled = (each for each in _in_trouble(facts) if each.object not in told)
    return looked_at([*seen, *troubled], "workload")


def _in_trouble(facts: Facts) -> Iterator[Seen]:
    for each in facts.pod_troubles:
        rancher = (each.namespace, each.name) == ("cattle-system", "rancher")
        waits = rancher and facts.rancher_state.waits_for_node
        if (each.component or rancher) and each.lasting and not waits:
            name = f"{each.kind}/{each.namespace}/{each.name}"
            yield Seen(name, wrong=f"is in trouble: {each.why}")


def _rancher(facts: Facts) -> Iterator[Seen]:
    name = "Deployment/cattle-system/rancher"
    rancher, status = facts.evidence.rancher, facts.rancher_state.release.status
    if rancher is None or rancher.replicas is None or rancher.ready is None:
        yield Seen(name, open="could not be seen")
    elif facts.rancher_state.waits_for_node:
        yield Seen(name)
    else:
        yield _ready(
            name, rancher.ready, rancher.replicas, rancher.updated, rancher.generation_observed
        )
    release = "Release/cattle-system/rancher"
    if status != "deployed":
        yield Seen(
            release, **({"wrong": f"is {status}"} if status else {"open": "could not be seen"})
        )


def _deployments(evidence: Evidence) -> Iterator[Seen]:
    found = evidence.fleet.deployments if evidence.fleet else ()
    for name in _NEEDED_WORKLOADS:
        if name not in {each.name for each in found}:
            yield Seen(f"Deployment {name}", wrong="does not exist")
    for each in found:
        yield _workload(each)


def _workload(found: Workload) -> Seen:
    name = f"Deployment/{found.namespace or '?'}/{found.name or '?'}"
    if found.replicas is None or found.ready is None:
        return Seen(name, open="does not say how many pods are ready")
    return _ready(name, found.ready, found.replicas, found.updated, found.generation_observed)


def _agent(evidence: Evidence) -> Iterator[Seen]:
    agent = evidence.fleet.agent if evidence.fleet else None
    name = "cattle-fleet-local-system/fleet-agent"
    if agent is None:
        yield Seen(f"Deployment/{name}", open="could not be seen")
    elif not agent.kinds:
        yield Seen(f"Deployment/{name}", wrong="does not exist")
    else:
        for each in agent.kinds:
            kind = f"{each.kind or 'Deployment'}/{name}"
            yield _ready(kind, each.ready or 0, 1 if each.replicas is None else each.replicas)


def _ready(
    name: str, ready: int, wanted: int, updated: int | None = None, observed: bool | None = None
) -> Seen:
    if ready < max(wanted, 1):
        return Seen(name, wrong=f"has {ready} of {wanted} pods ready")
    if updated is not None and updated < wanted:
        return Seen(name, wrong=f"has {updated} of {wanted} pods of its latest version")
    return Seen(name, wrong="has not begun with its latest change" if observed is False else "")


def fleet(facts: Facts) -> Looked:
    """ConfigMap fleet-controller and Cluster fleet-local/local."""
    return looked_at([_config(facts), _cluster(facts)], "object")


def _config(facts: Facts) -> Seen:
    name, config = "ConfigMap/cattle-fleet-system/fleet-controller", facts.fleet_config
    if config.present is False:
        return Seen(name, wrong="does not exist")
    if config.lost is True:
        return Seen(name, wrong="lacks the address of the API server or its CA")
    return Seen(name, open="could not be seen" if config.lost is None else "")


def _cluster(facts: Facts) -> Seen:
    name, imported = "Cluster/fleet-local/local", facts.imported
    if not imported.present:
        return Seen(name, wrong="does not exist")
    if imported.status == "False":
        return Seen(name, wrong="is not imported")
    if imported.ready == "False":
        return Seen(name, wrong="is not Ready")
    pending = facts.fleet_agent.redeploy_pending is True
    return Seen(name, wrong="still waits for its agent to be deployed again" if pending else "")


def cluster(facts: Facts) -> Looked:
    """The local cluster as Rancher and Cluster API see it."""
    return looked_at([_provisioning(facts), _capi(facts.evidence)], "object")


def _provisioning(facts: Facts) -> Seen:
    """What Rancher says of it; while nodes are upgraded it says that it waits for them."""
    name = "Cluster.provisioning.cattle.io/fleet-local/local"
    workspace = facts.leftovers.fleet_workspace
    if workspace.wrong is True:
        return Seen(name, wrong="has the wrong Fleet workspace or label")
    found = facts.evidence.provisioning_cluster or ProvisioningCluster()
    for each in found.conditions if facts.upgrade.nodes_phase is False else ():
        if each.type in _PROVISIONED and each.status in ("False", "Unknown"):
            said = f": {each.message[:200]}" if each.message else ""
            return Seen(name, wrong=f"has condition {each.type} {each.status}{said}")
    return Seen(name, open="could not be seen" if workspace.wrong is None else "")


def _capi(evidence: Evidence) -> Seen:
    name, found = "Cluster.cluster.x-k8s.io/fleet-local/local", evidence.capi_cluster
    phase = found.phase if found else None
    if phase is None:
        return Seen(name, open="has no phase that could be seen")
    if phase != "Provisioned":
        return Seen(name, wrong=f"is {phase}")
    return Seen(name, wrong="is paused" if found and found.paused else "")


def plans(facts: Facts) -> Looked:
    """Complete, or carried out by nodes that are being upgraded."""
    if facts.evidence.plans is None:
        return not_known("the Plans could not be seen")
    nodes_phase = facts.upgrade.nodes_phase is True
    return looked_at((_plan(each, nodes_phase) for each in facts.plan_states), "Plan")


def _plan(plan: PlanState, nodes_phase: bool) -> Seen:
    name = f"Plan/{plan.namespace}/{plan.name}"
    if plan.complete is None:
        return Seen(name, open="does not say whether it is complete")
    if plan.complete or (nodes_phase and plan.progresses):
        return Seen(name)
    if plan.nowhere:
        return Seen(name, wrong="is complete on no node")
    nodes = ", ".join(plan.missing_nodes[:5]) or "all nodes"
    return Seen(name, wrong=f"is not complete on {nodes}")


def nodes(facts: Facts) -> Looked:
    """Ready and not cordoned, but for the one that is being upgraded."""
    evidence = facts.evidence
    if evidence.nodes is None:
        return not_known("the nodes could not be seen")
    if facts.upgrade.nodes_phase is True and facts.upgrade.phase != NONE:
        down = [each for each in evidence.nodes if each.ready is False]
        if len(down) < 2:
            return Looked(reason="nodes are being upgraded, one after the other")
        return looked_at(map(_node, down), "node")
    return looked_at(map(_node, evidence.nodes), "node")


def _node(node: Node) -> Seen:
    name = f"Node/{node.name or '?'}"
    if node.ready is False:
        return Seen(name, wrong="is not ready")
    if node.unschedulable is True:
        return Seen(name, wrong="is cordoned")
    return Seen(name, open="does not say whether it is ready" if node.ready is None else "")
