# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a run over many clusters ended: one line of each, and which of them need somebody.

Pure. An outcome is small on purpose: those of all clusters are in memory at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

SCHEMA = "harvester_ops.remediation/clusters-index/v1"

FAILED = "failed"
NEEDS_APPROVAL = "needs_approval"
#: Verdicts that call for nobody; every other one does.
CALM_VERDICTS = ("healthy", "moving", "repaired", "safe", "saved")

Document = Mapping[str, Any]


def cluster_outcome(
    document: Document, report: str = "", calm_verdicts: Iterable[str] = CALM_VERDICTS
) -> dict[str, Any]:
    """The outcome of one cluster, from the document its run ended with.

    That is a report, findings or a preflight, or a mapping with ``verdict`` and ``headline``; or, of a run that
    got to none of them, a mapping with ``error``. `report` is the path of what a person reads next, below the
    artifacts folder. Beside `calm_verdicts` every verdict calls for somebody.
    """
    error = _map(document.get("error"))
    verdict = str(document.get("verdict") or FAILED)
    headline = str(document.get("headline") or error.get("message") or "It ended without a report.")
    upgrade = _map(document.get("upgrade"))
    return {
        "verdict": verdict,
        "needs_attention": verdict not in set(calm_verdicts),
        "headline": headline,
        "error_code": error.get("code"),
        "plan_fingerprint": _map(document.get("plan")).get("fingerprint"),
        "cluster_uid": _map(document.get("cluster")).get("uid"),
        "upgrade": upgrade.get("name"),
        "versions": [upgrade.get("previous_version"), upgrade.get("version")],
        "report": report or None,
    }


def clusters_index(outcomes: Mapping[str, Any], run: Document) -> dict[str, Any]:
    """The index of a run over many clusters, by host; a host without an outcome has failed before it had one.

    `run` holds ``work`` (what was done), ``finished_at`` and ``check_mode``.
    """
    rows = [_row(host, _map(outcome)) for host, outcome in outcomes.items()]
    rows.sort(key=lambda row: (not row["needs_attention"], row["verdict"], row["host"]))
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["verdict"]] = counts.get(row["verdict"], 0) + 1
    attention = [row["host"] for row in rows if row["needs_attention"]]
    return {
        "schema": SCHEMA,
        "work": run.get("work"),
        "finished_at": run.get("finished_at"),
        "check_mode": bool(run.get("check_mode")),
        "headline": _headline(len(rows), len(attention)),
        "verdicts": counts,
        "needs_attention": attention,
        "plans_to_approve": {
            row["host"]: row["plan_fingerprint"]
            for row in rows
            if row["verdict"] == NEEDS_APPROVAL and row["plan_fingerprint"]
        },
        "same_cluster": _same(rows),
        "clusters": rows,
    }


def _row(host: str, outcome: Document) -> dict[str, Any]:
    if outcome:
        return {"host": host, **outcome}
    nothing = cluster_outcome(
        {"headline": "The run on this host broke off; see its failed task in the output above."}
    )
    return {"host": host, **nothing}


def _headline(clusters: int, attention: int) -> str:
    if not attention:
        return f"None of {clusters} clusters needs attention."
    needs = "needs" if attention == 1 else "need"
    return f"{attention} of {clusters} clusters {needs} attention."


def _same(rows: list[dict[str, Any]]) -> list[list[str]]:
    """Hosts that turned out to be one and the same cluster: an inventory that is wrong."""
    hosts: dict[str, list[str]] = {}
    for row in rows:
        if row["cluster_uid"]:
            hosts.setdefault(str(row["cluster_uid"]), []).append(row["host"])
    return sorted(sorted(group) for group in hosts.values() if len(group) > 1)


def _map(value: object) -> Document:
    return value if isinstance(value, Mapping) else {}
