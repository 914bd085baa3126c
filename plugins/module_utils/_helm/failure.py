# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What helm's complaints mean: one table for pod logs, descriptions of revisions, and our own runs of helm."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .conflicts import FORCE_OPTION, in_one_line

UNKNOWN = "unknown"
CONFLICT = "conflict"
_DEFAULT_REMEDY = "Read the message; run helm with the same chart by hand to see all of its output."


@dataclass(frozen=True)
class Kind:
    """A kind of failure: ``pattern`` over helm's text, ``meaning`` in plain words, ``remedy`` what to do next.

    ``passes``: the same call succeeds later although nobody removes the cause. ``at_once``: the cause is in the chart, its
    values or the objects there, so that even a single failure is sure to come again.
    """

    pattern: re.Pattern[str]
    meaning: str
    remedy: str = _DEFAULT_REMEDY
    passes: bool = False
    at_once: bool = False


def _kind(
    pattern: str,
    meaning: str,
    remedy: str = _DEFAULT_REMEDY,
    *,
    passes: bool = False,
    at_once: bool = False,
) -> Kind:
    return Kind(re.compile(pattern, re.IGNORECASE), meaning, remedy, passes, at_once)


# The first that fits is the reason: the particular before the general, and what stands in the way of everything before
# what it makes fail. Sources are the texts of Helm 3.10 to 4.2, of the API server, and FM 8.2.
KINDS: dict[str, Kind] = {
    "another-operation": _kind(
        r"another operation \(install/upgrade/rollback\) is in progress|release: already exists",
        "another helm operation holds the release",
        "Wait for the operation that holds the release, or unlock it when nobody works on it.",
        passes=True,
    ),
    "unknown-flag": _kind(
        r"unknown (?:shorthand )?flag",
        "this helm does not know an option that it is given",
        "Use another helm program: this one is too old or too new.",
        at_once=True,
    ),
    "no-deployed-releases": _kind(
        r"has no deployed releases",
        "no revision of the release is deployed",
        "No revision of the release is deployed: let Rancher install it.",
    ),
    "release-not-found": _kind(
        r"release: not found|release has no \S+ version",
        "the release or its revision does not exist",
        "The release does not exist there: check name and namespace.",
    ),
    "chart-missing": _kind(
        r"no cached repo found|failed to (?:download|fetch) |chart \S+ (?:matching \S+ )?not found in"
        r"|\S+\.tgz: no such file|path \"[^\"]*\" not found|chart\.ya?ml file is missing|invalid_reference"
        r"|not a valid chart repository|missing in charts/ directory|gzip: invalid header",
        "the chart's archive is missing or damaged",
        "Refresh the index of the ClusterRepo, and see that it has the chart in this version.",
    ),
    "kube-version": _kind(
        r"chart requires kubeVersion",
        "the chart does not support this version of Kubernetes",
        "This chart is not for this Kubernetes version.",
        at_once=True,
    ),
    "namespace-terminating": _kind(
        r"because it is being terminated|namespace \S+ is being (?:deleted|terminated)",
        "a namespace is being deleted",
        "Find what keeps the namespace from being deleted; helm can install once it is gone.",
    ),
    "object-terminating": _kind(
        r"object is being deleted: |custom resource definition is terminating",
        "an object of the chart is being deleted",
        "Find what keeps the object from being deleted: its finalizers name who has to let it go.",
    ),
    "quota": _kind(
        r"exceeded quota|failed quota: |maximum \S+ usage per (?:Container|Pod)",
        "a quota of the namespace is used up",
        "Raise the ResourceQuota or LimitRange of the namespace, or free what it counts.",
    ),
    "release-too-large": _kind(
        r"Too long: (?:must have at most|may not be more than)|request is too large|trying to send message larger"
        r"|Request entity too large|limit is 3145728",
        "the release or an object of it is too large to be stored",
        "Make the release smaller: leave out large values, or use a helm that compresses better.",
        at_once=True,
    ),
    "ownership": _kind(
        r"invalid ownership metadata|cannot be imported into the current release|cannot be owned: ",
        "objects of the chart belong to another release, or to none",
        "Allow to take ownership of the objects named, after checking what they belong to.",
        at_once=True,
    ),
    "webhook-denied": _kind(
        r"admission webhook \S+ denied the request|ValidatingAdmissionPolicy .* denied request|violates PodSecurity",
        "an admission control refuses the change",
        "The webhook named refuses the change: read its reason.",
    ),
    "webhook-untrusted": _kind(
        r"(?:failed calling|conversion) webhook.*(?:x509:|certificate (?:has expired|is not (?:trusted|valid))"
        r"|failed to verify certificate)",
        "the certificate of a webhook is expired or not trusted",
        "Renew the certificate of the webhook named, or the CA bundle of its configuration.",
    ),
    "webhook-unreachable": _kind(
        r"failed calling webhook|conversion webhook for .* failed",
        "a webhook does not answer",
        "The webhook named does not answer: repair the service behind it first.",
    ),
    "immutable": _kind(
        r"field is immutable|cannot change roleRef|Forbidden: updates to statefulset spec"
        r"|may not change once set|may not be changed",
        "a field of an object cannot be changed in place",
        "The object named cannot be changed in place, also not with force: save it, delete it, run again.",
        at_once=True,
    ),
    CONFLICT: _kind(
        r"Apply failed with \d+ conflict|conflicts? with \"|conflict occurred while applying",
        "another manager owns fields of the chart's objects",
        "See what the fields named are for. Only if the chart is to have them: name the release in"
        f" {FORCE_OPTION}, which takes them over.",
        at_once=True,
    ),
    "modified-meanwhile": _kind(
        r"the object has been modified; please apply",
        "an object was changed at the same moment",
        "Run again: the object was changed by another client meanwhile.",
        passes=True,
    ),
    "api-removed": _kind(
        r"contains removed kubernetes api",
        "the installed revision uses an API that this Kubernetes no longer serves",
        "The stored revision has to be converted to APIs that are still served (the mapkubeapis plugin of helm does it).",
        at_once=True,
    ),
    "missing-crd": _kind(
        r"no matches for kind|resource mapping not found|ensure CRDs are installed first"
        r"|server could not find the requested resource",
        "the API server does not know a kind that the chart uses",
        "Upgrade the release that brings the CRDs (fleet-crd for fleet) first.",
    ),
    "already-exists": _kind(
        r"\"[^\"]+\" already exists",
        "an object of the chart exists already",
        "See what the object named belongs to; a leftover of a broken-off run can be saved and deleted.",
    ),
    "namespace-missing": _kind(
        r"namespaces? \"[^\"]+\" not found",
        "a namespace that the chart needs does not exist",
        "Create the namespace named, or correct the value that names it.",
    ),
    "forbidden": _kind(
        r"is forbidden: User|(?:cannot|can't) .* resource .* in API group",
        "the account that runs helm is not allowed to do it",
        "Use an account with more permissions.",
    ),
    "values-schema": _kind(
        r"values don't meet the specifications of the schema",
        "the values do not fit the chart's schema",
        "Correct the values named.",
        at_once=True,
    ),
    "api-untrusted": _kind(
        r"x509: ",
        "a certificate is expired or not trusted",
        "Renew the certificate named.",
    ),
    "api-interrupted": _kind(
        r"Bad Gateway|connection refused|connection reset|TLS handshake|etcdserver|unexpected EOF|\": EOF"
        r"|i/o timeout|no route to host|Service Unavailable|http2: |Timeout waiting for kubernetes"
        r"|currently unable to handle the request|request did not complete within|Gateway Timeout"
        r"|unable to return a response in the time allotted|apiserver (?:is shutting down|not ready)"
        r"|received too many requests|cluster unreachable",
        "the API server did not answer",
        "The API server was interrupted. Wait until it answers, then run again.",
        passes=True,
    ),
    "invalid-object": _kind(
        r"error validating data|\" is invalid: |is invalid: \S+: (?:Invalid|Required|Unsupported|Forbidden)",
        "the API server does not accept an object of the chart",
        "Correct the value that makes the object named invalid.",
        at_once=True,
    ),
    "render": _kind(
        r"execution error (?:at|in)|parse error (?:at|in|on) |error calling |nil pointer eval|cannot parse template"
        r"|error during tpl function|rendering template|unable to execute template|failed to render"
        r"|error (?:converting|unmarshaling|parsing) (?:YAML|JSON)|template: \S+:\d+",
        "the chart does not render with these values",
        "Correct the value that the chart does not render with, or use another version of the chart.",
        at_once=True,
    ),
    "hook-timed-out": _kind(
        r"(?:(?:pre|post)-(?:install|upgrade|rollback|delete)[^\n]*?fail|failed (?:pre|post)-)"
        r"[\s\S]{0,600}?(?:timed out waiting|context deadline exceeded|DeadlineExceeded)",
        "a hook of the chart did not end in time",
        "See why the pod of the hook's Job does not start or end: the release is marked failed.",
    ),
    "hook-failed": _kind(
        r"(?:pre|post)-(?:install|upgrade|rollback|delete)(?: hooks? failed)|failed (?:pre|post)-"
        r"|Hook \S+ \S+ failed",
        "a hook of the chart failed",
        "Read the log of the hook's Job: the release is marked failed.",
    ),
    "timed-out": _kind(
        r"timed out waiting for the condition|context deadline exceeded|timeout waiting for"
        r"|would exceed context deadline|not ready\. status: InProgress",
        "the release did not become ready in time",
        "See which pods of the release are not ready (kubectl get pods, describe), then run again.",
    ),
    "interrupted": _kind(
        r"context canceled|SIGTERM|signal: (?:killed|terminated)|has been cancelled",
        "helm was stopped before it was done",
        passes=True,
    ),
}
# Kinds that no text of helm shows: its pod does not start, and a text that fits none.
_WORDLESS = {
    "image": Kind(
        re.compile("(?!)"),
        "the image in which Rancher runs helm cannot be started",
        "Bring the image to the nodes, or correct its name.",
    ),
    UNKNOWN: Kind(re.compile("(?!)"), "the cause is not known"),
}
# Whether our own run of helm may be repeated at once: a rollout that was slow may be ready the next time.
_RETRYABLE = frozenset(name for name, each in KINDS.items() if each.passes) | {"timed-out"}

_NOISE = re.compile(
    r"^(?:WARNING: Kubernetes configuration file is|[WIE]\d{4} |coalesce\.go|level=(?:INFO|DEBUG)|"
    r"time=\S+ level=(?:INFO|DEBUG|WARN))|^\s*$",
    re.IGNORECASE,
)
_MAX_LINE = 600


def kinds_of(text: str) -> list[str]:
    """Every kind of failure that helm's output tells of, the most telling first: its last error counts before what it
    complained about on the way."""
    ending = text[text.rfind("Error:") :] if "Error:" in text else text
    return list(dict.fromkeys((*_fitting(ending), *_fitting(text))))


def kind_of(text: str) -> str | None:
    """The kind of failure that ended helm; None when its output fits none."""
    return next(iter(kinds_of(text)), None)


def telling_line(text: str) -> str:
    """The one line of helm's output that says why it failed; empty when there is none."""
    lines = [line.strip() for line in in_one_line(text).splitlines() if not _NOISE.search(line)]
    errors = [line for line in lines if line.startswith("Error:")] or lines[-1:]
    kind = kind_of(text)
    telling = [line for line in lines if kind and KINDS[kind].pattern.search(line)]
    chosen = next((line for line in errors if line in telling), (telling or errors or [""])[0])
    return chosen.removeprefix("Error:").strip()[:_MAX_LINE]


def meaning_of(kind: str) -> str:
    """What a kind of failure means, in plain words."""
    return _of(kind).meaning


def remedy_of(kind: str | None) -> str:
    """What to do next about a kind of failure."""
    return _of(kind).remedy


def passes(kind: str) -> bool:
    """Whether the cause goes away by itself, so that the same call can succeed later."""
    return _of(kind).passes


def comes_again(kind: str) -> bool:
    """Whether one failure of this kind is enough to know that the same call fails again."""
    return _of(kind).at_once


def is_retryable(kind: str | None) -> bool:
    """Whether the same call may succeed later without any change."""
    return kind in _RETRYABLE


def _fitting(text: str) -> list[str]:
    return [name for name, kind in KINDS.items() if kind.pattern.search(text)]


def _of(kind: str | None) -> Kind:
    name = kind or UNKNOWN
    return KINDS.get(name) or _WORDLESS.get(name) or _WORDLESS[UNKNOWN]
