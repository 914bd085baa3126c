# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings document: what a diagnosis says, as the plan, the report and the terminal read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .origin import Origin
from .shape import Json, Problems, read

FINDINGS_SCHEMA = "harvester_ops.remediation/findings/v1"


@dataclass(frozen=True)
class Proof:
    """A piece of the evidence that a finding rests on."""

    path: str | None = None
    value: Json = None


@dataclass(frozen=True)
class RemedyStep:
    """An action that a remedy asks for, ``with`` what; by whom and at which risk where that differs from the remedy."""

    action: str | None = None
    with_: Mapping[str, Json] = field(default_factory=dict)
    unattended: str | None = None
    risk: str | None = None


@dataclass(frozen=True)
class Way:
    """One of the ways out that a person has to choose from."""

    title: str = ""
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class WorkByHand:
    """What a rule leaves to a person."""

    why: str | None = None
    danger: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True)
class Remedy:
    """What would be done about a finding. instructions is None when nothing is left to a person."""

    unattended: str | None = None
    risk: str | None = None
    steps: tuple[RemedyStep, ...] = ()
    instructions: WorkByHand | None = None


@dataclass(frozen=True)
class Finding:
    """One failure mode on one subject. reason is set where the rule could not be judged."""

    id: str | None = None
    failure_mode: str | None = None
    title: str | None = None
    outcome: str | None = None
    subject: str | None = None
    message: str | None = None
    reason: str | None = None
    proof: tuple[Proof, ...] = ()
    references: tuple[str, ...] = ()
    holds_job: bool = False
    remedy: Remedy | None = None
    what_next: str | None = None
    must_not: tuple[str, ...] = ()


@dataclass(frozen=True)
class NextDecision:
    """What Rancher does with a dependency next, and why."""

    action: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class DependencyState:
    """The versions of a dependency. expected is what the job waits for, desired what Rancher wants."""

    chart: str | None = None
    release: str | None = None
    awaited: bool = False
    expected: str | None = None
    desired: str | None = None
    installed: str | None = None
    status: str | None = None
    decision: NextDecision | None = None


@dataclass(frozen=True)
class UnseenSource:
    """A source of the evidence that could not be read."""

    source: str | None = None
    state: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Obligation:
    """What has to be shown before an upgrade is called healthy, and whether it is (vocabulary.Discharge).

    objects are those at fault, or those it was shown on.
    """

    id: str | None = None
    checked: str | None = None
    sources: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    result: str | None = None
    words: str | None = None


@dataclass(frozen=True)
class SourceNote:
    """Where a source of the evidence comes from that was not read as on a cluster."""

    source: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class ReadFromFiles:
    """What is to be said of evidence that was not read from a cluster; all empty where it was.

    contradictions are a sentence each; ask_for are the commands on the cluster that would tell most.
    """

    origins: tuple[Origin, ...] = ()
    contradictions: tuple[str, ...] = ()
    source_notes: tuple[SourceNote, ...] = ()
    ask_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class Findings(ReadFromFiles):
    """A findings document (schema findings/v1). A document that is damaged or missing reads as an empty one."""

    verdict: str | None = None
    headline: str | None = None
    collected_at: str | None = None
    waits_for: str | None = None
    since: str | None = None
    dependencies: tuple[DependencyState, ...] = ()
    findings: tuple[Finding, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    not_seen: tuple[UnseenSource, ...] = ()

    @classmethod
    def from_document(cls, document: object) -> Findings:
        """Read a findings document; what is damaged in it is left out."""
        found = read(cls, document, Problems()) if isinstance(document, Mapping) else None
        return found or cls()
