# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects in a release's manifest, and what one manifest sets beyond another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .field_path import MISSING, Item, Path, child, text_of

KEEP = "helm.sh/resource-policy"
CRD = "CustomResourceDefinition"
_DOCUMENT = re.compile(r"(?m)^---.*$")
_CRD_DOCUMENT = re.compile(r"(?m)^kind:[ \t]*[\"']?CustomResourceDefinition[\"']?[ \t]*$")

# Where Helm merges by strategic merge patch, lists whose items it tells apart, and by what. It replaces all others, and
# those of custom resources, as a whole: nothing of them is ever left.
_BUILT_IN = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apps",
        "autoscaling",
        "batch",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
    }
)
_MERGE_KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",),
    "env": ("name",),
    "ephemeralContainers": ("name",),
    "hostAliases": ("ip",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "matchConditions": ("name",),
    "ownerReferences": ("uid",),
    "ports": ("containerPort", "port"),
    "resourceClaims": ("name",),
    "secrets": ("name",),
    "topologySpreadConstraints": ("topologyKey",),
    "volumeDevices": ("devicePath",),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
    "webhooks": ("name",),
}
_SETS = frozenset({"finalizers"})


@dataclass(frozen=True)
class Key:
    """An object in the cluster, whatever version of its API it is written in."""

    group: str
    kind: str
    namespace: str
    name: str

    @property
    def label(self) -> str:
        """How messages name it."""
        return "/".join(part for part in (self.kind, self.namespace, self.name) if part)


def is_built_in(key: Key) -> bool:
    """Whether the kind is one that Kubernetes itself brings."""
    return key.group in _BUILT_IN


def objects_of(manifest: str, *, with_crds: bool = True) -> dict[Key, Mapping[str, Any]]:
    """The objects of a manifest as it is stored with a revision; hooks are not in it.

    The namespace is as written, so empty where the release's own is meant. CRDs are the largest objects by far; without
    them they are not even parsed. Raises ValueError for what is not YAML.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = {}
    for text in _DOCUMENT.split(manifest):
        if not with_crds and _CRD_DOCUMENT.search(text):
            continue
        try:
            document = yaml.load(text, Loader=loader)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise ValueError(f"The manifest is not YAML ({type(error).__name__}).") from None
        for each in _flat(document):
            found[_key(each)] = each
    return found


def _flat(document: Any) -> Iterator[Mapping[str, Any]]:
    """Helm applies the items of a List one by one."""
    if not isinstance(document, Mapping):
        return
    items = document.get("items")
    if str(document.get("kind", "")).endswith("List") and isinstance(items, list):
        for each in items:
            yield from _flat(each)
    else:
        yield document


def _key(obj: Mapping[str, Any]) -> Key:
    metadata = obj.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    return Key(
        group_of(obj),
        str(obj.get("kind") or ""),
        str(metadata.get("namespace") or ""),
        str(metadata.get("name") or ""),
    )


def group_of(obj: Mapping[str, Any]) -> str:
    """The API group; empty for the core group."""
    group, slash, _version = str(obj.get("apiVersion") or "").partition("/")
    return group if slash else ""


def annotation(obj: Mapping[str, Any], name: str) -> str | None:
    """An annotation, None when it is not there."""
    metadata = obj.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    value = annotations.get(name) if isinstance(annotations, Mapping) else None
    return None if value is None else str(value)


def as_stored(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object as the API server would return its fields: what a Secret gives as text is among its data."""
    plain = obj.get("stringData")
    if obj.get("kind") != "Secret" or not isinstance(plain, Mapping):
        return obj
    content = obj.get("data")
    rest = {key: value for key, value in obj.items() if key != "stringData"}
    return {**rest, "data": {**(content if isinstance(content, Mapping) else {}), **plain}}


def beyond(obj: Mapping[str, Any], base: Mapping[str, Any]) -> list[Path]:
    """Fields that an object sets and another state of it does not: Helm's merge from that one leaves them alone.

    A field that both set is not among them whatever its value is: the merge writes it.
    """
    obj, base = as_stored(obj), as_stored(base)
    return list(_beyond(obj, base, (), merges=group_of(obj) in _BUILT_IN))


def _beyond(obj: Any, base: Any, path: Path, *, merges: bool) -> Iterator[Path]:
    if isinstance(obj, Mapping):
        for key, value in obj.items():
            if value is None or (not path and key in ("apiVersion", "kind", "status")):
                continue
            other = child(base, str(key))
            if other is MISSING or other is None:
                yield (*path, str(key))
            else:
                yield from _beyond(value, other, (*path, str(key)), merges=merges)
    elif isinstance(obj, list) and isinstance(base, list) and merges:
        for item, value in _items(obj, str(path[-1]) if path else ""):
            other = child(base, item)
            if other is MISSING:
                yield (*path, item)
            else:
                yield from _beyond(value, other, (*path, item), merges=merges)


def _items(values: list[Any], name: str) -> Iterator[tuple[Item, Any]]:
    """The items of a list that Helm tells apart, none of any other list."""
    for value in values:
        if name in _SETS:
            yield Item(value=value), value
        key = next((each for each in _MERGE_KEYS.get(name, ()) if _has(value, each)), None)
        if key is not None:
            yield Item(((key, value[key]),)), value


def _has(value: Any, key: str) -> bool:
    return isinstance(value, Mapping) and key in value


@dataclass(frozen=True)
class Excess:
    """What one manifest has and another has not: an object (no paths), or fields of one that both have."""

    key: Key
    paths: tuple[Path, ...] = ()


def excess(manifest: str, base: str) -> list[Excess]:
    """What a manifest sets beyond another one. Objects that helm would keep anyway are left out, and the fields of CRDs.

    Raises ValueError when one of them cannot be read.
    """
    known, found = objects_of(base), []
    for key, obj in objects_of(manifest).items():
        if annotation(obj, KEEP) == "keep":
            continue
        other = known.get(key)
        compared = other is not None and key.kind != CRD
        paths = tuple(beyond(obj, other)) if other is not None and compared else ()
        if other is None or paths:
            found.append(Excess(key, paths))
    return found


_MOST_NAMES = 40


def excess_names(manifest: str, base: str) -> list[str]:
    """The same in words, without any value: ``Kind/namespace/name``, and behind it the field."""
    names = []
    for each in excess(manifest, base):
        names += [f"{each.key.label} {text_of(path)}" for path in each.paths] or [each.key.label]
    more = len(names) - _MOST_NAMES
    return [*names[:_MOST_NAMES], *([f"and {more} more"] if more > 0 else [])]
