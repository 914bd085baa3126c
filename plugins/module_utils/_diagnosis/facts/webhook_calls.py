# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of admission webhooks that failed, in the API server's words, wherever they were logged (FM 6.19)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ..._core.lenient import Document, mapping, seconds_between, text
from ..._core.names import RANCHER_WEBHOOK
from ..._documents.evidence import Evidence, Revision

Times: TypeAlias = "tuple[str | None, str | None]"

EXPIRED = "expired"
NOT_YET_VALID = "not-yet-valid"
OUT_OF_DATE = "expired-or-not-yet-valid"
UNKNOWN_AUTHORITY = "unknown-authority"
WRONG_NAME = "wrong-name"
UNTRUSTED = (EXPIRED, NOT_YET_VALID, OUT_OF_DATE, UNKNOWN_AUTHORITY, WRONG_NAME)

_RECENT = 900
_HELM_RECENT = 3600
"""A chart whose installation failed is tried again hourly at most (FM 0.12)."""

_PROBLEMS = tuple(
    (problem, re.compile(pattern, re.IGNORECASE))
    for problem, pattern in (
        (EXPIRED, r"x509: certificate has expired or is not yet valid: .*\bis after\b"),
        (NOT_YET_VALID, r"x509: certificate has expired or is not yet valid: .*\bis before\b"),
        (OUT_OF_DATE, r"x509: certificate has expired or is not yet valid"),
        (EXPIRED, r"x509: certificate (?:has|is) expired"),
        (UNKNOWN_AUTHORITY, r"x509: certificate signed by unknown authority|certificate is not trusted"),
        (
            WRONG_NAME,
            r"x509: (?:certificate is (?:not )?valid for|certificate is not valid for any names"
            r"|cannot validate certificate for|certificate relies on legacy Common Name)",
        ),
        (UNKNOWN_AUTHORITY, r"x509: "),
        ("service-missing", r"service \\?\"[^\"\\]+\\?\" not found"),
        ("no-endpoints", r"no endpoints available|no ready endpoints"),
        (
            "timeout",
            r"deadline exceeded|i/o timeout|Client\.Timeout|timed? ?out|TLS handshake timeout|request canceled",
        ),
        ("refused", r"connection refused|connection reset|no route to host|network is unreachable|\bEOF\b"),
        ("server-error", r"the server (?:is currently unable|rejected)|unexpected status code|\b50[0-4]\b"),
    )
)  # fmt: skip
_QUERY = re.compile(r"\?timeout=\w+")
_CALL = re.compile(r"failed calling webhook \\?\"(?P<webhook>[^\"\\]{1,253})")
_ADDRESS = re.compile(r"https://(?P<name>[a-z0-9-]{1,63})\.(?P<namespace>[a-z0-9-]{1,63})\.svc\b")
_MISSING = re.compile(r"service \\?\"(?P<name>[^\"\\]{1,63})\\?\" not found")


@dataclass(frozen=True)
class FailedCall:
    """``service`` is namespace/name, None when the message does not say it; ``source`` is who had called. ``since`` and
    ``at`` are the first and the last time it was logged."""

    webhook: str
    service: str | None
    problem: str
    text: str
    since: str | None
    at: str | None
    source: str


def failed_calls(evidence: Evidence) -> list[FailedCall]:
    """The calls that failed of late and that no success has followed, the newest first."""
    success = _last_success(evidence)
    services = _services(evidence)
    calls = [
        _read(said, (since, at), source, services)
        for said, (since, at), source in _said(evidence)
        if _CALL.search(said) and not _before(at, success)
    ]
    repaired = _deployed_at(evidence, *RANCHER_WEBHOOK)
    current = [
        call
        for call in calls
        if not _is_gone(evidence, call, services)
        # Another release of the chart keeps the certificate as it is.
        and (
            call.service != "/".join(RANCHER_WEBHOOK)
            or call.problem in UNTRUSTED
            or not _before(call.at, repaired)
        )
    ]
    return sorted(current, key=lambda call: call.at or "", reverse=True)


def _is_gone(evidence: Evidence, call: FailedCall, services: dict[str, str]) -> bool:
    """Whether nothing calls the missing Service any more: no configuration names it."""
    named = {part for service in services.values() for part in (service, service.partition("/")[2])}
    known = evidence.webhook_configurations is not None
    return known and call.problem == "service-missing" and call.service not in named


def _before(at: str | None, success: str | None) -> bool:
    return bool(at and success and seconds_between(at, success))


def _said(evidence: Evidence) -> Iterator[tuple[str, Times, str]]:
    """Texts in which a failed call may be quoted, when it was, and by whom."""
    log = evidence.leader_log
    for match in map(mapping, log.matches if log else ()):
        times = _times(match)
        if _is_recent(evidence, times[1], _RECENT):
            yield text(match.get("text")) or "", times, f"Pod/cattle-system/{log and log.pod}"
    for pod in evidence.helm_pods or ():
        if pod.exit_code != 0 and _is_recent(evidence, pod.created_at, _HELM_RECENT):
            for line in pod.log_lines:
                yield line, (pod.created_at, pod.created_at), f"Pod/cattle-system/{pod.name}"
    for release in evidence.releases:
        last = release.revisions[0] if release.revisions else Revision()
        if last.status == "failed" and _is_recent(evidence, last.last_deployed, _HELM_RECENT):
            source = f"Release/{release.namespace}/{release.release}"
            yield last.description or "", (last.last_deployed, last.last_deployed), source
    for event in map(mapping, evidence.log_events):
        times = _times(event)
        if event.get("kind") == "upgrade-failed" and _is_recent(evidence, times[1], _HELM_RECENT):
            yield text(event.get("text")) or "", times, "the upgrade job"


def _times(line: Document) -> Times:
    first = text(line.get("at"))
    return first, text(line.get("last_at")) or first


def _is_recent(evidence: Evidence, at: str | None, limit: int) -> bool:
    age = seconds_between(at, evidence.collected_at)
    return age is None or age <= limit


def _last_success(evidence: Evidence) -> str | None:
    """When helm last succeeded: it stores its release in a Secret, which goes through Rancher's webhook."""
    ended_well = (pod.created_at for pod in evidence.helm_pods or () if pod.exit_code == 0)
    return max((at for at in ended_well if at), default=None)


def _deployed_at(evidence: Evidence, namespace: str, release: str) -> str | None:
    """When the release was deployed last: helm has waited for its new pods, which take the calls since."""
    last = next(iter(evidence.release(namespace, release).revisions), Revision())
    return last.last_deployed if last.status == "deployed" else None


def _services(evidence: Evidence) -> dict[str, str]:
    return {
        webhook.name: webhook.service
        for configuration in evidence.webhook_configurations or ()
        for webhook in configuration.webhooks
        if webhook.name and webhook.service
    }


def _read(said: str, times: Times, source: str, services: dict[str, str]) -> FailedCall:
    found = _CALL.search(said)
    webhook = found["webhook"] if found else ""
    reason = _QUERY.sub("", said)
    problem = next((name for name, pattern in _PROBLEMS if pattern.search(reason)), "failed")
    service = _service(said, webhook, services)
    return FailedCall(webhook, service, problem, _words(said), *times, source)


def _service(said: str, webhook: str, services: dict[str, str]) -> str | None:
    address, missing = _ADDRESS.search(said), _MISSING.search(said)
    if address:
        return f"{address['namespace']}/{address['name']}"
    known = services.get(webhook)
    if known or not missing:
        return known
    return missing["name"]


def _words(said: str) -> str:
    """The message from the failed call on: what stands before it is the caller's."""
    found = _CALL.search(said)
    return " ".join(said[found.start() if found else 0 :].split())[:400].rstrip('"')
