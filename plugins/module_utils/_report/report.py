# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of one run: what was found, done, proven, and what to do next.

Pure: everything comes from the documents of the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._plan.advice import snapshot_advice
from .glance import at_a_glance
from .release_history import release_history
from .timeline import run_timeline

SCHEMA = "harvester_ops.remediation/report/v1"

HEALTHY = "healthy"
REPAIRED = "repaired"
NEEDS_APPROVAL = "needs_approval"
NEEDS_HUMAN = "needs_human"
REFUSED = "refused"
STALLED = "stalled"
FAILED = "failed"

GOOD_VERDICTS = frozenset({HEALTHY, REPAIRED})

#: Error codes that mean "the run stopped itself before doing harm".
REFUSED_CODES = frozenset(
    {
        "refused",
        "plan-drifted",
        "plan-invalid",
        "precondition-failed",
        "lock-held",
        "lock-lost",
        "upgrade-ambiguous",
        "release-busy",
        "release-locked",
        "chart-mismatch",
        "chart-digest-mismatch",
        "chart-archive-invalid",
        "chart-archive-unsafe",
    }
)
#: Error codes that mean "something was awaited and did not come".
STALLED_CODES = frozenset({"stalled", "timeout", "helm-timeout"})

Document = Mapping[str, Any]


def build_report(run: Document) -> dict[str, Any]:
    """Make the report document of a run.

    C(run) holds, each null when the run did not get that far: C(id), C(started_at),
    C(finished_at), C(check_mode), C(artifacts_dir), C(findings_before), C(evidence_before),
    C(plan), C(approval), C(backup), C(steps) (a list of step results), C(findings_after),
    C(evidence_after), C(error) (the shape of RemediationError), C(asked) (what C(--tags) asked for;
    null for everything).
    """
    verdict = verdict_of(run)
    before, after = _map(run.get("evidence_before")), _map(run.get("evidence_after"))
    found, found_after = _map(run.get("findings_before")), _map(run.get("findings_after"))
    plan = _map(run.get("plan"))
    headline, advice = _headline(run, verdict), _next_steps(run, verdict)
    report = {
        "schema": SCHEMA,
        "verdict": verdict,
        "headline": headline,
        "run_id": run.get("id"),
        "started_at": run.get("started_at"),
        "finished_at": run.get("finished_at"),
        "check_mode": bool(run.get("check_mode")),
        "asked": run.get("asked"),
        "cluster": before.get("cluster"),
        "upgrade": _upgrade_summary(after or before),
        **_waits(found, found_after),
        "dependencies": _versions(found, found_after),
        "releases": release_history(before, after, _expected(found)),
        "timeline": run_timeline(run),
        "findings": found.get("findings") or [],
        "findings_after": found_after.get("findings"),
        "headline_after": found_after.get("headline"),
        "not_seen": found.get("not_seen") or [],
        "plan": {
            "fingerprint": plan.get("fingerprint"),
            "risks": plan.get("risks") or [],
            "steps": [_step_summary(step, run) for step in plan.get("steps") or []],
        },
        "instructions": [*(plan.get("instructions") or []), *_beforehand(plan, verdict)],
        "approval": run.get("approval"),
        "backup": run.get("backup"),
        "error": run.get("error"),
        "next": advice,
        "ends_well": _ends_well(run, verdict),
        "ending": _ending(verdict, headline, advice),
        "artifacts_dir": run.get("artifacts_dir"),
    }
    return {**report, "glance": at_a_glance(report)}


def _beforehand(plan: Document, verdict: str) -> list[dict[str, Any]]:
    advice = snapshot_advice(plan) if verdict == NEEDS_APPROVAL else None
    return [] if advice is None else [advice.to_dict()]


def verdict_of(run: Document) -> str:
    """Return the verdict of a run; total over whatever the run holds."""
    error = _map(run.get("error"))
    if error:
        return _verdict_of_error(str(error.get("code", "")))
    state = _map(run.get("findings_before")).get("verdict")
    after = _map(run.get("findings_after")).get("verdict")
    if _left_out(run, "upgrade") and after is not None:
        return HEALTHY if after in ("healthy", "moving") else NEEDS_HUMAN
    if state in ("healthy", "moving") and not run.get("steps"):
        return HEALTHY
    plan = _map(run.get("plan"))
    if state != "stuck" or not plan.get("steps"):
        return NEEDS_HUMAN
    if run.get("check_mode") or not _map(run.get("approval")).get("approved"):
        return NEEDS_APPROVAL
    if after in ("healthy", "moving"):
        return REPAIRED
    if plan.get("instructions") or after == "stuck" or _left_out(run, "verify"):
        return NEEDS_HUMAN
    return STALLED


def _left_out(run: Document, phase: str) -> bool:
    """Whether C(--tags) asked for something, and not for this."""
    asked = run.get("asked")
    return isinstance(asked, list) and phase not in asked


def _ends_well(run: Document, verdict: str) -> bool:
    """Whether the run may end with 0: all is well, or it did as much as it was asked to."""
    if verdict in GOOD_VERDICTS:
        return True
    if verdict == NEEDS_APPROVAL:
        return bool(run.get("check_mode")) or _left_out(run, "upgrade")
    asked = isinstance(run.get("asked"), list)
    return (
        verdict == NEEDS_HUMAN and asked and (_left_out(run, "upgrade") or bool(run.get("steps")))
    )


def _verdict_of_error(code: str) -> str:
    if code in REFUSED_CODES:
        return REFUSED
    return STALLED if code in STALLED_CODES else FAILED


def _headline(run: Document, verdict: str) -> str:
    before = _map(run.get("findings_before"))
    found = str(before.get("headline") or "The diagnosis could not be made.")
    error = _map(run.get("error"))
    if error:
        return str(error.get("message") or "The run failed.")
    if verdict == REPAIRED:
        after = _map(run.get("findings_after"))
        return f"Repaired: {after.get('headline') or 'the upgrade goes on.'}"
    return found


def _upgrade_summary(evidence: Document) -> dict[str, Any]:
    upgrade = _map(evidence.get("upgrade"))
    keys = ("namespace", "name", "previous_version", "version", "state", "target_rancher_version")
    return {key: upgrade.get(key) for key in keys}


def _versions(before: Document, after: Document) -> list[dict[str, Any]]:
    later = {item.get("chart"): item for item in _maps(after.get("dependencies"))}
    rows = []
    for item in _maps(before.get("dependencies")):
        now = _map(later.get(item.get("chart")))
        rows.append(
            {
                "chart": item.get("chart"),
                "expected": item.get("expected"),
                "before": item.get("installed"),
                "before_status": item.get("status"),
                "after": now.get("installed"),
                "after_status": now.get("status"),
                "decision_after": now.get("decision"),
            }
        )
    return rows


def _waits(found: Document, found_after: Document) -> dict[str, Any]:
    return {
        "waited_for": found.get("waits_for"),
        "waits_since": found.get("since"),
        "waits_for_now": found_after.get("waits_for"),
    }


def _expected(findings: Document) -> dict[str, str]:
    return {
        str(item.get("chart")): str(item["expected"])
        for item in _maps(findings.get("dependencies"))
        if item.get("expected")
    }


def _step_summary(step: Document, run: Document) -> dict[str, Any]:
    results = {item.get("id"): item for item in _maps(run.get("steps"))}
    result = _map(results.get(step.get("id")))
    return {
        "id": step.get("id"),
        "title": step.get("title"),
        "action": step.get("action"),
        "object": step.get("object"),
        "risk": step.get("risk"),
        "reason": step.get("reason"),
        "undo": step.get("undo"),
        "changes": step.get("changes") or [],
        "outcome": result.get("outcome") or "not-run",
        "detail": result.get("detail"),
        "begun_at": result.get("begun_at"),
        "ended_at": result.get("ended_at"),
    }


def _next_steps(run: Document, verdict: str) -> list[dict[str, str | None]]:
    """What to do next: a sentence each, with the command to copy where there is one."""
    error = _map(run.get("error"))
    if error.get("remedy"):
        return [_advice(str(error["remedy"]))]
    plan = _map(run.get("plan"))
    if _left_out(run, "verify") and run.get("steps"):
        return [
            _advice("The plan was carried out, and not yet proven. Run again with", "--tags verify")
        ]
    if _left_out(run, "plan") and _left_out(run, "backup") and _left_out(run, "upgrade"):
        return [_advice("Only what --tags named was done. Run again without it to repair.")]
    if verdict == NEEDS_APPROVAL:
        return _how_to_approve(plan)
    if verdict == NEEDS_HUMAN:
        return _what_a_person_does(run, plan)
    if verdict == REPAIRED:
        return [
            _advice("The upgrade goes on by itself: watch it in the Harvester UI."),
            _advice("Keep the backup until the whole upgrade has succeeded."),
        ]
    if verdict == STALLED:
        return [_advice("Run the same playbook again: it starts from what is there now.")]
    return []


def _how_to_approve(plan: Document) -> list[dict[str, str | None]]:
    risks = ", ".join(f'"{risk}"' for risk in plan.get("risks") or [])
    return [
        _advice(
            "Read the plan. To carry out exactly this plan, run the same command again with",
            f"-e remediation_approved_plan={plan.get('fingerprint')}",
        ),
        _advice(
            "or approve its risks instead, whatever the plan then is, with",
            f"-e '{{\"remediation_auto_approve\": [{risks}]}}'",
        ),
    ]


def _what_a_person_does(run: Document, plan: Document) -> list[dict[str, str | None]]:
    by_hand = [
        _advice(f"By hand, with the commands of this report: {item.get('title')}")
        for item in _maps(plan.get("instructions"))
    ]
    if by_hand:
        return by_hand
    findings = _map(run.get("findings_after") or run.get("findings_before"))
    guidance = [
        _advice(str(item["what_next"]))
        for item in _maps(findings.get("findings"))
        if item.get("what_next") and item.get("outcome") in ("fail", "warn", "unknown")
    ]
    return guidance[:3] or [
        _advice("Collect a support bundle and keep the artifacts folder of this run.")
    ]


def _advice(text: str, command: str | None = None) -> dict[str, str | None]:
    return {"text": text, "command": command}


def _ending(verdict: str, headline: str, advice: list[dict[str, str | None]]) -> str:
    """The one sentence a workflow or a log keeps of a run."""
    words = [f"Verdict {verdict}: {headline}"]
    words += [str(part) for item in advice for part in (item["text"], item["command"]) if part]
    return " ".join(words)


def _map(value: object) -> Document:
    return value if isinstance(value, Mapping) else {}


def _maps(value: object) -> list[Document]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
