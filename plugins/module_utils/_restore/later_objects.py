# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What releases have got since a backup set was made: to undo a plan it has to go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._backup.scope import CHART_OBJECTS, MADE_BY_HELM
from .._core.lenient import moment
from .._helm.storage import revision_from_metadata
from .._kube.client import KubeClient
from .change import Restoration

_RELEASE = ("meta.helm.sh/release-namespace", "meta.helm.sh/release-name")


def later_objects(
    client: KubeClient, releases: Sequence[str], manifest: Mapping[str, Any]
) -> list[Restoration]:
    """The objects that helm has made for these releases in their namespaces after the set was made, as deletions.

    An object that the set lacks and that is older was there and could not be read then: it stays. So do kinds that are
    not saved with a release, and whatever has an owner, which deletes it. Raises RemediationError.
    """
    made_at = moment(manifest.get("created_at"))
    if made_at is None:
        return []
    known = {str(entry.get("api_path")) for entry in manifest["files"]}
    found = []
    for namespace in sorted({release.partition("/")[0] for release in releases}):
        for path, label, each in _of_namespace(client, namespace, frozenset(releases)):
            created = moment(each["metadata"].get("creationTimestamp"))
            if path not in known and created is not None and created > made_at:
                found.append(Restoration(label, path, "", None, each))
    return found


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
