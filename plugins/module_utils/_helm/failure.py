# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What helm's complaints mean."""

from __future__ import annotations

import re

#: kind -> pattern over helm's text, in the order in which they explain a failure best.
#: The first that fits is the reason; sources are Helm's own texts (3.10 to 4.3) and FM 8.2.
KINDS: dict[str, re.Pattern[str]] = {
    kind: re.compile(pattern, re.IGNORECASE)
    for kind, pattern in (
        (
            "another-operation",
            r"another operation \(install/upgrade/rollback\) is in progress|release: already exists",
        ),
        ("unknown-flag", r"unknown (?:shorthand )?flag"),
        ("no-deployed-releases", r"has no deployed releases"),
        ("release-not-found", r"release: not found|release has no \S+ version"),
        ("kube-version", r"chart requires kubeVersion"),
        (
            "ownership",
            r"invalid ownership metadata|cannot be imported into the current release",
        ),
        (
            "webhook-denied",
            r"admission webhook \S+ denied the request|ValidatingAdmissionPolicy .* denied request",
        ),
        ("webhook-unreachable", r"failed calling webhook"),
        (
            "immutable",
            r"field is immutable|cannot change roleRef|Forbidden: updates to statefulset spec"
            r"|may not change once set|may not be changed",
        ),
        ("conflict", r"Apply failed with \d+ conflict|conflicts? with \""),
        ("missing-crd", r"no matches for kind|resource mapping not found"),
        ("forbidden", r"is forbidden: User"),
        (
            "hook-failed",
            r"(?:pre|post)-(?:install|upgrade|rollback)(?: hooks? failed)|failed (?:pre|post)-",
        ),
        (
            "values-schema",
            r"values don't meet the specifications of the schema",
        ),
        (
            "render",
            r"execution error at|parse error at|error calling |YAML parse error|nil pointer eval",
        ),
        (
            "api-interrupted",
            r"Bad Gateway|connection refused|connection reset|TLS handshake|etcdserver|unexpected EOF"
            r"|i/o timeout|no route to host|Service Unavailable|http2: client connection lost",
        ),
        (
            "timed-out",
            r"timed out waiting for the condition|context deadline exceeded|timeout waiting for"
            r"|would exceed context deadline|not ready\. status: InProgress",
        ),
        ("interrupted", r"context canceled|SIGTERM|signal: (?:killed|terminated)"),
    )
}

_REMEDIES = {
    "another-operation": "Wait for the operation that holds the release, or unlock it when nobody works on it.",
    "unknown-flag": "Use another helm program: this one is too old or too new.",
    "ownership": "Allow to take ownership of the objects named, after checking what they belong to.",
    "webhook-denied": "The webhook named refuses the change: read its reason.",
    "webhook-unreachable": "The webhook named does not answer: repair the service behind it first.",
    "immutable": "The object named cannot be changed in place, also not with force: save it, delete it, "
    "run again.",
    "conflict": "Another manager owns the fields named: allow force to take them over.",
    "missing-crd": "Upgrade the release that brings the CRDs (fleet-crd for fleet) first.",
    "forbidden": "Use an account with more permissions.",
    "hook-failed": "Read the log of the hook's Job: the release is marked failed.",
    "timed-out": "See which pods of the release are not ready (kubectl get pods, describe), then run again.",
    "api-interrupted": "The API server was interrupted. Wait until it answers, then run again.",
    "kube-version": "This chart is not for this Kubernetes version.",
    "no-deployed-releases": "No revision of the release is deployed: let Rancher install it.",
    "release-not-found": "The release does not exist there: check name and namespace.",
}
_RETRYABLE = frozenset({"another-operation", "api-interrupted", "timed-out", "interrupted"})

_NOISE = re.compile(
    r"^(?:WARNING: Kubernetes configuration file is|[WIE]\d{4} |coalesce\.go|level=(?:INFO|DEBUG)|"
    r"time=\S+ level=(?:INFO|DEBUG|WARN))|^\s*$",
    re.IGNORECASE,
)
_MAX_LINE = 600


def kinds_of(text: str) -> list[str]:
    """Every kind of failure that helm's output tells of, the most telling first."""
    return [kind for kind, pattern in KINDS.items() if pattern.search(text)]


def telling_line(text: str) -> str:
    """The one line of helm's output that says why it failed; empty when there is none."""
    lines = [line.strip() for line in text.splitlines() if not _NOISE.search(line)]
    errors = [line for line in lines if line.startswith("Error:")] or lines[-1:]
    kinds = kinds_of(text)
    telling = [line for line in lines if kinds and KINDS[kinds[0]].search(line)]
    chosen = next((line for line in errors if line in telling), (telling or errors or [""])[0])
    return chosen.removeprefix("Error:").strip()[:_MAX_LINE]


def remedy_of(kind: str | None) -> str:
    """What to do next about a kind of failure."""
    default = "Read the message; run helm with the same chart by hand to see all of its output."
    return _REMEDIES.get(kind or "", default)


def is_retryable(kind: str | None) -> bool:
    """Whether the same call may succeed later without any change."""
    return kind in _RETRYABLE
