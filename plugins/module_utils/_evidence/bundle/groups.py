# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collectors of a live cluster, with two changed where a support bundle knows less than the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ..._documents.evidence import OK, Source, Webhook, WebhookConfiguration
from ..live import releases as live_releases
from ..live import webhooks
from ..live.collector import GROUPS
from ..live.reading import Context, Found, Group, Parts
from . import releases


def groups(covered: Sequence[str]) -> tuple[Group, ...]:
    """The groups for a bundle that covers these namespaces."""
    return tuple(
        (
            releases.GROUP
            if group is live_releases.GROUP
            else replace(group, parts=partial(_webhooks, frozenset(covered)))
            if group is webhooks.GROUP
            else group
        )
        for group in GROUPS
    )


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
