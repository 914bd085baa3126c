# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collectors of a live cluster, some changed where a support bundle knows less than the API, or other things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ..._core.lenient import mapping, text
from ..._documents.evidence import OK, JobPod, Source, Webhook, WebhookConfiguration
from ..._harvester import job_log
from ..live import job, upgrade, webhooks
from ..live import releases as live_releases
from ..live.collector import GROUPS
from ..live.reading import Context, Found, Group, Parts
from . import installed_version, releases
from .support_bundle import SupportBundle
from .upgrade_log import UpgradeLog


def groups(bundle: SupportBundle, log: UpgradeLog | None = None) -> tuple[Group, ...]:
    """The groups for a bundle, or for the log of an upgrade that stands in for it."""
    changed = {
        live_releases.GROUP.sources: releases.GROUP,
        webhooks.GROUP.sources: replace(
            webhooks.GROUP, parts=partial(_webhooks, bundle.covered_namespaces)
        ),
    }
    changed[upgrade.GROUP.sources] = installed_version.group(bundle.node_files)
    parts = partial(_job, log, bundle.has_objects)
    changed[job.GROUP.sources] = replace(job.GROUP, parts=parts)
    return tuple(changed.get(group.sources, group) for group in GROUPS)


def _job(log: UpgradeLog | None, has_objects: bool, context: Context, found: Found) -> Parts:
    """Put the pods that are known by their log alone in order, behind those that exist. They wait for nothing any more,
    unless the log is all there is: then it says what the job waited for last."""
    parts = job.GROUP.parts(context, found)
    pods: Sequence[JobPod] = parts.fields.get("job_pods", ())
    gone = sorted(
        (pod for pod in pods if pod.uid is None),
        key=lambda pod: (_last_line(pod), log.last_written(pod.name or "") if log else ""),
        reverse=True,
    )
    if not gone:
        return parts
    ordered = (*(pod for pod in pods if pod.uid is not None), *gone)
    fields = {**parts.fields, "job_pods": ordered}
    if ordered[0].uid is None:
        fields["wait"] = None if has_objects else _last_wait(context, ordered[0])
    sources = dict(parts.sources)
    if log is not None and sources["job_logs"].state == OK:
        sources["job_logs"] = Source(
            OK, "Partly from the log of the upgrade, whose lines have no times."
        )
    return Parts(fields, sources)


def _last_line(pod: JobPod) -> str:
    """When the last telling line was printed; empty where lines have no times."""
    events = pod.log.events if pod.log else ()
    return (text(mapping(events[-1]).get("last_at")) or "") if events else ""


def _last_wait(context: Context, pod: JobPod) -> dict[str, Any] | None:
    wait = job_log.wait_of(pod.log.events) if pod.log else None
    if wait is None:
        return None
    since = wait.pop("at", None)
    return {**wait, "since": since, "age_seconds": context.age(since), "pod": pod.name}


def _webhooks(covered: frozenset[str], context: Context, found: Found) -> Parts:
    """Whether a Service outside the covered namespaces exists is unknown, not false."""
    parts = webhooks.GROUP.parts(context, found)
    known: Sequence[WebhookConfiguration] = parts.fields.get("webhook_configurations", ())
    seen = tuple(
        replace(each, webhooks=tuple(_seen(webhook, covered) for webhook in each.webhooks))
        for each in known
    )
    sources = dict(parts.sources)
    if seen != tuple(known) and sources["webhook_configurations"].state == OK:
        reason = "Services outside the namespaces that the support bundle covers are unknown."
        sources["webhook_configurations"] = Source(OK, reason)
    fields = {**parts.fields, **({"webhook_configurations": seen} if seen else {})}
    return Parts(fields, sources)


def _seen(webhook: Webhook, covered: frozenset[str]) -> Webhook:
    namespace = (webhook.service or "").partition("/")[0]
    if not namespace or namespace in covered:
        return webhook
    return replace(webhook, service_exists=None, ready_endpoints=None)
