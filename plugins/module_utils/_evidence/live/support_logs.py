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
from ..._core.lenient import dig, integer, mapping, mappings, text
from ..._core.names import CAPI_NAMESPACES
from ..._core.redaction import Redactor
from ..._harvester import upgrade, upgrade_plan
from ..._kube import paths
from ..._kube.client import KubeClient

PARALLEL_READS = 8
TOTAL_BYTES = 64 * 1024 * 1024
# A line has a time in front, so that no more lines than this fit into a byte each.
_SHORTEST_LINE = len("2026-11-23T15:00:00Z\n")


@dataclass(frozen=True)
class LogSource:
    """Pods of one namespace, by label or by the beginning of their name."""

    namespace: str
    selector: str | None = None
    name_prefix: str = ""


#: The most telling first: what comes late is left out when all of it is too much.
SOURCES = (
    LogSource(upgrade.NAMESPACE, upgrade.MANIFEST_SELECTOR),
    LogSource(upgrade.NAMESPACE, upgrade_plan.JOB_SELECTOR),
    # What carries an UpgradePlan out: its own chart and Harvester's have other names for it.
    LogSource(upgrade.NAMESPACE, "app.kubernetes.io/name in (upgrade-toolkit, harvester-upgrade)"),
    # With those of rancher-webhook, whose names begin alike.
    LogSource("cattle-system", None, "rancher-"),
    LogSource("cattle-system", None, "helm-operation-"),
    LogSource("cattle-fleet-system", "app=fleet-controller"),
    LogSource("cattle-fleet-local-system", "app=fleet-agent"),
    LogSource("cattle-system", None, "system-upgrade-controller-"),
    *(LogSource(namespace) for namespace in CAPI_NAMESPACES),
    LogSource(upgrade.NAMESPACE, "app.kubernetes.io/name=harvester"),
)


@dataclass(frozen=True)
class Log:
    """One container's log, or that of its run before the last restart."""

    namespace: str
    pod: str
    container: str
    previous: bool = False

    @property
    def name(self) -> str:
        """Its place below C(logs/), as in a support bundle of Harvester."""
        return f"{self.namespace}/{self.pod}/{self.container}.log{'.1' if self.previous else ''}"


@dataclass
class SupportLogs:
    """Path below C(logs/) to text, and what could not be read with the reason."""

    files: dict[str, str] = field(default_factory=dict)
    missing: list[dict[str, str]] = field(default_factory=list)

    def miss(self, what: str, reason: str) -> None:
        """Note what is not there, or not whole."""
        self.missing.append({"what": what, "reason": reason})


def read_support_logs(
    client: KubeClient, *, limit_bytes: int, total_bytes: int = TOTAL_BYTES
) -> SupportLogs:
    """Read every container log of SOURCES, redacted: the newest lines of each, at most limit_bytes, and total_bytes in
    all.

    A log that cannot be read is listed as missing; only a failure of the connection itself raises.
    """
    found = SupportLogs()
    redactor = Redactor()
    size = 0
    with ThreadPoolExecutor(PARALLEL_READS) as pool:
        logs = list(
            dict.fromkeys(log for source in SOURCES for log in _logs_of(client, source, found))
        )
        read = partial(_read, client, limit_bytes)
        for start in range(0, len(logs), PARALLEL_READS):
            some = logs[start : start + PARALLEL_READS]
            if size >= total_bytes:
                for log in some:
                    _leave_out(found, log, total_bytes)
                continue
            for log, answer in zip(some, pool.map(read, some), strict=True):
                size += _keep(found, log, answer, redactor, (limit_bytes, total_bytes, size))
    return found


def newest_lines(log: str, limit_bytes: int) -> str:
    """The last whole lines that fit; of a line that is longer its end."""
    content = log.encode("utf-8", "replace")
    if len(content) <= limit_bytes:
        return log
    end = content[-limit_bytes:]
    whole = end.partition(b"\n")[2]
    return (whole or end).decode("utf-8", "ignore")


def _keep(
    found: SupportLogs,
    log: Log,
    answer: str | RemediationError,
    redactor: Redactor,
    bounds: tuple[int, int, int],
) -> int:
    """Take in what was read; the bytes that it takes."""
    limit_bytes, total_bytes, size = bounds
    if isinstance(answer, RemediationError):
        found.miss(log.name, answer.message)
        return 0
    newest = newest_lines(answer, limit_bytes)
    content = redactor.text(newest)
    length = len(content.encode("utf-8", "replace"))
    if size + length > total_bytes:
        _leave_out(found, log, total_bytes)
        # Nothing that comes later fits either, however small: the order is that of importance.
        return total_bytes - size
    if len(answer) > len(newest) or answer.count("\n") >= _most_lines(limit_bytes):
        found.miss(
            log.name, f"Of this log only the newest lines were kept, up to {limit_bytes} bytes."
        )
    found.files[log.name] = content
    return length


def _leave_out(found: SupportLogs, log: Log, total_bytes: int) -> None:
    found.miss(log.name, f"Left out: the limit of all logs together is {total_bytes} bytes.")


def _logs_of(client: KubeClient, source: LogSource, found: SupportLogs) -> Iterator[Log]:
    try:
        pods: list[Any] = client.list(
            paths.core("v1", "pods", source.namespace), label_selector=source.selector
        )
    except RemediationError as error:
        if error.code in ("server-unreachable", "unauthorized"):
            raise
        found.miss(f"Pods in {source.namespace}", error.message)
        return
    for pod in pods:
        name = text(dig(pod, "metadata", "name")) or ""
        if name.startswith(source.name_prefix):
            yield from _logs_of_pod(source.namespace, name, pod)


def _logs_of_pod(namespace: str, name: str, pod: Any) -> Iterator[Log]:
    for kind in ("initContainers", "containers"):
        statuses = {
            status.get("name"): status
            for status in mappings(dig(pod, "status", f"{kind.removesuffix('s')}Statuses"))
        }
        for container in mappings(dig(pod, "spec", kind)):
            status = mapping(statuses.get(container.get("name")))
            log = Log(namespace, name, text(container.get("name")) or "")
            restarted = (integer(status.get("restartCount")) or 0) > 0
            # One that waits for its first start has no log.
            if restarted or "waiting" not in mapping(status.get("state")):
                yield log
            if restarted:
                yield Log(namespace, name, log.container, previous=True)


def _most_lines(limit_bytes: int) -> int:
    return limit_bytes // _SHORTEST_LINE + 1


def _read(client: KubeClient, limit_bytes: int, log: Log) -> str | RemediationError:
    try:
        # Asked for by lines: the API applies a limit of bytes to the beginning.
        return client.pod_log(
            log.namespace,
            log.pod,
            log.container,
            tail_lines=_most_lines(limit_bytes),
            timestamps=True,
            previous=log.previous,
        )
    except RemediationError as error:
        return error
