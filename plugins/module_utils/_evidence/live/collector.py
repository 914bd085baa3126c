# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect the evidence: everything FM 6.0 reads, in one go, without writing and without helm."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..._core.errors import RemediationError
from ..._core.lenient import stamp
from ..._core.redaction import Redactor
from ..._documents.evidence import ERROR, SOURCES, Cluster, Evidence, Options, Source
from ..._helm.idleness import DEFAULT_STALE_AFTER
from ..._kube.exec import exec_in_pod
from ..._kube.reader import Reader
from ..._rancher.server.leader_process import ExecIn
from . import (
    bundles,
    chart_catalog,
    cluster_objects,
    fleet,
    helm_activity,
    job,
    leader_process,
    pod_troubles,
    rancher,
    releases,
    settings,
    upgrade,
    webhooks,
)
from .reading import Context, Found, Group, read_everything

GROUPS: tuple[Group, ...] = (
    upgrade.GROUP,
    job.GROUP,
    settings.GROUP,
    rancher.GROUP,
    leader_process.GROUP,
    releases.GROUP,
    chart_catalog.GROUP,
    helm_activity.GROUP,
    bundles.GROUP,
    fleet.GROUP,
    pod_troubles.GROUP,
    webhooks.GROUP,
    cluster_objects.GROUP,
)

DEFAULT_LOG_TAIL_LINES = 5000
DEFAULT_TIMEOUT = 120.0


@dataclass(frozen=True)
class CollectOptions:
    """What the operator may choose. `timeout` is in seconds, for the whole collection."""

    collection_version: str = ""
    stale_after_seconds: int = DEFAULT_STALE_AFTER
    expected_versions: Mapping[str, str] = field(default_factory=dict)
    log_tail_lines: int = DEFAULT_LOG_TAIL_LINES
    parallelism: int = 8
    timeout: float = DEFAULT_TIMEOUT


def collect(
    client: Reader,
    options: CollectOptions,
    *,
    groups: Sequence[Group] = GROUPS,
    clock: Callable[[], float] = time.monotonic,
    exec_in: ExecIn = exec_in_pod,
) -> dict[str, Any]:
    """The evidence document (_documents/evidence.py) of the cluster behind `client`.

    `groups` read and shape it.

    A source that cannot be read is reported in `sources` and never ends the collection. Only when the API server itself
    cannot be reached, or does not know the credentials, the error is raised: `server-unreachable`, `unauthorized`.
    """
    deadline = clock() + options.timeout
    cluster_uid = _cluster_uid(client)
    context = Context(
        collected_at=_text_of(client.now()),
        redactor=Redactor(),
        log_tail_lines=options.log_tail_lines,
        expected_versions=options.expected_versions,
        exec_in=exec_in,
    )
    found, problems = read_everything(
        client,
        groups,
        context,
        parallelism=options.parallelism,
        out_of_time=lambda: clock() > deadline,
    )
    fields, sources, defects = _parts_of(context, found, groups)
    evidence = Evidence(
        collected_at=context.collected_at,
        collection_version=options.collection_version,
        cluster=Cluster(cluster_uid, client.server, found.value(cluster_objects.VERSION)),
        options=Options(options.stale_after_seconds, dict(options.expected_versions)),
        problems=(*problems, *defects),
        sources={name: sources[name] for name in SOURCES},
        **fields,
        api_requests=client.request_count,
    )
    return _without_secrets(evidence.to_dict(), context.redactor)


def _parts_of(
    context: Context, found: Found, groups: Sequence[Group]
) -> tuple[dict[str, Any], dict[str, Source], list[str]]:
    """The fields and sources of all groups. A group that fails on an object loses its own sources only."""
    fields: dict[str, Any] = {}
    sources: dict[str, Source] = {}
    defects: list[str] = []
    for group in groups:
        try:
            parts = group.parts(context, found)
        except Exception as exc:  # an object of unheard-of shape must not end the collection
            what = f"{type(exc).__name__}: {exc}"
            defects.append(f"{group.sources[0]}: {what}")
            reason = f"What was read could not be understood: {what}."
            sources.update({name: Source(ERROR, reason) for name in group.sources})
        else:
            fields.update(parts.fields)
            sources.update(parts.sources)
    return fields, sources, defects


def _cluster_uid(client: Reader) -> str | None:
    """The first request: it finds out whether there is a server and whether it knows us."""
    try:
        return client.cluster_uid()
    except RemediationError as exc:
        if exc.code in ("forbidden", "not-found", "evidence-incomplete"):
            return None
        raise


def _text_of(moment: datetime | None) -> str:
    return "" if moment is None else stamp(moment)


def _without_secrets(document: dict[str, Any], redactor: Redactor) -> dict[str, Any]:
    """A last pass over every text: messages of conditions, reasons and descriptions may quote credentials.

    What has been redacted stays as it is. The chart index is public, and the largest part by far.
    """
    return {
        key: value if key == "chart_index" else _texts(value, redactor)
        for key, value in document.items()
    }


def _texts(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, str):
        return redactor.text(value) if len(value) > 10 else value
    if isinstance(value, dict):
        return {key: _texts(item, redactor) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item, redactor) for item in value]
    return value
