# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The logs that a support ticket about a stuck upgrade needs, without credentials (FM 8.3)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..._core.errors import RemediationError
from ..._core.lenient import dig, mappings, text
from ..._core.redaction import Redactor
from ..._harvester import upgrade, upgrade_plan
from ..._kube import paths
from ..._kube.client import KubeClient

PARALLEL_READS = 8


@dataclass(frozen=True)
class LogSource:
    """Pods of one namespace, by label or by the beginning of their name."""

    namespace: str
    selector: str | None = None
    name_prefix: str = ""


SOURCES = (
    LogSource(upgrade.NAMESPACE, upgrade.MANIFEST_SELECTOR),
    LogSource(upgrade.NAMESPACE, upgrade_plan.JOB_SELECTOR),
    # What carries an UpgradePlan out: its own chart and Harvester's have other names for it.
    LogSource(upgrade.NAMESPACE, "app.kubernetes.io/name in (upgrade-toolkit, harvester-upgrade)"),
    LogSource(upgrade.NAMESPACE, "app.kubernetes.io/name=harvester"),
    LogSource("cattle-system", None, "rancher-"),
    LogSource("cattle-system", None, "helm-operation-"),
    LogSource("cattle-fleet-system", "app=fleet-controller"),
    LogSource("cattle-fleet-local-system", "app=fleet-agent"),
)


@dataclass
class SupportLogs:
    """Path below C(logs/) to text, and what could not be read with the reason."""

    files: dict[str, str] = field(default_factory=dict)
    missing: list[dict[str, str]] = field(default_factory=list)


def read_support_logs(client: KubeClient, *, limit_bytes: int) -> SupportLogs:
    """Read every container log of SOURCES, the first limit_bytes bytes of each, redacted.

    A log that cannot be read is listed as missing; only a failure of the connection itself raises.
    """
    found = SupportLogs()
    redactor = Redactor()
    with ThreadPoolExecutor(PARALLEL_READS) as pool:
        containers = [each for source in SOURCES for each in _containers(client, source, found)]
        read = partial(_read, client, limit_bytes)
        for (namespace, pod, container), answer in zip(
            containers, pool.map(read, containers), strict=True
        ):
            name = f"{namespace}/{pod}/{container}.log"
            if isinstance(answer, RemediationError):
                found.missing.append({"what": name, "reason": answer.message})
            else:
                found.files[name] = redactor.text(answer)
    return found


def _containers(
    client: KubeClient, source: LogSource, found: SupportLogs
) -> Iterator[tuple[str, str, str]]:
    try:
        pods: list[Any] = client.list(
            paths.core("v1", "pods", source.namespace), label_selector=source.selector
        )
    except RemediationError as error:
        if error.code in ("server-unreachable", "unauthorized"):
            raise
        what = f"Pods in {source.namespace}"
        found.missing.append({"what": what, "reason": error.message})
        return
    for pod in pods:
        name = text(dig(pod, "metadata", "name")) or ""
        if not name.startswith(source.name_prefix) or _is_webhook(name):
            continue
        for container in mappings(dig(pod, "spec", "containers")):
            yield source.namespace, name, text(container.get("name")) or ""


def _is_webhook(pod: str) -> bool:
    """Pods of rancher-webhook share the beginning of their name with those of rancher."""
    return pod.startswith("rancher-webhook-")


def _read(
    client: KubeClient, limit_bytes: int, container: tuple[str, str, str]
) -> str | RemediationError:
    try:
        return client.pod_log(*container, limit_bytes=limit_bytes, timestamps=True)
    except RemediationError as error:
        return error
