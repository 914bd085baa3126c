# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for the upgrade's manifest job: until it is done (FM 1.1, 1.4, 1.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._core.errors import RemediationError
from .._core.lenient import dig, text
from .._harvester import upgrade as harvester
from .._harvester import upgrade_plan
from .._harvester.job_log import events_of, wait_of
from .._kube import paths
from .._kube.client import KubeClient, Object
from .._kube.log_lines import read_log
from .._kube.pods import condition
from .._rancher.server import helm_actors
from .observation import Observation
from .release import release_state

SERVICES = "SystemServicesUpgraded"
_LINE_LENGTH = 160


@dataclass(frozen=True)
class UpgradeView:
    """The latest Upgrade, its job and the newest pod of that as they are now."""

    upgrade: Object
    job: Object | None
    pod: Object | None
    events: Sequence[Mapping[str, Any]]

    @property
    def subject(self) -> str:
        """The Upgrade as messages name it."""
        name = self.upgrade["metadata"]["name"]
        if upgrade_plan.is_plan(self.upgrade):
            return f"{upgrade_plan.KIND}/{name}"
        return f"Upgrade/{harvester.NAMESPACE}/{name}"

    @property
    def pod_name(self) -> str | None:
        """The newest pod of the job."""
        return text(dig(self.pod, "metadata", "name"))

    @property
    def wait(self) -> dict[str, Any] | None:
        """What the newest pod waits for."""
        return wait_of(self.events)

    @property
    def state(self) -> str:
        """In words: where the upgrade is and what its job says last."""
        where = text(dig(self.upgrade, "metadata", "labels", harvester.STATE_LABEL)) or "unknown"
        if self.job is None:
            return f"the Upgrade is in state {where}, its job is gone or not made yet"
        if self.pod is None:
            return f"the Upgrade is in state {where}, its job has no pod"
        phase = text(dig(self.pod, "status", "phase")) or "Unknown"
        said = text(self.events[-1].get("text")) if self.events else None
        line = f", last told: {said[:_LINE_LENGTH]}" if said else ""
        return f"the Upgrade is in state {where}, Pod {self.pod_name} is {phase}{line}"

    @property
    def services_upgraded(self) -> bool:
        """Whether the job has ended well."""
        return condition(self.upgrade, SERVICES).get("status") == "True"


def system_services_upgraded(
    client: KubeClient, _params: Mapping[str, Any], _baseline: Mapping[str, Any]
) -> Observation:
    """Done when the Upgrade says so; a failed job or Upgrade never gets there.

    The release that its job waits for and Rancher's helm runs are part of the state: what changes of them is progress,
    too, and while one of them runs nothing stands still.
    """
    view = _view(client)
    done = view.services_upgraded
    wait, parts = view.wait or {}, [view.state]
    namespace, release = text(wait.get("namespace")), text(wait.get("release"))
    if namespace and release:
        parts.append(release_state(client, namespace, release))
    runs = [] if done else _helm_runs(client)
    if runs:
        parts.append(f"helm runs in {', '.join(runs)}")
    return Observation(done, "; ".join(parts), begun=bool(runs), failure=_failure(view))


def _helm_runs(client: KubeClient) -> list[str]:
    """Rancher's pods in which helm runs or is about to; none where they cannot be read."""
    try:
        pods = client.list(paths.core("v1", "pods", helm_actors.NAMESPACE))
    except RemediationError:
        return []
    return sorted(
        f"Pod/{helm_actors.NAMESPACE}/{pod['metadata']['name']}"
        for pod in pods
        if helm_actors.is_operation_pod(pod) and helm_actors.is_live(helm_actors.operation_pod(pod))
    )


def _failure(view: UpgradeView) -> RemediationError | None:
    """Why the upgrade can never go on, None while it can."""
    for found in (condition(view.upgrade, SERVICES), condition(view.upgrade, "Completed")):
        if found.get("status") == "False":
            return _stopped(view.subject, f"{found['type']} is False", found)
    failed = condition(view.job, "Failed")
    if failed.get("status") == "True":
        name = dig(view.job, "metadata", "name")
        return _stopped(f"Job/{harvester.NAMESPACE}/{name}", "it has failed", failed)
    if dig(view.upgrade, "metadata", "labels", harvester.STATE_LABEL) == "Failed":
        return _stopped(view.subject, "its state is Failed", {})
    return None


def _stopped(subject: str, what: str, found: Mapping[str, Any]) -> RemediationError:
    said = ": ".join(part for name in ("reason", "message") if (part := text(found.get(name))))
    return RemediationError(
        "stalled",
        f"{subject}: {what}{f' ({said})' if said else ''}. The upgrade does not go on from here.",
        "Diagnose again: finding job-backoff-limit says how to start the upgrade anew. Never delete"
        " the Job.",
        details={"reason": found.get("reason"), "message": found.get("message")},
    )


def _view(client: KubeClient) -> UpgradeView:
    upgrade = _latest(client)
    key, component = harvester.UPGRADE_LABEL, harvester.MANIFEST_SELECTOR
    if upgrade_plan.is_plan(upgrade):
        key, component = upgrade_plan.PLAN_LABEL, upgrade_plan.JOB_SELECTOR
    selector = f"{key}={upgrade['metadata']['name']},{component}"
    jobs = client.list(paths.api("batch/v1", "jobs", harvester.NAMESPACE), label_selector=selector)
    pods = client.list(paths.core("v1", "pods", harvester.NAMESPACE), label_selector=selector)
    pod = _newest(pods)
    return UpgradeView(upgrade, _newest(jobs), pod, _events(client, pod))


def _latest(client: KubeClient) -> Object:
    path = paths.api(harvester.API, "upgrades", harvester.NAMESPACE)
    found = client.list(path, label_selector=harvester.LATEST_SELECTOR)
    latest = upgrade_plan.latest(found, _plans(client))
    if len(found) == 1 or upgrade_plan.is_plan(latest):
        return dict(latest)
    names = ", ".join(sorted(each["metadata"]["name"] for each in found))
    if found:
        raise RemediationError(
            "upgrade-ambiguous",
            f"Several Upgrades are marked as the latest: {names}.",
            f"Take the label {harvester.LATEST_SELECTOR} from all but the one that runs.",
        )
    raise RemediationError(
        "upgrade-absent",
        f"No Upgrade in namespace {harvester.NAMESPACE} is marked as the latest.",
        "Nothing is being upgraded, so there is nothing to wait for.",
    )


def _plans(client: KubeClient) -> Sequence[Object]:
    """Upgrades of the second kind; none where that kind does not exist or the account cannot see it."""
    try:
        return client.list(paths.api(upgrade_plan.API, upgrade_plan.RESOURCE))
    except RemediationError as error:
        if error.code in ("not-found", "forbidden"):
            return ()
        raise


def _events(client: KubeClient, pod: Object | None) -> Sequence[Mapping[str, Any]]:
    if pod is None:
        return ()
    try:
        log = read_log(
            client, harvester.NAMESPACE, pod["metadata"]["name"], harvester.JOB_CONTAINER
        )
    except RemediationError as error:
        # A container that has not started has no log yet; the API calls that a bad request.
        if error.code == "not-found" or error.details.get("http_status") == 400:
            return ()
        raise
    return events_of(log)


def _newest(objects: Sequence[Object]) -> Object | None:
    def age(found: Object) -> tuple[str, str]:
        metadata = found["metadata"]
        return str(metadata.get("creationTimestamp") or ""), str(metadata["name"])

    return max(objects, key=age, default=None)
