# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan has made since its backup set, itself and through helm: to undo the plan it has to go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._backup.scope import CHART_OBJECTS, MADE_BY_HELM
from .._core.lenient import moment
from .._helm.storage import revision_from_metadata
from .._kube.change import read_or_none
from .._kube.client import KubeClient
from .change import Restoration
from .guards import never_deleted

_RELEASE = ("meta.helm.sh/release-namespace", "meta.helm.sh/release-name")


def later_objects(
    client: KubeClient, releases: Sequence[str], manifest: Mapping[str, Any]
) -> list[Restoration]:
    """The objects that helm has made for these releases in their namespaces after the set was made, as deletions.

    An object that the set lacks and that is older was there and could not be read then: it stays. So do kinds that are
    not saved with a release, and whatever has an owner, which deletes it. Raises RemediationError.
    """
    known, found = _saved(manifest), []
    for namespace in sorted({release.partition("/")[0] for release in releases}):
        for path, label, each in _of_namespace(client, namespace, frozenset(releases)):
            if path not in known and _is_later(each, manifest):
                found.append(Restoration(label, path, "", None, each))
    return found


def made_by_steps(
    client: KubeClient, manifest: Mapping[str, Any]
) -> tuple[list[Restoration], list[str]]:
    """The objects of no release that were not there before the plan and are there now, as deletions; and why some stay.

    What a step is about is in the set, or it was not there: without it no set is made. Raises RemediationError.
    """
    known, found, stays = _saved(manifest), [], []
    for label, path in sorted(((manifest.get("changes") or {}).get("paths") or {}).items()):
        live = None if path in known else read_or_none(client, str(path))
        if live is None or not _is_later(live, manifest):
            continue
        reason = never_deleted(label)
        if reason:
            stays.append(f"{label} was made by the plan and stays: {reason}")
        else:
            found.append(Restoration(label, str(path), "", None, live))
    return found, stays


def _saved(manifest: Mapping[str, Any]) -> frozenset[str]:
    """Where the objects of the set are in the API."""
    return frozenset(str(entry.get("api_path")) for entry in manifest["files"])


def _is_later(live: Mapping[str, Any], manifest: Mapping[str, Any]) -> bool:
    made_at = moment(manifest.get("created_at"))
    created = moment(live["metadata"].get("creationTimestamp"))
    return made_at is not None and created is not None and created > made_at


def _of_namespace(
    client: KubeClient, namespace: str, releases: frozenset[str]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, label and content of what helm has made for the releases."""
    for resource in CHART_OBJECTS:
        for each in client.list(resource.path(namespace), label_selector=MADE_BY_HELM):
            metadata = each["metadata"]
            marks = metadata.get("annotations") or {}
            of_release = "/".join(str(marks.get(name)) for name in _RELEASE)
            if of_release not in releases or metadata.get("ownerReferences"):
                continue
            if resource.kind == "Secret" and revision_from_metadata(each) is not None:
                continue
            whole = {"apiVersion": resource.api_version, "kind": resource.kind, **each}
            label = f"{resource.kind}/{namespace}/{metadata['name']}"
            yield resource.path(namespace, str(metadata["name"])), label, whole
