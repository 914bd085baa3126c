# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helm releases: all revisions by their metadata, and the content of those that matter (FM 4, 6.0 D.4).

One metadata-only list finds the releases wherever they are; the thousands of revisions of other releases are neither
transferred nor decoded. Where listing everywhere is not allowed, the namespaces of the dependencies are listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from ..._documents.evidence import ABSENT, FORBIDDEN, OK, Release, Revision, Source
from ..._helm import storage
from ..._helm.manifest import excess_names
from ..._helm.rollback_target import rollback_target
from ..._kube.paths import core
from ..._kube.reader import Reader
from ..._rancher.decision.settings import SUC_NAME_VARIABLE
from ..._rancher.decision.system_charts import (
    CHART_NAMESPACES,
    HARVESTER_UPGRADE_CONTROLLER_RELEASE,
)
from .bundles import BUNDLES, bundle_release, bundle_state
from .leader_process import rancher_environment
from .objects import name_of
from .reading import Context, Found, Group, Parts, Reads
from .release_leftovers import left_fields, leftover_reads

Key = tuple[str, str]  # namespace, release
Metadata = dict[Key, list[storage.Revision]]

EVERYWHERE = "release_secrets"
NAMESPACES = "namespaces"

RANCHER: Key = ("cattle-system", "rancher")
_BUNDLE_RELEASES = (
    "harvester",
    "harvester-crd",
    "rancher-monitoring-crd",
    "rancher-logging-crd",
)
_STATES_WITHOUT_TROUBLE = (None, "Ready")
_UPGRADE_CONTROLLER = "system-upgrade-controller"


def dependencies_of(found: Found) -> dict[Key, str]:
    """Where each dependency belongs -> its chart. Of the chart with several possible release names all are listed."""
    expected = {(namespace, chart): chart for chart, namespace in CHART_NAMESPACES.items()}
    override = rancher_environment(found).variables.get(SUC_NAME_VARIABLE)
    for release in (HARVESTER_UPGRADE_CONTROLLER_RELEASE, override):
        if release:
            expected[CHART_NAMESPACES[_UPGRADE_CONTROLLER], release] = _UPGRADE_CONTROLLER
    return expected


def _names(found: Found) -> tuple[str, ...]:
    names = {release for _namespace, release in dependencies_of(found)}
    return tuple(sorted(names | {RANCHER[1], *_BUNDLE_RELEASES}))


def _list_name(namespace: str) -> str:
    return f"release_secrets:{namespace}"


def _revision_name(revision: storage.Revision) -> str:
    return f"revision:{revision.namespace}/{revision.secret_name}"


def _again_name(key: Key) -> str:
    return f"release_again:{key[0]}/{key[1]}"


def troubled_bundles(found: Found) -> list[Key]:
    """Releases of Bundles that are not ready."""
    keys = []
    for bundle in found.objects(BUNDLES):
        namespace, release = bundle_release(bundle)
        if bundle_state(bundle) not in _STATES_WITHOUT_TROUBLE and namespace and release:
            keys.append((namespace, release))
    return keys


def _reads(context: Context, found: Found) -> Reads:
    def listing(names: Sequence[str], namespace: str | None, client: Reader) -> Metadata:
        return storage.list_release_metadata(client, names, namespace)

    reads: Reads = {EVERYWHERE: partial(listing, _names(found), None)}
    if found.reading(EVERYWHERE).state == FORBIDDEN:
        reads[NAMESPACES] = _read_namespaces
    if NAMESPACES in found:
        for namespace in _searched(found):
            reads[_list_name(namespace)] = partial(listing, _names(found), namespace)
    for namespace, release in troubled_bundles(found):
        if release not in _names(found):
            reads[_list_name(f"{namespace}/{release}")] = partial(listing, [release], namespace)
    for key in _scope(found):
        reads.update(_revision_reads(found, key))
        if key in dependencies_of(found) and _is_read(found, key):
            reads.update(leftover_reads(context, found, key, _revisions(found, key)))
    return reads


def _is_read(found: Found, key: Key) -> bool:
    """Whether the revisions of a release are all there that will be asked for."""
    wanted = _wanted(found, _metadata(found).get(key, []))
    return all(_revision_name(each) in found for each in wanted)


def _revision_reads(found: Found, key: Key) -> Reads:
    def fetch(revision: storage.Revision, client: Reader) -> storage.Revision | None:
        return storage.fetch_revision(client, revision)

    def again(client: Reader) -> list[storage.Revision]:
        return storage.list_revisions(client, *key, decode="relevant")

    wanted = _wanted(found, _metadata(found).get(key, []))
    reads: Reads = {_revision_name(each): partial(fetch, each) for each in wanted}
    vanished = [
        each
        for each in wanted
        if found.ok(_revision_name(each)) and found.value(_revision_name(each)) is None
    ]
    if vanished:
        # Somebody works on it: one more look, in one piece.
        reads[_again_name(key)] = again
    return reads


def _wanted(found: Found, revisions: Sequence[storage.Revision]) -> list[storage.Revision]:
    """The revisions whose content is needed: the last, the newest deployed, and below a lock what comes next, or
    all when a rollback would have no target."""
    wanted = storage.relevant_revisions(revisions)
    for index, revision in enumerate(revisions):
        decoded = found.value(_revision_name(revision))
        locked = decoded.locked if isinstance(decoded, storage.Revision) else False
        if not (locked or revision.label_status in storage.LOCKED_STATUSES):
            break
        wanted += [each for each in revisions[: index + 2] if each not in wanted]
        if _no_way_back(found, revisions, wanted):
            return list(revisions)
    return wanted


def _no_way_back(
    found: Found, revisions: Sequence[storage.Revision], wanted: Sequence[storage.Revision]
) -> bool:
    """Whether a rollback has no target among the revisions looked into: those labelled deployed can be damaged."""
    if not all(isinstance(found.value(_revision_name(each)), storage.Revision) for each in wanted):
        return False
    read = [found.value(_revision_name(each)) or each for each in revisions]
    return rollback_target(read) is None


def _metadata(found: Found) -> Metadata:
    """Every release that was found, with its undecoded revisions."""
    lists = [found.value(EVERYWHERE)]
    lists += [found.value(_list_name(namespace)) for namespace in _searched(found)]
    lists += [found.value(_list_name(f"{ns}/{name}")) for ns, name in troubled_bundles(found)]
    return {
        key: revisions
        for each in lists
        if isinstance(each, dict)
        for key, revisions in each.items()
    }


def _searched(found: Found) -> list[str]:
    """The namespaces to list one by one. In one that does not exist everything is forbidden, so it is left out."""
    namespaces = {namespace for namespace, _release in [*dependencies_of(found), RANCHER]}
    return sorted(each for each in namespaces if may_exist(found, each))


def may_exist(found: Found, namespace: str) -> bool:
    """Whether a namespace is worth asking; where every list is refused, one that does not exist looks forbidden."""
    return not found.ok(NAMESPACES) or namespace in found.value(NAMESPACES)


def namespaces_settled(found: Found) -> bool:
    """Whether it has been found out if the namespaces have to be known, and which there are."""
    return EVERYWHERE in found and (
        found.reading(EVERYWHERE).state != FORBIDDEN or NAMESPACES in found
    )


def _read_namespaces(client: Reader) -> list[str]:
    return [name_of(each) for each in client.list(core("v1", "namespaces"), metadata_only=True)]


def _scope(found: Found) -> list[Key]:
    """The releases that the evidence is about, dependencies first."""
    metadata = _metadata(found)
    dependencies = dependencies_of(found)
    names = {release for _namespace, release in dependencies}
    locked = [
        key
        for key, revisions in metadata.items()
        if revisions and revisions[0].label_status in storage.LOCKED_STATUSES
    ]
    misplaced = [key for key in metadata if key[1] in names and key not in dependencies]
    keys = [*dependencies, RANCHER, *misplaced, *locked, *troubled_bundles(found)]
    return list(dict.fromkeys(keys))


def _parts(context: Context, found: Found) -> Parts:
    # Until the list has been read there is no scope to speak of.
    releases = [_release(context, found, key) for key in _scope(found)]
    bad = [each for each in releases if each.read not in (OK, ABSENT)]
    if bad:
        where = f"{bad[0].namespace}/{bad[0].release}"
        source = Source(bad[0].read or "", f"Release {where}: {bad[0].reason}")
    elif found.reading(EVERYWHERE).state == FORBIDDEN:
        source = Source(
            OK,
            "Releases in other namespaces were not looked for: " + found.reading(EVERYWHERE).reason,
        )
    else:
        source = Source(OK)
    return Parts({"releases": tuple(releases)}, {"releases": source})


def _release(context: Context, found: Found, key: Key) -> Release:
    namespace, release = key
    state, reason = _read_state(found, key)
    revisions = _revisions(found, key) if state in (OK, ABSENT) else []
    last = revisions[0] if revisions else None
    left = next((each for each in revisions if not _is_pending(each)), None)
    others = [other for other, name in _metadata(found) if name == release and other != namespace]
    return Release(
        release=release,
        namespace=namespace,
        dependency=dependencies_of(found).get(key),
        read=state if revisions or state != OK else ABSENT,
        reason=reason,
        revisions=tuple(
            _revision(context, each, index, left) for index, each in enumerate(revisions)
        ),
        config=context.redactor.value(dict(last.config)) if last and last.decoded else None,
        elsewhere=tuple(sorted(others)),
        leftovers=left_fields(found, key, context.redactor),
    )


def _read_state(found: Found, key: Key) -> tuple[str, str]:
    """Whether the release's list and its needed revisions were read."""
    listed = found.reading(EVERYWHERE)
    if listed.state == FORBIDDEN:
        if not may_exist(found, key[0]):
            return OK, ""
        listed = found.reading(_list_name(key[0]))
    special = found.reading(_list_name(f"{key[0]}/{key[1]}"))
    if special.value is not None:
        listed = special
    if listed.state != OK:
        return listed.state, listed.reason
    if found.ok(_again_name(key)):
        return OK, ""
    for revision in _wanted(found, _metadata(found).get(key, [])):
        reading = found.reading(_revision_name(revision))
        if reading.state not in (OK, ABSENT):
            return reading.state, reading.reason
    return OK, ""


def _revisions(found: Found, key: Key) -> list[storage.Revision]:
    again = found.value(_again_name(key))
    if isinstance(again, list):
        return again
    revisions = _metadata(found).get(key, [])
    read = (found.value(_revision_name(each)) for each in revisions)
    return [
        decoded if isinstance(decoded, storage.Revision) else revision
        for revision, decoded in zip(revisions, read, strict=True)
    ]


def _is_pending(revision: storage.Revision) -> bool:
    return revision.locked if revision.decoded else False


def _half_applied(
    revision: storage.Revision, left: storage.Revision | None
) -> tuple[str, ...] | None:
    """What only a pending revision sets, compared with the one that an unlock makes the last one again."""
    above = left is not None and revision.revision > left.revision
    if not (revision.locked and left is not None and left.decoded and above):
        return None
    try:
        return tuple(excess_names(revision.manifest, left.manifest))
    except ValueError:
        return None


def _revision(
    context: Context, revision: storage.Revision, index: int, left: storage.Revision | None
) -> Revision:
    document = revision.to_dict()
    known: Iterable[str] = Revision.__dataclass_fields__
    fields: dict[str, Any] = {name: document.get(name) for name in known if name in document}
    # The values of the last revision are the release's own; of older ones those a lock hides are of interest.
    config = dict(revision.config) if revision.decoded and index > 0 else None
    return Revision(
        **{
            **fields,
            "age_seconds": context.age(revision.touched_at),
            "description": context.redactor.text(revision.description or "") or None,
            "config": None if config is None else context.redactor.value(config),
            "half_applied": _half_applied(revision, left),
        }
    )


GROUP = Group(("releases",), _reads, _parts)
