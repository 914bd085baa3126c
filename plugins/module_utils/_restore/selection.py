# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which objects of a backup set are meant: by name, by release, or by the part they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._backup.backup_set import named_entries, qualified
from .._core.errors import RemediationError
from .._helm.storage import revision_from_metadata
from .guards import never_restored

Document = Mapping[str, Any]
Release = tuple[str, str]  # namespace, release

#: What the plan of the set was going to change, together.
PLAN = "plan"
_DEFINITION = "CustomResourceDefinition."

# Kind, with its group where the name alone is not enough.
PARTS: dict[str, frozenset[str]] = {
    "releases": frozenset({"Secret"}),
    "config_maps": frozenset({"ConfigMap"}),
    "settings": frozenset({"Setting.management.cattle.io"}),
    "cluster_repos": frozenset({"ClusterRepo.catalog.cattle.io"}),
    "fleet": frozenset({"Cluster.fleet.cattle.io", "Bundle.fleet.cattle.io"}),
    "managed_charts": frozenset({"ManagedChart.management.cattle.io"}),
    "webhooks": frozenset(
        f"{verb}WebhookConfiguration.admissionregistration.k8s.io"
        for verb in ("Mutating", "Validating")
    ),
}


@dataclass(frozen=True)
class Selection:
    """What to bring back: objects by their label, releases as ``namespace/name``, whole parts."""

    objects: Sequence[str] = ()
    releases: Sequence[str] = ()
    parts: Sequence[str] = ()

    @property
    def is_undo(self) -> bool:
        """Whether all that the plan changes is to be as it was, so that no later revision stays."""
        return PLAN in self.parts


@dataclass(frozen=True)
class Chosen:
    """Single objects by their name, and whole histories: the entries of every saved revision of a release.

    undone are the releases (``namespace/name``) that are to have nothing that came after the set.
    """

    objects: Mapping[str, Document]
    histories: Mapping[Release, Mapping[str, Document]]
    undone: Sequence[str] = ()


def choose(manifest: Document, selection: Selection) -> Chosen:
    """The manifest's entries that are meant. Raises not-found for what the set does not hold, or does not know."""
    named = named_entries(manifest)
    saved = histories(named)
    wanted = {_release(each): each for each in selection.releases}
    of_plan: dict[str, Document] = {}
    undone: Sequence[str] = ()
    if selection.is_undo:
        undone, of_plan = _of_plan(manifest, named)
        wanted.update({_release(each): each for each in undone if _release(each) in saved})
    if "releases" in selection.parts:
        wanted.update({release: "/".join(release) for release in saved})
    missing = [each for release, each in wanted.items() if release not in saved]
    objects = {}
    for label in selection.objects:
        found = _by_label(named, label)
        if not found:
            missing.append(label)
        objects.update(found)
    if missing:
        raise _not_held(missing, named, saved)
    kinds = [part for part in selection.parts if part not in ("releases", PLAN)]
    objects.update({**_of_parts(named, kinds), **of_plan})
    return Chosen(objects, {release: saved[release] for release in sorted(wanted)}, undone)


def histories(named: Mapping[str, Document]) -> dict[Release, dict[str, Document]]:
    """The saved revisions by release: name of the entry -> entry, the first revision first."""
    numbered: dict[Release, dict[int, tuple[str, Document]]] = {}
    for name, entry in named.items():
        kind, _slash, rest = name.partition("/")
        namespace, _slash, secret = rest.partition("/")
        if kind != "Secret":
            continue
        revision = revision_from_metadata({"metadata": {"name": secret, "namespace": namespace}})
        if revision is not None:
            of_release = numbered.setdefault((namespace, revision.release), {})
            of_release[revision.revision] = (name, entry)
    return {
        release: {name: entry for _number, (name, entry) in sorted(found.items())}
        for release, found in numbered.items()
    }


def _by_label(named: Mapping[str, Document], label: str) -> dict[str, Document]:
    if label in named:
        return {label: named[label]}
    return {name: entry for name, entry in named.items() if qualified(entry) == label}


def _of_parts(named: Mapping[str, Document], parts: Sequence[str]) -> dict[str, Document]:
    """What of these parts may come back at all; an index is rebuilt by Rancher, never brought back with others."""
    kinds = frozenset().union(*(PARTS[part] for part in parts))
    return {
        name: entry
        for name, entry in named.items()
        if qualified(entry).split("/", maxsplit=1)[0] in kinds
        and not any(owner.startswith("ClusterRepo/") for owner in entry.get("owners") or [])
        and never_restored(entry) is None
    }


def _of_plan(
    manifest: Document, named: Mapping[str, Document]
) -> tuple[Sequence[str], dict[str, Document]]:
    """The releases that the plan of the set changes, and the objects: its own, and those that helm has made for them.

    Definitions stay as they are: an older one would take fields from the objects that have them by now.
    """
    changes = manifest.get("changes") or {}
    releases, own = changes.get("releases") or [], set(changes.get("objects") or [])
    if not releases and not own:
        raise RemediationError(
            "not-found",
            f"The backup set {manifest.get('id')} does not say what its plan changes.",
            "It is of no plan, or of an older version of the collection. Name the releases and objects to bring back.",
        )
    objects = {
        name: entry
        for name, entry in named.items()
        if (str(entry["object"]) in own or entry.get("release") in releases)
        and not qualified(entry).startswith(_DEFINITION)
        and never_restored(entry) is None
    }
    return releases, objects


def _release(text: str) -> Release:
    namespace, _slash, release = text.partition("/")
    return namespace, release


def _not_held(
    missing: Sequence[str], named: Mapping[str, Document], saved: Mapping[Release, Any]
) -> RemediationError:
    return RemediationError(
        "not-found",
        f"The backup set does not hold {', '.join(missing)}.",
        "Name objects as the set's manifest.json does (key object), releases as namespace/name.",
        details={
            "objects": sorted(named),
            "releases": sorted("/".join(release) for release in saved),
        },
    )
