# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a run over many clusters ended: one line of each, and which of them need attention. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.lenient import mapping
from .._documents.vocabulary import Verdict
from .in_short import cluster_outcome

SCHEMA = "harvester_ops.remediation/clusters-index/v1"

Document = Mapping[str, Any]


def clusters_index(outcomes: Mapping[str, Any], run: Document) -> dict[str, Any]:
    """The index of a run over many clusters, by host; a host without an outcome has failed before it had one.

    `run` holds ``work`` (what was done), ``finished_at`` and ``check_mode``.
    """
    rows = [_row(host, mapping(outcome)) for host, outcome in outcomes.items()]
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
            if row["verdict"] == Verdict.NEEDS_APPROVAL and row["plan_fingerprint"]
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
