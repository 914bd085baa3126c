# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What makes a cluster ill, done the way it happens: a helm that is killed, an object that is lost.

Every function acts on a ``StuckCluster``; which one belongs to which failure mode is in
``scenarios``.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import yaml

from doubles import chart_package, chart_repository, clusterrepo, helm_storage, rancher_settings
from doubles.bundles import LOCKED
from doubles.cluster import RELEASE_NAMESPACES, StuckCluster
from doubles.kube import ApiError, now, wait_until

_QUOTA = "no-more-pods"
_HOUR = 3600


# -- helm in the middle of its work ------------------------------------------------------------


def hold_pods(stuck: StuckCluster, namespace: str) -> None:
    """Let no new pod into a namespace, so that nothing rolls out there."""
    stuck.cluster.ensure(
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": _QUOTA, "namespace": namespace},
            "spec": {"hard": {"pods": "0"}},
        }
    )


def release_pods(stuck: StuckCluster, namespace: str) -> None:
    """Let pods in again."""
    stuck.cluster.delete("resourcequotas", _QUOTA, namespace)


@contextmanager
def held_pods(stuck: StuckCluster, namespace: str) -> Iterator[None]:
    """Hold pods for the time of the block."""
    hold_pods(stuck, namespace)
    try:
        yield
    finally:
        release_pods(stuck, namespace)


@contextmanager
def unfinished(stuck: StuckCluster, release: str) -> Iterator[None]:
    """Let no helm get past the pending revision that it makes of a release within the block.

    A helm that has no workload to wait for goes from there to the end within a tenth of a second. Killed a moment too
    late it leaves no deployed revision, which is another illness. A first revision has workloads to wait for.
    """
    name, namespace = f"unfinished-{release}", RELEASE_NAMESPACES[release]
    last = helm_storage.last(stuck.cluster, namespace, release)
    if last is None:
        yield
        return
    secret = last.secret["metadata"]["name"]
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"]}
    hook = {
        "name": f"{name}.doubles.test",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "objectSelector": {"matchLabels": {"owner": "helm", "name": release}},
        # Nobody answers there.
        "clientConfig": {"url": "https://127.0.0.1:1/"},
        "rules": [{**rule, "resources": ["secrets"]}],
    }
    kind = "ValidatingWebhookConfiguration"
    body = {"kind": kind, "metadata": {"name": name}, "webhooks": [hook]}
    stuck.cluster.create({"apiVersion": "admissionregistration.k8s.io/v1", **body})

    def is_open() -> bool:
        try:
            stuck.cluster.patch("secrets", secret, {}, namespace)
        except ApiError:
            return False
        return True

    wait_until(lambda: not is_open(), f"{kind}/{name} to be heeded", 30)
    try:
        yield
    finally:
        stuck.cluster.delete(f"{kind.lower()}s", name)
        wait_until(is_open, f"{kind}/{name} to be forgotten", 30)


def start_helm(stuck: StuckCluster, *arguments: str) -> subprocess.Popen[bytes]:
    """A helm of somebody else, running on; end it with ``kill_helm`` or let it finish."""
    return subprocess.Popen(
        [str(stuck.helm), *arguments],
        env=stuck.control_plane.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill_helm(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL, as an evicted pod or a lost node does it."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _kill_when(
    process: subprocess.Popen[bytes], reached: Callable[[], bool], what: str, timeout: float = 90.0
) -> None:
    deadline = time.monotonic() + timeout
    try:
        while not reached():
            if process.poll() is not None and not reached():
                raise RuntimeError(f"helm ended with {process.returncode} before {what}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {timeout:.0f} s in vain for {what}")
            time.sleep(0.02)
    finally:
        kill_helm(process)


def _is_pending(stuck: StuckCluster, release: str, above: int) -> bool:
    last = helm_storage.last(stuck.cluster, RELEASE_NAMESPACES[release], release)
    return last is not None and last.number > above and last.status.startswith("pending-")


def _last_number(stuck: StuckCluster, release: str) -> int:
    last = helm_storage.last(stuck.cluster, RELEASE_NAMESPACES[release], release)
    return last.number if last is not None else 0


def kill_upgrade(
    stuck: StuckCluster,
    release: str,
    version: str,
    *,
    chart: str = "",
    applied: bool = False,
    values: Mapping[str, Any] | None = None,
    age: int = _HOUR,
) -> None:
    """Leave a release at ``pending-upgrade``, or ``pending-install`` when there was none.

    ``applied``: helm had already changed the workloads when it was killed. ``values`` are more values, or others, than
    the release has; with them helm is killed when it has changed the first workload. ``age`` seconds are made to have
    passed since.
    """
    namespace = RELEASE_NAMESPACES[release]
    before = _last_number(stuck, release)
    arguments = [*stuck.helm_arguments(release, version, chart), "--wait", "--timeout", "5m"]
    for key, value in (values or {}).items():
        arguments += ["--set-json", f"{key}={json.dumps(value)}"]
    tag = f"v{chart_package.app_version(version)}"
    generation = _generation(stuck, release)

    def reached() -> bool:
        if not _is_pending(stuck, release, before):
            return False
        if values:
            return _generation(stuck, release) > generation
        return not applied or _runs_tag(stuck, release, tag)

    with held_pods(stuck, namespace), unfinished(stuck, release):
        process = start_helm(stuck, *arguments)
        _kill_when(process, reached, f"release {release} was pending")
    helm_storage.age(stuck.cluster, namespace, release, age)


def kill_rollback(stuck: StuckCluster, release: str, revision: int, *, age: int = _HOUR) -> None:
    """Leave a release at ``pending-rollback``."""
    namespace = RELEASE_NAMESPACES[release]
    before = _last_number(stuck, release)
    with held_pods(stuck, namespace), unfinished(stuck, release):
        process = start_helm(stuck, "rollback", release, str(revision), "-n", namespace, "--wait")
        _kill_when(
            process,
            lambda: _is_pending(stuck, release, before),
            f"release {release} was pending",
        )
    helm_storage.age(stuck.cluster, namespace, release, age)


def _runs_tag(stuck: StuckCluster, release: str, tag: str) -> bool:
    """Whether the first Deployment of a release has been changed to an image tag."""
    deployment = _first_deployment(stuck, release)
    containers = deployment.get("spec", {}).get("template", {}).get("spec", {}).get("containers")
    return bool(containers) and str(containers[0]["image"]).endswith(f":{tag}")


def _first_deployment(stuck: StuckCluster, release: str) -> dict[str, Any]:
    names = {"fleet": "fleet-controller", "rancher-webhook": "rancher-webhook"}
    name = names.get(release, release)
    return stuck.cluster.find("deployments", name, RELEASE_NAMESPACES[release]) or {}


def _generation(stuck: StuckCluster, release: str) -> int:
    return int(_first_deployment(stuck, release).get("metadata", {}).get("generation", 0))


def unlock(stuck: StuckCluster, release: str) -> None:
    """Delete the Secret of the last revision, as the usual advice for a locked release says."""
    last = helm_storage.last(stuck.cluster, RELEASE_NAMESPACES[release], release)
    assert last is not None
    name = f"sh.helm.release.v1.{release}.v{last.number}"
    stuck.cluster.delete("secrets", name, RELEASE_NAMESPACES[release])


def fail_upgrade(stuck: StuckCluster, release: str, version: str) -> None:
    """Leave a release at ``failed``: its pods did not come up in time."""
    with held_pods(stuck, RELEASE_NAMESPACES[release]):
        arguments = [*stuck.helm_arguments(release, version), "--no-hooks", "--wait"]
        process = start_helm(stuck, *arguments, "--timeout", "4s")
        process.wait(120)
    helm_storage.age(stuck.cluster, RELEASE_NAMESPACES[release], release, _HOUR)


def install_upstream_chart(stuck: StuckCluster, release: str, version: str) -> None:
    """A person upgrades with the upstream chart: no ``10x.y.z+up`` in its version (FM 6.39)."""
    stuck.helm_install(release, version)


def lose_release(stuck: StuckCluster, release: str) -> None:
    """Someone deletes all of a release's Secrets; its objects stay (FM 6.39)."""
    namespace = RELEASE_NAMESPACES[release]
    for revision in helm_storage.revisions(stuck.cluster, namespace, release):
        stuck.cluster.delete("secrets", revision.secret["metadata"]["name"], namespace)


def spoil_last_revision(stuck: StuckCluster, release: str) -> None:
    """The last revision can no longer be decoded."""
    namespace = RELEASE_NAMESPACES[release]
    revision = helm_storage.last(stuck.cluster, namespace, release)
    if revision is None:
        raise LookupError(f"there is no release {release}")
    data = base64.b64encode(b"not a release").decode()
    name = revision.secret["metadata"]["name"]
    stuck.cluster.patch("secrets", name, {"data": {"release": data}}, namespace)


def pin_values(stuck: StuckCluster, release: str, version: str, **values: str) -> None:
    """An old manual upgrade left values that no chart upgrade changes (FM 6.22).

    ``pin_values(stuck, "fleet", v, image="v0.11.2")`` pins ``image.tag``.
    """
    settings = [f"{key}.tag={tag}" for key, tag in values.items()]
    options = [part for setting in settings for part in ("--set-string", setting)]
    stuck.helm_install(release, version, *options)


def upgrade_again(stuck: StuckCluster, release: str, version: str, times: int) -> None:
    """The same upgrade again and again, as of FM 6.33."""
    for _time in range(times):
        stuck.helm_install(release, version)


# -- Rancher's catalog -------------------------------------------------------------------------


def index_of_an_older_commit(stuck: StuckCluster, charts: Mapping[str, tuple[str, ...]]) -> None:
    """The index was built from older charts, and nothing tells Rancher to look again (FM 6.8).

    ``charts`` are what the older commit has. To be done before Rancher starts.
    """
    line = stuck.illness.target
    repository = stuck.chart_repository(line.version)
    commit = chart_repository.commit_charts(repository, charts)
    chart_repository.commit_charts(repository, stuck.bundled_charts(line))
    clusterrepo.add_repositories(stuck.cluster, line.branch)
    repo = stuck.cluster.get(clusterrepo.KIND, clusterrepo.CHARTS)
    index = chart_repository.read_index(repository, commit)
    status = clusterrepo.write_index(stuck.cluster, repo, index)
    status |= {
        "commit": commit,
        "branch": line.branch,
        "url": chart_repository.CHARTS_URL,
        "downloadTime": now(),
        "observedGeneration": repo["metadata"]["generation"],
        "conditions": [{"type": "Downloaded", "status": "True", "lastUpdateTime": now()}],
    }
    patch = {"status": status}
    stuck.cluster.patch(clusterrepo.KIND, clusterrepo.CHARTS, patch, subresource="status")


def bundled_head(stuck: StuckCluster) -> str:
    """The commit of the charts in the image of the target Rancher."""
    return chart_repository.head(stuck.chart_repository(stuck.illness.rancher))


def _index_config_maps(stuck: StuckCluster) -> list[dict[str, Any]]:
    return [
        item
        for item in stuck.cluster.list("configmaps", clusterrepo.NAMESPACE)
        if item["metadata"]["name"].startswith(f"{clusterrepo.CHARTS}-")
    ]


def wait_for_index(stuck: StuckCluster) -> None:
    """Wait until Rancher has built the index."""
    wait_until(lambda: bool(_index_config_maps(stuck)), "Rancher to build its index", 90)


def wait_for_download_error(stuck: StuckCluster, message: str) -> None:
    """Wait until the ClusterRepo tells in its condition why its download failed; the log says nothing."""

    def told() -> bool:
        repo = stuck.cluster.find(clusterrepo.KIND, clusterrepo.CHARTS) or {}
        conditions = repo.get("status", {}).get("conditions", ())
        return any(message in each.get("message", "") for each in conditions)

    wait_until(told, f"{message!r} in the conditions of the ClusterRepo", 90)


def delete_index(stuck: StuckCluster) -> None:
    """Someone cleans the index ConfigMaps away (FM 6.9)."""
    for item in _index_config_maps(stuck):
        stuck.cluster.delete("configmaps", item["metadata"]["name"], clusterrepo.NAMESPACE)


def truncate_index(stuck: StuckCluster) -> None:
    """The last chunk of the index is cut off: gzip ends too early (FM 3.3)."""
    last = max(_index_config_maps(stuck), key=lambda item: str(item["metadata"]["name"]))
    blob = base64.b64decode(last["binaryData"]["content"])
    content = base64.b64encode(blob[: len(blob) // 2]).decode()
    patch = {"binaryData": {"content": content}}
    stuck.cluster.patch("configmaps", last["metadata"]["name"], patch, clusterrepo.NAMESPACE)


def orphan_index(stuck: StuckCluster) -> None:
    """The index belongs to an earlier ClusterRepo of the name (FM 2.6, ``Unauthorized``)."""
    for item in _index_config_maps(stuck):
        owner = dict(item["metadata"]["ownerReferences"][0])
        # The garbage collector would delete an object with none but dead owners.
        owner |= {"uid": "00000000-0000-4000-8000-000000000000"}
        living = stuck.cluster.get("namespaces", clusterrepo.NAMESPACE)["metadata"]
        second = {"apiVersion": "v1", "kind": "Namespace", "name": living["name"]}
        owners = [owner, {**second, "uid": living["uid"]}]
        name = item["metadata"]["name"]
        patch = {"metadata": {"ownerReferences": owners}}
        stuck.cluster.patch("configmaps", name, patch, clusterrepo.NAMESPACE)


def delete_cluster_repos(stuck: StuckCluster) -> None:
    """What the script's Rancher step deletes and only a start of Rancher brings back (FM 6.25)."""
    for name in clusterrepo.REPOSITORIES:
        stuck.cluster.delete(clusterrepo.KIND, name)
    stuck.cluster.delete(rancher_settings.SETTING, "chart-default-branch")


def recreate_charts_repo(stuck: StuckCluster) -> None:
    """Delete and create ClusterRepo rancher-charts: from Rancher 2.12 on the bundle is lost."""
    repo = stuck.cluster.get(clusterrepo.KIND, clusterrepo.CHARTS)
    stuck.cluster.delete(clusterrepo.KIND, clusterrepo.CHARTS)
    time.sleep(1.5)  # the leader has to see that it was gone
    clusterrepo.add_repositories(stuck.cluster, repo["spec"]["gitBranch"])


# -- Settings and configuration ----------------------------------------------------------------


def set_setting(stuck: StuckCluster, name: str, value: str) -> None:
    """Set the value of a Rancher Setting; it is created when Rancher has not started yet."""
    body = {
        "apiVersion": "management.cattle.io/v3",
        "kind": "Setting",
        "metadata": {"name": name},
        "value": value,
        "default": "",
        "source": "",
        "customized": False,
    }
    if stuck.cluster.ensure(body).get("value") != value:
        stuck.cluster.patch(rancher_settings.SETTING, name, {"value": value})


def configure_rancher(stuck: StuckCluster, **data: str) -> None:
    """Set keys of ConfigMap cattle-system/rancher-config; ``_`` stands for ``-``."""
    keys = {
        key if key == "priorityClassName" else key.replace("_", "-"): text
        for key, text in data.items()
    }
    stuck.cluster.patch("configmaps", "rancher-config", {"data": keys}, "cattle-system")


def _fleet_config(stuck: StuckCluster) -> dict[str, Any]:
    config_map = stuck.cluster.get("configmaps", "fleet-controller", "cattle-fleet-system")
    config: dict[str, Any] = yaml.safe_load(config_map["data"]["config"])
    return config


def set_fleet_server(stuck: StuckCluster, url: str, authority: str = "Y2E=") -> None:
    """Write apiServerURL and apiServerCA into fleet's ConfigMap; "" loses them (FM 6.16)."""
    config = _fleet_config(stuck) | {"apiServerURL": url, "apiServerCA": authority if url else ""}
    patch = {"data": {"config": yaml.safe_dump(config, sort_keys=False)}}
    stuck.cluster.patch("configmaps", "fleet-controller", patch, "cattle-fleet-system")


def restart(stuck: StuckCluster, name: str, namespace: str) -> None:
    """``kubectl rollout restart`` of a Deployment, until it is through."""
    kubectl = stuck.control_plane.kubectl
    kubectl("rollout", "restart", "-n", namespace, f"deployment/{name}")
    kubectl("rollout", "status", "-n", namespace, f"deployment/{name}")


def evict(stuck: StuckCluster, name: str, namespace: str) -> None:
    """The pods of a Deployment are deleted, as on a node that is drained, until others are ready."""
    time.sleep(1.1)  # whole seconds tell which of two pods is the older one

    def ready(pods: list[dict[str, Any]]) -> bool:
        conditions = [each for pod in pods for each in pod.get("status", {}).get("conditions", ())]
        return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

    def pods() -> list[dict[str, Any]]:
        return stuck.cluster.list("pods", namespace, f"app={name}")

    old = {pod["metadata"]["uid"] for pod in pods()}
    for pod in pods():
        stuck.cluster.delete("pods", pod["metadata"]["name"], namespace)

    def replaced() -> bool:
        found = pods()
        return ready(found) and not old & {pod["metadata"]["uid"] for pod in found}

    wait_until(replaced, f"new pods of {name}", 90)


def wait_for_agent(stuck: StuckCluster) -> None:
    """Wait until fleet has imported the local cluster and its agent runs."""

    def imported() -> bool:
        local = stuck.cluster.find("clusters.fleet.cattle.io", "local", "fleet-local") or {}
        conditions = local.get("status", {}).get("conditions", ())
        return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)

    wait_until(imported, "the agent of the local cluster", 90)


def delete_agent(stuck: StuckCluster) -> None:
    """The agent's workload is gone, whatever its kind (FM 6.27)."""
    for kind in ("deployments", "statefulsets"):
        stuck.cluster.delete(kind, "fleet-agent", "cattle-fleet-local-system")


def forget_server_in_kubeconfig(stuck: StuckCluster) -> None:
    """The kubeconfig secret carries no server, so fleet needs its ConfigMap (FM 5.4)."""
    patch = {"data": {"apiServerURL": None, "apiServerCA": None}}
    stuck.cluster.patch("secrets", "local-kubeconfig", patch, "fleet-local")


# -- other objects -----------------------------------------------------------------------------


def break_bundle(stuck: StuckCluster, name: str, state: str, message: str) -> None:
    """A Bundle and its ManagedChart in a bad state: ``errApplied``, ``modified``, ``notReady``."""
    condition = {"type": "Ready", "status": "False", "message": message, "lastUpdateTime": now()}
    summary = {"desiredReady": 1, "ready": 0, state: 1}
    status = {"status": {"summary": summary, "conditions": [condition]}}
    for resource, item in (
        ("bundles.fleet.cattle.io", f"mcc-{name}"),
        ("managedcharts.management.cattle.io", name),
    ):
        stuck.cluster.patch(resource, item, status, "fleet-local", "status")


def lock_bundle(stuck: StuckCluster, version: str) -> None:
    """Two agents at once deploy Harvester's chart; one is killed in its upgrade, the other was refused (FM 6.17)."""
    patch = {"spec": {"helm": {"version": version}}}
    stuck.cluster.patch("bundles.fleet.cattle.io", "mcc-harvester", patch, "fleet-local")
    kill_upgrade(stuck, "harvester", version)
    message = f"ErrApplied(1) [Cluster fleet-local/local: {LOCKED}]"
    break_bundle(stuck, "harvester", "errApplied", message)


def wait_for_agent_in_chart(stuck: StuckCluster, name: str) -> None:
    """A ManagedChart that becomes ready only when the agent has been redeployed."""
    break_bundle(stuck, name, "notReady", "NotReady(1) [Cluster fleet-local/local]")
    annotations = {"doubles.test/ready-after-agent": "true"}
    for resource, item in (
        ("bundles.fleet.cattle.io", f"mcc-{name}"),
        ("managedcharts.management.cattle.io", name),
    ):
        patch = {"metadata": {"annotations": annotations}}
        stuck.cluster.patch(resource, item, patch, "fleet-local")


def add_legacy_capi_webhooks(stuck: StuckCluster) -> None:
    """Webhook configurations of an older CAPI whose service is gone (FM 6.20)."""
    for kind, name, service in (
        ("Mutating", "mutating-webhook-configuration", "capi-webhook-service"),
        ("Validating", "validating-webhook-configuration", "capi-webhook-service"),
    ):
        prefix = "default" if kind == "Mutating" else "validation"
        hook = {
            "name": f"{prefix}.cluster.cluster.x-k8s.io",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": "Fail",
            "timeoutSeconds": 5,
            "clientConfig": {
                "service": {"name": service, "namespace": "cattle-provisioning-capi-system"}
            },
            "rules": [
                {
                    "apiGroups": ["cluster.x-k8s.io"],
                    "apiVersions": ["v1beta1"],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": ["clusters"],
                }
            ],
        }
        stuck.cluster.ensure(
            {
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": f"{kind}WebhookConfiguration",
                "metadata": {"name": name},
                "webhooks": [hook],
            }
        )


def bump_capi_cluster(stuck: StuckCluster) -> None:
    """A change of the CAPI cluster's spec, which its controller has to settle."""
    resource = "clusters.cluster.x-k8s.io"
    cluster = stuck.cluster.get(resource, "local", "fleet-local")
    patch = {"spec": {"topology": {"touched": str(cluster["metadata"]["generation"])}}}
    stuck.cluster.patch(resource, "local", patch, "fleet-local")


def make_webhook_unreachable(stuck: StuckCluster, namespace: str) -> None:
    """Rancher's webhook judges Secrets of a namespace, and nobody answers (FM 6.19)."""
    stuck.cluster.patch(
        "namespaces", namespace, {"metadata": {"labels": {"doubles.test/judged": "true"}}}
    )
    name = "rancher.cattle.io"
    configuration = stuck.cluster.get("validatingwebhookconfigurations", name)
    hook = {
        "name": "rancher.cattle.io.secrets",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "timeoutSeconds": 1,
        "namespaceSelector": {"matchLabels": {"doubles.test/judged": "true"}},
        "clientConfig": {
            "service": {
                "name": "rancher-webhook",
                "namespace": "cattle-system",
                "path": "/v1/webhook/validation/secrets",
            }
        },
        "rules": [
            {
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "operations": ["CREATE", "UPDATE"],
                "resources": ["secrets"],
            }
        ],
    }
    configuration["webhooks"].append(hook)
    stuck.cluster.replace(configuration)


def forget_fleet_workspace(stuck: StuckCluster) -> None:
    """The local cluster lacks what old rancherd did not set (FM 6.38)."""
    resource = "clusters.provisioning.cattle.io"
    labels = {"provisioning.cattle.io/management-cluster-name": None}
    stuck.cluster.patch(resource, "local", {"metadata": {"labels": labels}}, "fleet-local")
    status = {"status": {"fleetWorkspaceName": None}}
    stuck.cluster.patch(resource, "local", status, "fleet-local", "status")


def stick_plan(stuck: StuckCluster) -> None:
    """The Plan before the Rancher step is not through (FM 6.35); a new controller pod ends it."""
    name = f"{stuck.upgrade}-skip-restart-rancher-system-agent"
    status = {"conditions": [{"type": "Complete", "status": "False", "lastUpdateTime": now()}]}
    patch = {"status": {**status, "applying": stuck.node_names()}}
    stuck.cluster.patch("plans.upgrade.cattle.io", name, patch, "cattle-system", "status")
    label = f"plan.upgrade.cattle.io/{name}"
    for node in stuck.node_names():
        stuck.cluster.patch("nodes", node, {"metadata": {"labels": {label: None}}})


def wait_for_operation(stuck: StuckCluster, release: str) -> None:
    """Wait until Rancher's helm works on a release."""
    wait_until(
        lambda: _is_pending(stuck, release, 0), f"Rancher's helm to work on release {release}", 120
    )
