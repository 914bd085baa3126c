# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pre-flight check as an operator reads it on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .text_layout import RULE, columns, wrap

Document = Mapping[str, Any]

MEANING = {
    "safe": "no stuck point is in sight",
    "risky": "it may hang, or not everything could be told",
    "blocked": "it will be refused, or hang",
}
_SIGNS = {"fail": "STOP", "unknown": "????", "warn": "WARN", "pass": "ok"}
_NO_CLUSTER = (
    "Told from versions alone. A release that an earlier upgrade left locked stops every path; "
    "only a look at the cluster can tell."
)


def preflight_text(document: Document) -> str:
    """Render a preflight document (schema preflight/v1) for a terminal."""
    parts = [
        *_head(document),
        *_dependencies(document),
        *_serious(document),
        *_passed(document),
        *([] if document.get("cluster") else ["", *wrap(_NO_CLUSTER)]),
        RULE,
    ]
    return "\n".join(parts) + "\n"


def _head(document: Document) -> list[str]:
    verdict = str(document.get("verdict"))
    names = ("harvester", "rancher", "kubernetes")
    rows = [["", "Harvester", "Rancher", "Kubernetes"]]
    for label in ("current", "target"):
        release = document.get(label) or {}
        rows.append([label, *(str(release.get(name) or "?") for name in names)])
    cluster = document.get("cluster") or {}
    return [
        RULE,
        f"Pre-flight verdict: {verdict}, {MEANING.get(verdict, '')}",
        *([f"Cluster {cluster.get('server') or cluster.get('uid') or '?'}"] if cluster else []),
        "",
        *wrap(str(document.get("headline") or "")),
        "",
        *columns(rows),
        *_notes(document),
    ]


def _notes(document: Document) -> list[str]:
    lines = []
    for label in ("current", "target"):
        release = document.get(label) or {}
        if release.get("note"):
            lines += wrap(f"Note on {release.get('harvester')}: {release['note']}.")
    return lines


def _dependencies(document: Document) -> list[str]:
    rows = document.get("dependencies") or []
    if not rows:
        return []
    table = [("", "installed", "Rancher wants", "job waits for", "prediction")]
    for row in rows:
        certainty = "" if row.get("certain") else " (?)"
        table.append(
            (
                str(row.get("chart")),
                str(row.get("installed") or "-"),
                str(row.get("desired") or "-"),
                str(row.get("expected") or "-"),
                f"{row.get('outcome')}{certainty}",
            )
        )
    note = (
        []
        if document.get("rancher_step_runs")
        else ["Both carry the same Rancher: the job skips the Rancher step and waits for none."]
    )
    return ["", *columns(table), *note]


def _serious(document: Document) -> list[str]:
    lines: list[str] = []
    for check in document.get("checks") or []:
        if check.get("outcome") == "pass":
            continue
        mode = f"  [{check['failure_mode']}]" if check.get("failure_mode") else ""
        lines += ["", f"{_SIGNS.get(str(check.get('outcome')), '?')}  {check.get('subject')}{mode}"]
        lines += wrap(str(check.get("message")), 6)
        if check.get("what_next"):
            lines += wrap(f"-> {check['what_next']}", 6, 3)
        lines += [f"      {url}" for url in check.get("references") or []]
    return lines


def _passed(document: Document) -> list[str]:
    # The table of the charts says already which of them are well.
    passed = [
        check
        for check in document.get("checks") or []
        if check.get("outcome") == "pass" and check.get("id") != "dependency"
    ]
    if not passed:
        return []
    return ["", *(line for check in passed for line in wrap(f"ok    {check.get('message')}", 0, 6))]
