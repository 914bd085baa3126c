# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helm releases without their Secrets: from the Apps that Rancher writes, one for the newest revision of each release.

An App knows the last revision: number, status, chart, times, description, and with Rancher before 2.8.10 and 2.9.4 the
values. It knows no older revision, so neither a rollback target nor what a lock hides; that stays unknown. Rancher
writes Apps only while it has a leader: without one, a release without an App is unknown, not absent.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from ..._core.lenient import Document, dig, integer, mapping, mappings, text
from ..._documents.evidence import (
    ABSENT,
    ERROR,
    FORBIDDEN,
    OK,
    PARTIAL,
    CrossCheck,
    Release,
    Revision,
    Source,
)
from ..._helm import storage
from ..._kube import paths
from ..._kube.reader import Reader
from ..live.leader_process import LEASE
from ..live.objects import name_of, namespace_of
from ..live.reading import Context, Found, Group, Parts, Reads
from ..live.releases import RANCHER, Key, dependencies_of, troubled_bundles
from . import cross_checks

APPS = "apps"
_API = "catalog.cattle.io/v1"
_NAMESPACES = "namespaces_with_apps"
_OWNER = re.compile(r"^sh\.helm\.release\.v1\..+\.v(?P<revision>[1-9]\d{0,8})$")
_ALIVE_WITHIN = 600
_NO_LEADER = (
    "No App names it, and no leader of Rancher was alive when the support bundle was made: whether the release exists"
    " is unknown."
)


def _reads(_context: Context, found: Found) -> Reads:
    def listing(path: str, client: Reader) -> Any:
        return client.list(path)

    reads: Reads = {APPS: partial(listing, paths.api(_API, "apps"))}
    for namespace in sorted({key[0] for key in _scope(found)}):
        reads[_list_name(namespace)] = partial(listing, paths.api(_API, "apps", namespace))
    return {**reads, **cross_checks.reads(found)}


def _list_name(namespace: str) -> str:
    return f"{_NAMESPACES}:{namespace}"


def apps_of(found: Found) -> dict[Key, Document]:
    """The Apps by namespace and name of their releases."""
    apps = {}
    for app in found.objects(APPS):
        spec = mapping(app.get("spec"))
        namespace = text(spec.get("namespace")) or namespace_of(app) or ""
        apps[namespace, text(spec.get("name")) or name_of(app)] = app
    return apps


def _scope(found: Found) -> list[Key]:
    """The releases that the evidence is about, dependencies first."""
    apps, dependencies = apps_of(found), dependencies_of(found)
    names = {release for _namespace, release in dependencies}
    locked = [key for key, app in apps.items() if _status(app) in storage.LOCKED_STATUSES]
    misplaced = [key for key in apps if key[1] in names and key not in dependencies]
    return list(
        dict.fromkeys([*dependencies, RANCHER, *misplaced, *locked, *troubled_bundles(found)])
    )


def _parts(context: Context, found: Found) -> Parts:
    releases = tuple(_release(context, found, key) for key in _scope(found))
    apps = found.reading(APPS)
    if apps.state not in (OK, ABSENT):
        return Parts({"releases": releases}, {"releases": Source(apps.state, apps.reason)})
    reason = "Only the last revision of each release, from Rancher's Apps: Support bundles leave out the Secrets of helm."
    return Parts({"releases": releases}, {"releases": Source(OK, reason)})


def _release(context: Context, found: Found, key: Key) -> Release:
    namespace, release = key
    app = apps_of(found).get(key)
    state, reason = _state(context, found, key, app)
    checks: tuple[CrossCheck, ...] = ()
    if state in (PARTIAL, ABSENT):
        revision = _revision(context, key, app) if app is not None else None
        checks = cross_checks.check(found, key, _known(revision))
        state, reason = _held_against(key, app, checks) or (state, reason)
    known = app is not None and state == PARTIAL
    config = dig(app, "spec", "values")
    return Release(
        release=release,
        namespace=namespace,
        dependency=dependencies_of(found).get(key),
        read=state,
        reason=reason,
        revisions=(_revision(context, key, app),) if known and app is not None else (),
        config=context.redactor.value(config) if known and isinstance(config, dict) else None,
        elsewhere=tuple(
            sorted(
                other for other, name in apps_of(found) if name == release and other != namespace
            )
        ),
        origin=f"App/{namespace}/{release}" if known else None,
        checks=checks,
    )


def _held_against(
    key: Key, app: Document | None, checks: tuple[CrossCheck, ...]
) -> tuple[str, str] | None:
    """The state of a release of which something else proves the App wrong."""
    wrong = cross_checks.contradiction(checks)
    if wrong is None:
        return None
    name = f"App/{key[0]}/{key[1]}"
    lags = f"{name} lags behind" if app is not None else f"There is no {name}"
    return (
        ERROR,
        f"{lags}: {wrong.source} says {wrong.says}. What the last revision is, is unknown.",
    )


def _known(revision: Revision | None) -> cross_checks.Known | None:
    if revision is None:
        return None
    named = revision.chart_name and revision.chart_version
    return cross_checks.Known(
        revision=revision.revision,
        status=revision.status,
        chart=f"{revision.chart_name}-{revision.chart_version}" if named else None,
        app_version=revision.app_version,
        last_deployed=revision.last_deployed,
    )


def _state(context: Context, found: Found, key: Key, app: Document | None) -> tuple[str, str]:
    listed = found.reading(_list_name(key[0]))
    if listed.state not in (OK, ABSENT):
        return listed.state, listed.reason
    if app is None:
        renewed = context.age(dig(found.object(LEASE), "spec", "renewTime"))
        alive = renewed is not None and renewed <= _ALIVE_WITHIN
        return (ABSENT, "") if alive else (FORBIDDEN, _NO_LEADER)
    number, owner = integer(dig(app, "spec", "version")), _owner(app)
    if number is None or _status(app) is None:
        return ERROR, f"App/{key[0]}/{key[1]} does not say which revision it is of."
    if owner is not None and owner != number:
        return (
            ERROR,
            f"App/{key[0]}/{key[1]} says revision {number}, but belongs to the Secret of revision {owner}.",
        )
    return (
        PARTIAL,
        f"Only revision {number} is known, from App/{key[0]}/{key[1]}; older ones are not in a support bundle.",
    )


def _status(app: Document) -> str | None:
    return text(dig(app, "spec", "info", "status"))


def _owner(app: Document) -> int | None:
    """The revision whose Secret owns the App."""
    for owner in mappings(dig(app, "metadata", "ownerReferences")):
        match = _OWNER.match(text(owner.get("name")) or "")
        if match is not None:
            return int(match["revision"])
    return None


def _revision(context: Context, key: Key, app: Document) -> Revision:
    spec = mapping(app.get("spec"))
    info, chart = mapping(spec.get("info")), mapping(dig(spec, "chart", "metadata"))
    status, number = text(info.get("status")), integer(spec.get("version"))
    deployed = storage.helm_time(info.get("lastDeployed"))
    return Revision(
        revision=number,
        release=key[1],
        namespace=key[0],
        status=status if status in storage.STATUSES else "unknown",
        chart_name=text(chart.get("name")),
        chart_version=text(chart.get("version")),
        app_version=text(chart.get("appVersion")),
        description=context.redactor.text(text(info.get("description")) or "") or None,
        first_deployed=storage.helm_time(info.get("firstDeployed")),
        last_deployed=deployed,
        age_seconds=context.age(deployed),
        secret_name=f"sh.helm.release.v1.{key[1]}.v{number}",
        decoded=True,
    )


GROUP = Group(("releases",), _reads, _parts)
