# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What earlier revisions of a release have left in its live objects.

Helm's merge compares the manifest it applies with one earlier manifest. A field that only a third one has set, such as
that of a pending revision whose Secret was removed, or of a failed one, is in neither and stays in the live object: no
later upgrade removes it. The same goes for whole objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .._core.errors import RemediationError
from .._core.redaction import Redactor
from .api_defaults import is_default
from .field_path import MISSING, Path, find, text_of
from .kinds import Kinds
from .manifest import KEEP, Key, annotation, beyond, group_of, objects_of
from .owned_fields import has_owners, made_by_others, unlisted

if TYPE_CHECKING:
    from .._kube.reader import Reader
    from .storage import Revision

REMOVED, FOUND, REFUSED = "removed", "found", "refused"

HOOK = "helm.sh/hook"
RELEASE_NAME = "meta.helm.sh/release-name"
RELEASE_NAMESPACE = "meta.helm.sh/release-namespace"
_NEVER_DELETED = frozenset(
    {"CustomResourceDefinition", "Namespace", "PersistentVolume", "PersistentVolumeClaim"}
)
_MANAGED = "app.kubernetes.io/managed-by=Helm"
_COMMON_KINDS = (
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("v1", "ConfigMap"),
    ("v1", "Secret"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
)
_MOST_TEXT = 120


@dataclass(frozen=True)
class Leftover:
    """A field that the manifest does not have, or with an empty C(field) a whole object.

    C(value) is redacted text. C(revision) is the newest one known whose manifest sets it. C(outcome) is V(found),
    V(removed), or V(refused), when C(reason) says by whom.
    """

    object: str
    field: str
    value: str = ""
    revision: int | None = None
    outcome: str = FOUND
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The leftover as a document."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True)
class ObjectLeftovers:
    """One live object as it was read, and what of it is left over; with C(whole) all of it."""

    key: Key
    path: str
    live: Mapping[str, Any] = field(repr=False)
    fields: tuple[Path, ...] = ()
    whole: bool = False
    revisions: Mapping[Path, int] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """How messages name it, with the namespace it is in."""
        namespace = str(self.live["metadata"].get("namespace") or "")
        return replace(self.key, namespace=namespace).label

    def only(self, fields: Iterable[Path]) -> ObjectLeftovers:
        """The same with some of the fields."""
        return replace(self, fields=tuple(fields))

    def shown(self, redactor: Redactor, outcome: str = FOUND, reason: str = "") -> list[Leftover]:
        """What is reported of it."""
        if self.whole:
            return [Leftover(self.label, "", "", self.revisions.get(()), outcome, reason)]
        return [
            Leftover(
                self.label,
                text_of(path),
                _shown(self.key, path, find(self.live, path), redactor),
                self.revisions.get(path),
                outcome,
                reason,
            )
            for path in self.fields
        ]


def _shown(key: Key, path: Path, value: Any, redactor: Redactor) -> str:
    if key.kind == "Secret":
        return redactor.token(str(value))
    name = next((each for each in reversed(path) if isinstance(each, str)), "")
    return str(redactor.value({name: value})[name])[:_MOST_TEXT]


@dataclass(frozen=True)
class Search:
    """Looks for what is left over in the objects of one release.

    C(earlier) are its revisions with their manifests, newest first: they tell which one set a field, and what to look for
    in objects that do not say who owns their fields.
    """

    reader: Reader
    namespace: str
    release: str
    earlier: Sequence[Revision] = ()
    _kinds: Kinds = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_kinds", Kinds(self.reader))

    def fields(self, manifest: str, known: str = "") -> list[ObjectLeftovers]:
        """The fields left over in the objects of a manifest.

        Those that C(known), another manifest, has are none: helm's next merge starts from it and removes them.
        """
        others, found = _objects_or_none(known), []
        for key, obj in _objects_or_none(manifest).items():
            if annotation(obj, KEEP) == "keep":
                continue
            path, live = self._live(key, str(obj.get("apiVersion")))
            if live is None or annotation(live, KEEP) == "keep" or not self._may_be_ours(live):
                continue
            base = others.get(key, {})
            paths = [each for each in self._paths(live, obj, key) if find(base, each) is MISSING]
            if paths:
                revisions = self._set_by(key, paths)
                found.append(ObjectLeftovers(key, path, live, tuple(paths), revisions=revisions))
        return found

    def objects(self, manifest: str) -> list[ObjectLeftovers]:
        """Objects that helm made for this release and that the manifest does not list.

        Looked for are those of earlier manifests by name, others by helm's label among the kinds that charts have.
        """
        listed = {replace(key, namespace="") for key in _objects_or_none(manifest)}
        found: dict[str, ObjectLeftovers] = {}
        for each in (*self._of_earlier_manifests(), *self._labelled(manifest)):
            unlisted_here = replace(each.key, namespace="") not in listed
            if unlisted_here and each.key.kind not in _NEVER_DELETED and self._is_ours(each.live):
                found.setdefault(each.label, each)
        return list(found.values())

    def _of_earlier_manifests(self) -> Iterator[ObjectLeftovers]:
        for revision in self.earlier:
            for key, obj in _objects_or_none(revision.manifest).items():
                path, live = self._live(key, str(obj.get("apiVersion")))
                if live is not None:
                    numbers: dict[Path, int] = {(): revision.revision}
                    yield ObjectLeftovers(key, path, live, whole=True, revisions=numbers)

    def _labelled(self, manifest: str) -> Iterator[ObjectLeftovers]:
        manifests = [manifest, *(each.manifest for each in self.earlier)]
        kinds = {
            (str(obj.get("apiVersion")), str(obj.get("kind")))
            for text in manifests
            for obj in _objects_or_none(text).values()
        }
        for api_version, kind in sorted({*kinds, *_COMMON_KINDS}):
            if kind not in _NEVER_DELETED:
                yield from self._labelled_of(api_version, kind)

    def _labelled_of(self, api_version: str, kind: str) -> Iterator[ObjectLeftovers]:
        path = self._where(api_version, kind, self.namespace, None)
        if path is None:
            return
        try:
            items = self.reader.list(path, label_selector=_MANAGED, metadata_only=True)
        except RemediationError as error:
            if error.code not in ("not-found", "forbidden"):
                raise
            return
        for item in items:
            metadata = item["metadata"]
            key = Key(
                group_of({"apiVersion": api_version}),
                kind,
                str(metadata.get("namespace") or ""),
                str(metadata["name"]),
            )
            where = self._where(api_version, kind, self.namespace, key.name)
            yield ObjectLeftovers(key, str(where), item, whole=True)

    def _where(self, api_version: str, kind: str, namespace: str, name: str | None) -> str | None:
        return self._kinds.path(api_version, kind, namespace, name)

    def _live(self, key: Key, api_version: str) -> tuple[str, dict[str, Any] | None]:
        path = self._where(api_version, key.kind, key.namespace or self.namespace, key.name)
        if path is None:
            return "", None
        try:
            return path, self.reader.get(path)
        except RemediationError as error:
            if error.code in ("not-found", "forbidden"):
                return path, None
            raise

    def _paths(self, live: Mapping[str, Any], obj: Mapping[str, Any], key: Key) -> list[Path]:
        found = unlisted(live, obj) if has_owners(live) else self._by_comparison(live, obj, key)
        return [path for path in found if not is_default(path, find(live, path))]

    def _by_comparison(
        self, live: Mapping[str, Any], obj: Mapping[str, Any], key: Key
    ) -> list[Path]:
        """Fields that an earlier manifest sets, the manifest does not, and that are live with that value."""
        found: dict[Path, None] = {}
        for earlier in self._earlier_objects(key).values():
            for path in beyond(earlier, obj):
                if _covers(find(live, path), find(earlier, path)):
                    found[path] = None
        return list(found)

    def _set_by(self, key: Key, paths: Sequence[Path]) -> dict[Path, int]:
        objects = self._earlier_objects(key)
        return {
            path: number
            for path in paths
            for number in sorted(objects)
            if find(objects[number], path) is not MISSING
        }

    def _earlier_objects(self, key: Key) -> dict[int, Mapping[str, Any]]:
        """The object in the manifests of the revisions that are known, by their number."""
        found = {}
        for revision in self.earlier:
            obj = _objects_or_none(revision.manifest).get(key)
            if obj is not None:
                found[revision.revision] = obj
        return found

    def _is_ours(self, live: Mapping[str, Any]) -> bool:
        """Whether helm made the object for this very release, and nothing else made it from another object."""
        mine = (annotation(live, RELEASE_NAME), annotation(live, RELEASE_NAMESPACE)) == (
            self.release,
            self.namespace,
        )
        kept = annotation(live, KEEP) == "keep" or annotation(live, HOOK) is not None
        derived = bool(live["metadata"].get("ownerReferences")) or made_by_others(live)
        return mine and not (kept or derived)

    def _may_be_ours(self, live: Mapping[str, Any]) -> bool:
        """Whether no other release has taken the object over."""
        owner = (annotation(live, RELEASE_NAME), annotation(live, RELEASE_NAMESPACE))
        return owner in ((None, None), (self.release, self.namespace))


@lru_cache(maxsize=16)
def _objects_or_none(manifest: str) -> Mapping[Key, Mapping[str, Any]]:
    """The objects of a manifest without CRDs, none when it cannot be read: nothing is looked for then.

    What CRDs hold is one list that Helm replaces.
    """
    try:
        return objects_of(manifest, with_crds=False)
    except ValueError:
        return {}


def _covers(live: Any, wanted: Any) -> bool:
    """Whether a live value is what a manifest set, with what the API server has filled in."""
    if isinstance(wanted, Mapping):
        return isinstance(live, Mapping) and all(
            _covers(live.get(key), value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(live, list)
            and len(live) == len(wanted)
            and all(_covers(one, other) for one, other in zip(live, wanted, strict=True))
        )
    return bool(live == wanted)


def sentences(found: Sequence[Leftover]) -> Iterator[str]:
    """What is said of leftovers, a sentence for each."""
    for each in found:
        what = f"field {each.field} of {each.object}" if each.field else each.object
        value = f" ({each.value})" if each.value else ""
        by = f", set by revision {each.revision}" if each.revision is not None else ""
        if each.outcome == REMOVED:
            yield f"Removed {what}{value}{by}: the manifest does not have it."
        else:
            yield f"Left over: {what}{value}{by}; it is not in the manifest." + (
                f" It cannot be removed: {each.reason}" if each.reason else ""
            )
