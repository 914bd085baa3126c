# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Try a manifest server-side, as Helm 4 would apply it, without a change: which fields belong to others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._core.errors import RemediationError
from .._core.lenient import mapping
from .._kube.resource import Resource
from .conflicts import FIELD_MANAGER, Conflict
from .manifest import objects_of

if TYPE_CHECKING:
    from .._kube.client import KubeClient

Object = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """An object of a manifest, how messages name it, and where it is."""

    label: str
    path: str
    body: Object


@dataclass(frozen=True)
class Foreseen:
    """The conflicts that the API server names, and the objects that it could not be asked about, with the reason."""

    conflicts: tuple[Conflict, ...] = ()
    unchecked: tuple[str, ...] = ()
    places: Mapping[str, Place] | None = None


def foresee(client: KubeClient, namespace: str, release: str, manifest: str) -> Foreseen:
    """Apply every object of a release's manifest server-side in a dry run.

    Helm's own dry run does not do this: it stops before it applies anything. Raises RemediationError for a manifest
    that cannot be read, and where the API server cannot be reached.
    """
    conflicts: list[Conflict] = []
    unchecked: list[str] = []
    places = {each.label: each for each in _places(client, namespace, manifest)}
    for place in places.values():
        body = _as_helm_applies_it(place.body, namespace, release)
        try:
            client.apply(place.path, body, manager=FIELD_MANAGER, dry_run=True)
        except RemediationError as error:
            causes = error.details.get("causes") or []
            conflicts += [_conflict(place.label, cause) for cause in causes]
            if not causes and _exists(client, place.path):
                unchecked.append(f"{place.label}: {error.message}")
    return Foreseen(tuple(dict.fromkeys(conflicts)), tuple(unchecked), places)


def _conflict(label: str, cause: Mapping[str, Any]) -> Conflict:
    manager = str(cause.get("message") or "").partition('"')[2].partition('"')[0]
    return Conflict(label, str(cause.get("field") or ""), manager)


def _exists(client: KubeClient, path: str) -> bool:
    """Whether there is an object, which alone can have fields of others."""
    try:
        client.get(path, metadata_only=True)
    except RemediationError as error:
        if error.code in ("server-unreachable", "unauthorized"):
            raise
        return error.code != "not-found"
    return True


def _as_helm_applies_it(body: Object, namespace: str, release: str) -> Object:
    """The object with the label and the annotations that helm adds."""
    metadata = dict(body.get("metadata") or {})
    labels = {**(metadata.get("labels") or {}), "app.kubernetes.io/managed-by": "Helm"}
    owner = {"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace}
    annotations = {**(metadata.get("annotations") or {}), **owner}
    return {**body, "metadata": {**metadata, "labels": labels, "annotations": annotations}}


def _places(client: KubeClient, namespace: str, manifest: str) -> Iterator[Place]:
    """The objects of the kinds that the API server knows; none of another kind can exist."""
    served: dict[str, dict[str, tuple[str, bool]]] = {}
    for body in _bodies(manifest):
        version, kind = str(body.get("apiVersion") or ""), str(body.get("kind") or "")
        metadata = mapping(body.get("metadata"))
        name = metadata.get("name")
        if version not in served:
            served[version] = _kinds(client, version)
        if kind not in served[version] or not isinstance(name, str):
            continue
        plural, namespaced = served[version][kind]
        where = str(metadata.get("namespace") or namespace) if namespaced else None
        label = "/".join(filter(None, (kind, where, name)))
        yield Place(label, Resource(version, kind, plural).path(where, name), body)


def _kinds(client: KubeClient, version: str) -> dict[str, tuple[str, bool]]:
    """Kind -> resource and whether it is in namespaces, of one version of an API."""
    if not version:
        return {}
    try:
        answer = client.get(f"/apis/{version}" if "/" in version else f"/api/{version}")
    except RemediationError as error:
        if error.code == "not-found":
            return {}
        raise
    return {
        str(each.get("kind")): (str(each.get("name")), each.get("namespaced") is True)
        for each in answer.get("resources") or ()
        if "/" not in str(each.get("name"))
    }


def _bodies(manifest: str) -> Iterable[Object]:
    try:
        return map(dict, objects_of(manifest).values())
    except ValueError as error:
        raise RemediationError(
            "helm-failed",
            f"What helm rendered cannot be read: {error}",
            "Render the chart by hand with helm template, and look at it.",
        ) from error
