# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Admission webhooks that do not answer, or whose certificate the API server does not trust (FM 6.19, 6.20)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..._core import names
from ..._core.lenient import moment, seconds_between
from ..._documents.evidence import Evidence, ServingCertificate, Webhook, WebhookConfiguration
from . import webhook_calls
from .webhook_calls import FailedCall, failed_calls

RANCHER_WEBHOOK = "rancher.cattle.io"
RANCHER_SERVICE = "/".join(names.RANCHER_WEBHOOK)
LEGACY_CAPI = (
    "mutating-webhook-configuration",
    "validating-webhook-configuration",
    "capi-mutating-webhook-configuration",
    "capi-validating-webhook-configuration",
)
_HOST = "rancher-webhook.cattle-system.svc"
_DAY = 86_400
_JUST_NOW = 300
_REASONS = {
    webhook_calls.EXPIRED: "the certificate has expired",
    webhook_calls.NOT_YET_VALID: "the certificate is not valid yet",
    webhook_calls.OUT_OF_DATE: "the certificate has expired or is not valid yet",
    webhook_calls.UNKNOWN_AUTHORITY: "the caBundle of the webhook configurations has not signed the certificate",
    webhook_calls.WRONG_NAME: "the certificate is not for the name of the Service",
}
_PROBLEMS = {
    **_REASONS,
    "service-missing": "the Service does not exist",
    "no-endpoints": "the Service has no ready pod behind it",
    "timeout": "the call timed out",
    "refused": "the connection was refused or lost",
    "server-error": "the webhook answered with an error",
}


@dataclass(frozen=True)
class ToldCall:
    """A call that failed, as a reader is told of it."""

    webhook: str
    text: str
    at: str | None
    source: str


@dataclass(frozen=True)
class Ready:
    """How many pods of a Deployment are ready, of how many."""

    ready: int | None
    replicas: int | None


@dataclass(frozen=True)
class RancherWebhook:
    """``ready``: somebody ready is behind it; ``unreachable``: it does not answer, with the ``problem``."""

    known: bool
    present: bool
    unreachable: bool | None
    ready: bool | None
    problem: str | None
    trusted: bool | None
    why: str | None
    undecided: str | None
    expires_in_days: int | None
    not_after: str | None
    bundles_differ: bool
    failed_calls: tuple[ToldCall, ...]
    deployment: Ready | None


@dataclass(frozen=True)
class Orphan:
    """A webhook configuration whose Services are gone."""

    kind: str | None
    name: str | None
    services: tuple[str, ...]


@dataclass(frozen=True)
class LegacyWebhooks:
    """Those that Cluster API has left behind, and calls of them that failed."""

    known: bool
    orphaned: tuple[Orphan, ...]
    failed_calls: tuple[ToldCall, ...]


@dataclass(frozen=True)
class OtherWebhook:
    """The webhooks behind one Service. ``holds_helm``: somebody else than Rancher's pods made one of the calls."""

    service: str
    namespace: str | None
    name: str | None
    webhooks: tuple[str, ...]
    configurations: tuple[str, ...]
    legacy: bool
    untrusted: bool
    problem: str
    answers: bool | None
    failed_calls: tuple[ToldCall, ...]
    about_capi: bool
    holds_helm: bool


@dataclass(frozen=True)
class WebhookFacts:
    """The admission webhooks, by whose they are."""

    rancher_webhook: RancherWebhook
    """whether Rancher's admission webhook can be reached (`unreachable`), and whether callers trust it:
    `trusted`, `why` not, `undecided`, `expires_in_days`, `bundles_differ`"""
    legacy_capi_webhooks: LegacyWebhooks
    """Cluster API's webhook configurations whose Services are gone"""
    other_webhooks: tuple[OtherWebhook, ...]
    """admission webhooks of others of which calls failed of late, by Service, with the `problem`"""


def webhook_facts(evidence: Evidence) -> WebhookFacts:
    """All of them."""
    known = evidence.readable("webhook_configurations")
    configurations = evidence.webhook_configurations or ()
    own = [item for item in configurations if item.name == RANCHER_WEBHOOK]
    calls = failed_calls(evidence)
    return WebhookFacts(
        rancher_webhook=_rancher_webhook(evidence, own, [each for each in calls if _own(each)]),
        legacy_capi_webhooks=LegacyWebhooks(
            known=known,
            orphaned=tuple(_orphan(item) for item in configurations if _orphaned(item)),
            failed_calls=_told(each for each in calls if "cluster.x-k8s.io" in each.webhook),
        ),
        other_webhooks=_others(evidence, [each for each in calls if not _own(each)]),
    )


def _own(call: FailedCall) -> bool:
    """By the service that was called; a message that does not say it has the name of the webhook only."""
    if call.service:
        return call.service in (RANCHER_SERVICE, "rancher-webhook")
    return call.webhook.startswith(("rancher.cattle.io", "rancherauth.cattle.io"))


def _rancher_webhook(
    evidence: Evidence, own: list[WebhookConfiguration], calls: list[FailedCall]
) -> RancherWebhook:
    known = evidence.readable("webhook_configurations")
    webhooks = [each for item in own for each in item.webhooks if each.service == RANCHER_SERVICE]
    trusted, reason = _trusted(evidence, webhooks, calls)
    certificate = evidence.webhook_certificate or ServingCertificate()
    behind = _answers_all(own) if known else None
    silent = [each for each in calls if _is_silence(evidence, each, behind)]
    return RancherWebhook(
        known=known,
        present=bool(own),
        unreachable=True if silent else None if behind is None else not behind,
        ready=behind,
        problem=_PROBLEMS.get(silent[0].problem, "the call failed") if silent else None,
        trusted=trusted,
        why=_REASONS.get(reason or ""),
        undecided=_undecided(evidence, trusted, reason),
        expires_in_days=_days_left(evidence, certificate.not_after),
        not_after=certificate.not_after or None,
        bundles_differ=len({each.bundle for each in webhooks if each.bundle}) > 1,
        failed_calls=_told(calls),
        deployment=_deployment(evidence),
    )


def _is_silence(evidence: Evidence, call: FailedCall, ready: bool | None) -> bool:
    """Whether a call shows that the webhook does not answer now. One that found nobody is explained by pods that were
    being replaced, once they are ready: then only a fault that has lasted, and lasts, counts."""
    if call.problem in webhook_calls.UNTRUSTED:
        return False
    if call.problem == "timeout" or ready is False:
        return True
    lasted, age = (
        seconds_between(call.since, call.at),
        seconds_between(call.at, evidence.collected_at),
    )
    return (lasted or 0) >= _JUST_NOW and age is not None and age <= _JUST_NOW


def _undecided(evidence: Evidence, trusted: bool | None, reason: str | None) -> str | None:
    """Why it is not known whether callers trust it; None also where nobody has looked (older evidence)."""
    source = evidence.sources.get("webhook_certificate")
    if trusted is not None or source is None:
        return None
    if not evidence.readable("webhook_certificate"):
        return f"Secret cattle-system/cattle-webhook-tls could not be read ({source.state}: {source.reason[:300]})"
    certificate = evidence.webhook_certificate or ServingCertificate()
    if certificate.error:
        return f"the certificate in Secret cattle-system/cattle-webhook-tls is unreadable: {certificate.error}"
    if reason:
        return "calls failed for the certificate, but the one in Secret cattle-system/cattle-webhook-tls is valid now"
    return None


def _trusted(
    evidence: Evidence, webhooks: list[Webhook], calls: list[FailedCall]
) -> tuple[bool | None, str | None]:
    """Whether callers trust it, and why not: what is in the cluster now counts more than a line of a log."""
    reason = _fault_of_certificate(evidence, webhooks)
    if reason:
        return False, reason
    refused = [each for each in calls if each.problem in webhook_calls.UNTRUSTED]
    if refused:
        flawless = _is_flawless(evidence, webhooks)
        age = seconds_between(refused[0].at, evidence.collected_at)
        renewed = evidence.webhook_certificate and evidence.webhook_certificate.created_at
        if flawless and renewed and seconds_between(refused[0].at, renewed):
            return True, None
        if flawless and (age is None or age > _JUST_NOW):
            # It may have been renewed in place since; the next call will tell.
            return None, refused[0].problem
        return False, refused[0].problem
    return (True if _is_flawless(evidence, webhooks) else None), None


def _fault_of_certificate(evidence: Evidence, webhooks: list[Webhook]) -> str | None:
    certificate = evidence.webhook_certificate or ServingCertificate()
    now = moment(evidence.collected_at)
    start, end = moment(certificate.not_before), moment(certificate.not_after)
    if now and end and now > end:
        return webhook_calls.EXPIRED
    if now and start and now < start:
        return webhook_calls.NOT_YET_VALID
    if any(each.signed is False for each in webhooks):
        return webhook_calls.UNKNOWN_AUTHORITY
    ends = [end for each in webhooks if (end := moment(each.trusted_until))]
    if now and any(now > end for end in ends):
        return webhook_calls.EXPIRED
    if certificate.names and not any(map(_is_for_the_service, certificate.names)):
        return webhook_calls.WRONG_NAME
    return None


def _is_for_the_service(name: str) -> bool:
    return name in (_HOST, "*.cattle-system.svc")


def _is_flawless(evidence: Evidence, webhooks: list[Webhook]) -> bool:
    """Whether everything that can be wrong was looked at, and nothing is."""
    certificate = evidence.webhook_certificate or ServingCertificate()
    looked_at = moment(certificate.not_after) is not None and bool(webhooks)
    signed = all(each.signed is True for each in webhooks)
    return looked_at and signed and _fault_of_certificate(evidence, webhooks) is None


def _days_left(evidence: Evidence, end: str | None) -> int | None:
    seconds = seconds_between(evidence.collected_at, end)
    return None if seconds is None else seconds // _DAY


def _others(evidence: Evidence, calls: list[FailedCall]) -> tuple[OtherWebhook, ...]:
    """Webhooks of others that calls have failed of late, one element for each service."""
    by_service: dict[str, list[FailedCall]] = {}
    for call in calls:
        by_service.setdefault(call.service or f"webhook {call.webhook}", []).append(call)
    return tuple(
        _other(evidence, service, found) for service, found in sorted(by_service.items())[:10]
    )


def _other(evidence: Evidence, service: str, calls: list[FailedCall]) -> OtherWebhook:
    namespace, _slash, name = service.rpartition("/")
    behind = [
        (item, each)
        for item in evidence.webhook_configurations or ()
        for each in item.webhooks
        if each.service == service or each.name in {call.webhook for call in calls}
    ]
    answers = [_answers(each) for _item, each in behind]
    return OtherWebhook(
        service=service,
        namespace=namespace or None,
        name=None if service.startswith("webhook ") else name,
        webhooks=tuple(sorted({call.webhook for call in calls})[:5]),
        configurations=tuple(sorted({f"{item.kind}/{item.name}" for item, _each in behind})[:5]),
        legacy=any(_orphaned(item) for item, _each in behind),
        untrusted=calls[0].problem in webhook_calls.UNTRUSTED,
        problem=_PROBLEMS.get(calls[0].problem) or "the call failed",
        answers=None if not answers or None in answers else all(answers),
        failed_calls=_told(calls),
        about_capi=any("cluster.x-k8s.io" in call.webhook for call in calls),
        holds_helm=any(not call.source.startswith("Pod/cattle-system/rancher-") for call in calls),
    )


def _told(calls: Iterable[FailedCall]) -> tuple[ToldCall, ...]:
    seen: dict[tuple[str, str], ToldCall] = {}
    for each in calls:
        told = ToldCall(each.webhook, each.text, each.at, each.source)
        seen.setdefault((each.webhook, each.source), told)
    return tuple(seen.values())[:3]


def _answers_all(configurations: list[WebhookConfiguration]) -> bool | None:
    """Whether something ready is behind all of them; None when that was not looked at."""
    answers = [_answers(webhook) for item in configurations for webhook in item.webhooks]
    if False in answers:
        return False
    return None if None in answers else True


def _answers(webhook: Webhook) -> bool | None:
    if webhook.service is None:
        return True
    if webhook.service_exists is False or webhook.ready_endpoints is False:
        return False
    return True if webhook.service_exists and webhook.ready_endpoints else None


def _orphaned(configuration: WebhookConfiguration) -> bool:
    webhooks = configuration.webhooks
    gone = bool(webhooks) and all(item.service_exists is False for item in webhooks)
    return configuration.name in LEGACY_CAPI and gone


def _orphan(configuration: WebhookConfiguration) -> Orphan:
    services = sorted({item.service or "?" for item in configuration.webhooks})
    return Orphan(configuration.kind or None, configuration.name or None, tuple(services))


def _deployment(evidence: Evidence) -> Ready | None:
    for item in evidence.fleet.deployments if evidence.fleet else ():
        if item.name == "rancher-webhook":
            return Ready(item.ready, item.replicas)
    return None
