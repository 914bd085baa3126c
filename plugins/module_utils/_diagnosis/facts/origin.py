# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence that was not read from a live cluster: what it comes from, and what would fill its worst holes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..._documents.evidence import OK, READABLE, Evidence
from ..._documents.shape import write
from ..._documents.vocabulary import Agreement
from ..._harvester.upgrade import JOB_CONTAINER, MANIFEST_SELECTOR, NAMESPACE
from .dependencies import Dependency

MOST_COMMANDS = 3
_OBJECTS = ("upgrade", "releases", "settings", "rancher_deployment", "nodes")
_WHOLE = "ansible-playbook harvester_ops.remediation.collect"


def origin_of(evidence: Evidence, dependencies: Sequence[Dependency]) -> dict[str, Any]:
    """``origins``, ``contradictions``, ``source_notes`` and ``ask_for``: the files, what in them contradicts itself, where
    sources come from, and the three commands on the cluster that would tell most.

    Empty for a live cluster, which can be asked by running the diagnosis again. What lacks nothing, the archive of collect
    with pseudonyms in it, asks for nothing.
    """
    if not evidence.origins:
        return {}
    complete = not any(each.lacks for each in evidence.origins)
    commands = () if complete else tuple(dict.fromkeys(_commands(evidence, dependencies)))
    notes = {
        name: source.reason
        for name, source in sorted(evidence.sources.items())
        if source.state == OK and source.reason
    }
    return {
        "origins": write(evidence.origins),
        "contradictions": list(_contradictions(evidence)),
        "source_notes": [{"source": name, "reason": reason} for name, reason in notes.items()],
        "ask_for": list(commands[:MOST_COMMANDS]),
    }


def _contradictions(evidence: Evidence) -> Iterator[str]:
    """What says otherwise of a release than what stands in for helm's storage."""
    for release in evidence.releases:
        for each in release.checks:
            if each.result in (Agreement.CONTRADICTS, Agreement.DOUBTFUL):
                name = f"{release.namespace}/{release.release}"
                last = release.revisions[0] if release.revisions else None
                has = f"App/{name} has revision {last.revision}, {last.status}" if last else ""
                against = has or f"App/{name} has an older state, or is missing"
                yield f"{each.source} says {each.says}; {against}."


def _commands(evidence: Evidence, dependencies: Sequence[Dependency]) -> Iterator[str]:
    """The most important first: everything, then what decides about locked and late releases, the job's log, Secrets."""
    if sum(not evidence.readable(source) for source in _OBJECTS) > 2:
        yield _WHOLE
    troubled = sorted(
        (each for each in dependencies if not each.history_known and _matters(each)),
        key=lambda each: (not each.lock.locked, not each.waited),
    )
    for each in troubled[:2]:
        known = evidence.release(*each.name).last_known
        yield _values(each) if known and not each.lock.locked else _history(each)
    if not _job_log_known(evidence):
        yield f"kubectl -n {NAMESPACE} logs -l {MANIFEST_SELECTOR} -c {JOB_CONTAINER} --prefix --timestamps --tail=-1"
    for each in troubled[:1]:
        yield _values(each)
        yield _history(each)
    if evidence.sources and not evidence.readable("secrets"):
        yield "kubectl get secrets -A --field-selector type!=helm.sh/release.v1  # names and types only"
    yield _WHOLE


def _history(dependency: Dependency) -> str:
    return f"helm -n {dependency.namespace} history {dependency.release} --max 20"


def _values(dependency: Dependency) -> str:
    """Rancher skips or upgrades a release of equal precedence by its values, which newer Ranchers keep out of Apps."""
    command = f"helm -n {dependency.namespace} get values {dependency.release} -o yaml"
    return f"{command}  # remove passwords before you send it"


def _matters(dependency: Dependency) -> bool:
    late = dependency.awaited and dependency.at_expected is not True
    return late or dependency.lock.locked is True or dependency.waited


def _job_log_known(evidence: Evidence) -> bool:
    source = evidence.sources.get("job_logs")
    return source is not None and source.state in READABLE and bool(evidence.log_events)
