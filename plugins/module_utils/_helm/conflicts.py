# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fields that helm would set server-side and that belong to another manager: whose, which are shared, what to do.

Helm 4 applies a release server-side when its last revision was. The API server then refuses to change a field that
another manager has set to another value, and helm fails before it has changed that object.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._core.errors import RemediationError
from .._core.listing import first_of
from .._kube.client import USER_AGENT

FIELD_MANAGER = "helm"
FORCE_OPTION = "remediation_force_releases"
# What these two have written, helm had set before: a client-side apply, an object brought back from a backup.
_OWN = frozenset({FIELD_MANAGER, USER_AGENT})
_SEE = "See which manager has set the fields that helm names, and what for."
_SCALED = ("Deployment", "ReplicaSet", "StatefulSet")
_WEBHOOKS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")


@dataclass(frozen=True)
class SharedField:
    """A field that a chart sets and that another program keeps: taken over, and put back.

    ``put_back``: with its value from before, right after helm. Otherwise ``keeper`` says who sets it again.
    """

    kinds: tuple[str, ...]
    field: re.Pattern[str]
    keeper: str
    put_back: bool
    object: str = ""


SHARED = (
    SharedField(
        ("ConfigMap",),
        re.compile(r"\.data\.config"),
        "a later step of the plan puts apiServerURL and its CA back",
        put_back=False,
        object="ConfigMap/cattle-fleet-system/fleet-controller",
    ),
    SharedField(
        _WEBHOOKS,
        re.compile(r"\.webhooks\[[^\]]*\]\.clientConfig\.caBundle"),
        "it is put back right after helm",
        put_back=True,
    ),
    SharedField(
        ("CustomResourceDefinition",),
        re.compile(r"\.spec\.conversion\.webhook\.clientConfig\.caBundle"),
        "it is put back right after helm",
        put_back=True,
    ),
    SharedField(
        ("APIService",), re.compile(r"\.spec\.caBundle"), "it is put back right after helm", True
    ),
    SharedField(
        _SCALED, re.compile(r"\.spec\.replicas"), "it is put back right after helm", put_back=True
    ),
    # The chart brings the list of its version; the webhook writes its own over it whenever it starts.
    SharedField(
        _WEBHOOKS,
        re.compile(r"\.webhooks(?:\[.*)?"),
        "rancher-webhook writes it again when it starts",
        put_back=False,
        object="/rancher.cattle.io",
    ),
)


@dataclass(frozen=True, order=True)
class Conflict:
    """One field of one object (``Kind/namespace/name``) and the manager that has set it."""

    object: str
    field: str
    manager: str

    @property
    def shared(self) -> SharedField | None:
        """The row of the table of shared fields; None for a field that is not in it."""
        kind = self.object.partition("/")[0]
        own = (each for each in SHARED if kind in each.kinds and self.object.endswith(each.object))
        return next((each for each in own if each.field.fullmatch(self.field)), None)

    @property
    def allowed(self) -> bool:
        """Whether the field is taken over without being named by a person."""
        return self.manager in _OWN or self.shared is not None

    @property
    def text(self) -> str:
        """How messages name it."""
        return f"{self.field} of {self.object} (manager {self.manager})"

    def to_dict(self) -> dict[str, str]:
        """The conflict as a document."""
        return {"object": self.object, "field": self.field, "manager": self.manager}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Conflict:
        """The conflict in a document."""
        return cls(*(str(document.get(name) or "") for name in ("object", "field", "manager")))


# An object, a manager and a field as helm 4 and the API server write them, one after the other.
_SCANNER = re.compile(
    r"applying object (?P<where>[^/\s]*)/(?P<name>\S+) \S*, ?Kind=(?P<kind>\w+)"
    r"|conflicts? with \\?\"(?P<manager>[^\"\\]*)"
    r"|(?:: |- )(?P<field>\.[A-Za-z][^\s]*)"
)
_CONTINUED = re.compile(r"\s*\n\s*(?=- \.|conflicts? with \")")


def in_one_line(text: str) -> str:
    """Helm's output with the lists of fields, which have a line each, in the line that they belong to."""
    return _CONTINUED.sub(" ", text)


def conflicts_in(text: str) -> tuple[Conflict, ...]:
    """The conflicts that helm's words name; an object that they leave out is empty."""
    found: dict[Conflict, None] = {}
    label = manager = ""
    for match in _SCANNER.finditer(text):
        if match["kind"]:
            label = "/".join(filter(None, (match["kind"], match["where"], match["name"])))
        elif match["manager"] is not None:
            manager = match["manager"]
        elif manager:
            found[Conflict(label, match["field"].rstrip(".,;"), manager)] = None
    return tuple(found)


def unapproved(conflicts: Iterable[Conflict]) -> tuple[Conflict, ...]:
    """Those that a person has to agree to by the name of the release."""
    return tuple(each for each in conflicts if not each.allowed)


def force_option(releases: Sequence[str]) -> str:
    """The option of ansible-playbook that allows to take over fields of releases."""
    return f"-e '{json.dumps({FORCE_OPTION: list(releases)})}'"


def force_advice(release: str) -> str:
    """The option and the value that allow to take over fields of a release."""
    return (
        f"Only if the chart is to have these fields: run again with {force_option([release])},"
        " which takes them over."
    )


def show_command(label: str) -> str:
    """The command that shows who manages which field of an object."""
    parts = label.split("/")
    where = f"-n {parts[1]} " if len(parts) == 3 else ""
    return f"kubectl {where}get {parts[0].lower()} {parts[-1]} -o yaml --show-managed-fields"


def listed(conflicts: Sequence[Conflict], most: int = 8) -> str:
    """The conflicts in one text."""
    return first_of([each.text for each in conflicts], most, "; ")


def advice(release: str, conflicts: Sequence[Conflict]) -> str:
    """What to do about conflicts that somebody has to agree to; where there is none, they are taken over."""
    foreign = unapproved(conflicts)
    if conflicts and not foreign:
        return (
            "Run again: these fields are known to be shared with other managers. An approved run of"
            " remediate_stuck_upgrade takes them over and puts them back."
        )
    see = f"See what they are for: {show_command(foreign[0].object)}." if foreign else _SEE
    return f"{see} {force_advice(release)}"


def refusal(namespace: str, release: str, conflicts: Sequence[Conflict]) -> RemediationError:
    """Why a release is not changed, and the exact option that allows it."""
    return RemediationError(
        "field-conflict",
        f"Release/{namespace}/{release} shares fields with other managers, which are not overridden without being"
        f" told to: {listed(unapproved(conflicts) or conflicts)}.",
        advice(release, conflicts),
        details={"reason": "conflict", "conflicts": [each.to_dict() for each in conflicts]},
    )


def after_helm(release: str, error: RemediationError) -> RemediationError:
    """helm's own error about conflicts that nobody has foreseen, with the fields and the exact option."""
    found = [Conflict.from_dict(each) for each in error.details.get("conflicts") or ()]
    if not found:
        return error
    return RemediationError(
        "field-conflict",
        f"helm was refused fields that other managers have set: {listed(found)}.",
        advice(release, found),
        retryable=not unapproved(found),
        details=error.details,
    )
