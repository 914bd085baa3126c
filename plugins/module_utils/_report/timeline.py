# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happened when: the upgrade, the wait it got stuck in, and every act of the run.

Pure: a part of the report, made from the documents of the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._core.lenient import Document, dig, mapping, mappings, moment, text

_APPROVED_BY = {
    "fingerprint": "by its fingerprint",
    "prompt": "at the terminal",
    "risks": "by the risks approved beforehand",
}
_STEP_WORDS = {
    "changed": "done",
    "unchanged": "nothing to do",
    "failed": "failed",
    "tried": "tried",
}


def run_timeline(run: Mapping[str, Any]) -> list[Document]:
    """The entries C(at), C(kind) and C(text), oldest first; what has no time is left out.

    kind is ``cluster`` for what happened there, ``run`` for what this run did, ``failed`` for a step
    that failed. run is what C(build_report) gets.
    """
    entries = [*_in_the_cluster(run), *_in_the_run(run)]
    dated = [each for each in entries if moment(each["at"]) is not None]
    return sorted(dated, key=lambda each: moment(each["at"]))  # type: ignore[arg-type,return-value]


def _entry(at: object, kind: str, words: str) -> Document:
    return {"at": at, "kind": kind, "text": words}


def _in_the_cluster(run: Mapping[str, Any]) -> Iterator[Document]:
    evidence, findings = mapping(run.get("evidence_before")), mapping(run.get("findings_before"))
    upgrade = mapping(evidence.get("upgrade"))
    if upgrade:
        words = f"Upgrade {upgrade.get('name')} to {upgrade.get('version')} begins"
        yield _entry(upgrade.get("created_at"), "cluster", words)
    if text(findings.get("waits_for")):
        yield _entry(findings.get("since"), "cluster", f"Its job waits for {findings['waits_for']}")


def _in_the_run(run: Mapping[str, Any]) -> Iterator[Document]:
    yield _entry(run.get("started_at"), "run", "The run begins")
    findings = mapping(run.get("findings_before"))
    found = f"The cluster is read and diagnosed: {findings.get('headline')}"
    yield _entry(dig(run, "evidence_before", "collected_at"), "run", found)
    approval = mapping(run.get("approval"))
    how = _APPROVED_BY.get(str(approval.get("how")))
    if approval.get("approved") and how:
        fingerprint = dig(run, "plan", "fingerprint")
        yield _entry(approval.get("at"), "run", f"Plan {fingerprint} is approved {how}")
    backup = mapping(run.get("backup"))
    yield _entry(backup.get("created_at"), "run", f"The backup {backup.get('id')} is written")
    yield from _steps(run)
    after = mapping(run.get("findings_after"))
    proven = f"The cluster is read and diagnosed again: {after.get('headline')}"
    yield _entry(dig(run, "evidence_after", "collected_at"), "run", proven)
    yield _entry(run.get("finished_at"), "run", "The run ends")


def _steps(run: Mapping[str, Any]) -> Iterator[Document]:
    results = {each.get("id"): each for each in mappings(run.get("steps"))}
    for step in mappings(dig(run, "plan", "steps")):
        result = mapping(results.get(step.get("id")))
        outcome = str(result.get("outcome"))
        words = f"{step.get('title')}: {_STEP_WORDS.get(outcome, outcome)}"
        kind = "failed" if outcome == "failed" else "run"
        yield _entry(result.get("ended_at") or result.get("begun_at"), kind, words)
