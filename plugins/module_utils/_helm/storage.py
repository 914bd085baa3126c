# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Helm's release storage: the Secrets C(sh.helm.release.v1.<release>.v<N>), read without Helm.

What counts is the status inside the stored blob, not the Secret's label (FM 4): Helm itself decodes
the blob to find the last revision, and only its search for deployed revisions uses the label.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .._core.errors import RemediationError
from .._core.lenient import in_utc
from .._kube.paths import core

if TYPE_CHECKING:
    from .._kube.reader import Reader

OWNER_SELECTOR = "owner=helm"

LOCKED_STATUSES = frozenset({"pending-install", "pending-upgrade", "pending-rollback"})
STATUSES = LOCKED_STATUSES | {
    "unknown",
    "deployed",
    "uninstalled",
    "superseded",
    "failed",
    "uninstalling",
}

# A Secret holds at most 1 MiB; twice base64 leaves 576 KiB of gzip, which could unfold to 600 MB.
# The largest releases seen (CRD charts) unfold to some 10 MB.
MAX_STORED_BYTES = 2 * 1024 * 1024
MAX_RELEASE_BYTES = 64 * 1024 * 1024

_GZIP_MAGIC = b"\x1f\x8b\x08"
_SECRET_NAME = re.compile(
    r"^sh\.helm\.release\.v1\.(?P<release>.+)\.v(?P<revision>[1-9][0-9]{0,8})$"
)
_READ_ATTEMPTS = 3


class UndecodableReleaseError(ValueError):
    """The content of a release Secret is not what Helm stores; the text says why."""


@dataclass(frozen=True)
class Revision:
    """One revision of a release.

    C(decoded) is false when the blob was not asked for (everything from C(status) to
    C(last_deployed) is then null) or could not be read (C(error) then says why). Times are RFC3339
    UTC, to the second. C(apply_method) is V(csa) or V(ssa) (Helm 4). C(label_status) is what the Secret's label says, which is never the truth.
    """

    release: str
    namespace: str
    revision: int
    secret_name: str
    secret_uid: str
    secret_resource_version: str
    created_at: str | None = None
    label_status: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    decoded: bool = False
    error: str | None = None
    status: str | None = None
    chart_name: str | None = None
    chart_version: str | None = None
    app_version: str | None = None
    description: str | None = None
    first_deployed: str | None = None
    last_deployed: str | None = None
    apply_method: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)
    manifest: str = field(default="", repr=False)

    @property
    def touched_at(self) -> str | None:
        """When Helm last worked on it: what its age counts from."""
        return touched_at(self.last_deployed, self.created_at)

    @property
    def locked(self) -> bool:
        """Whether Helm refuses to upgrade on top of this revision (FM 4)."""
        return self.status in LOCKED_STATUSES

    @property
    def subject(self) -> str:
        """The object behind it, as messages name objects."""
        return f"Secret/{self.namespace}/{self.secret_name}"

    def to_dict(self, *, with_config: bool = False, with_manifest: bool = False) -> dict[str, Any]:
        """The revision as a document; user values and manifest, which may hold secrets, on request."""
        document = {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if name not in ("config", "manifest", "labels")
        }
        document["labels"] = dict(self.labels)
        if with_config:
            document["config"] = dict(self.config)
        if with_manifest:
            document["manifest"] = self.manifest
        return document


def touched_at(last_deployed: str | None, created_at: str | None) -> str | None:
    """The time the age of a revision counts from: Helm's own (FM 6.0 D.4), else its Secret's.

    A Secret can be younger than the revision in it, when it came back from a backup. Whether a lock may
    be taken away is judged more strictly (C(idleness.age_seconds)).
    """
    return last_deployed or created_at


def helm_time(value: object) -> str | None:
    """A time as Go writes it (any zone, nanoseconds) in RFC3339 UTC seconds; null for none or zero."""
    zero = isinstance(value, str) and value.startswith("0001-01-01")
    return None if zero else in_utc(value)


def _unbase64(data: bytes, layer: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise UndecodableReleaseError(f"{layer} base64 layer is damaged: {error}") from error


def _gunzip(data: bytes, limit: int) -> bytes:
    stream = zlib.decompressobj(wbits=31)
    try:
        content = stream.decompress(data, limit + 1)
    except zlib.error as error:
        raise UndecodableReleaseError(f"gzip layer is damaged: {error}") from error
    if not stream.eof:
        if len(content) > limit:
            raise UndecodableReleaseError(f"it unfolds to more than {limit} bytes")
        raise UndecodableReleaseError("gzip layer is cut off (unexpected end)")
    if stream.unused_data:
        raise UndecodableReleaseError("gzip layer is followed by other data")
    return content


def decode_blob(stored: str | bytes, *, limit: int = MAX_RELEASE_BYTES) -> dict[str, Any]:
    """The release document out of C(.data.release) of a Secret: base64, base64, gzip, JSON (FM 4).

    Raises UndecodableReleaseError with the layer that is broken. Never unfolds more than C(limit) bytes.
    """
    raw = stored.encode("ascii", "replace") if isinstance(stored, str) else stored
    if len(raw) > MAX_STORED_BYTES:
        raise UndecodableReleaseError(f"it is larger than {MAX_STORED_BYTES} bytes as stored")
    data = _unbase64(_unbase64(raw, "outer (Kubernetes)"), "inner (Helm)")
    # Helm stored releases uncompressed once, and still reads them.
    text = _gunzip(data, limit) if data.startswith(_GZIP_MAGIC) else data
    if len(text) > limit:
        raise UndecodableReleaseError(f"it is larger than {limit} bytes")
    try:
        release = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UndecodableReleaseError(
            f"content is no JSON: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(release, dict):
        raise UndecodableReleaseError(f"content is a JSON {type(release).__name__}, not an object")
    return release


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _mapping(parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def revision_from_metadata(item: Mapping[str, Any]) -> Revision | None:
    """The undecoded revision behind a Secret's metadata; null when its name is not a revision's."""
    metadata = _mapping(item, "metadata")
    match = _SECRET_NAME.match(_text(metadata.get("name")) or "")
    if match is None:
        return None
    labels = {k: v for k, v in _mapping(metadata, "labels").items() if isinstance(v, str)}
    return Revision(
        release=match["release"],
        namespace=_text(metadata.get("namespace")) or "",
        revision=int(match["revision"]),
        secret_name=match[0],
        secret_uid=_text(metadata.get("uid")) or "",
        secret_resource_version=_text(metadata.get("resourceVersion")) or "",
        created_at=helm_time(metadata.get("creationTimestamp")),
        label_status=labels.get("status"),
        labels=labels,
    )


def _check_identity(revision: Revision, release: Mapping[str, Any]) -> None:
    # Helm goes by the blob, the API by the Secret's name: where they differ, no answer is safe.
    for key, expected in (("name", revision.release), ("version", revision.revision)):
        if release.get(key) != expected:
            raise UndecodableReleaseError(
                f"it is stored as {key} {expected} but says {key} {str(release.get(key))[:80]}"
            )
    if not isinstance(release.get("info"), dict) or not _text(release["info"].get("status")):
        raise UndecodableReleaseError("it has no info.status")


def decode_revision(secret: Mapping[str, Any]) -> Revision:
    """A revision out of a whole Secret. Never raises for its content: C(error) says what is wrong.

    Raises ValueError when the Secret's name is not that of a revision.
    """
    revision = revision_from_metadata(secret)
    if revision is None:
        raise ValueError("not a Helm release Secret")
    stored = _mapping(secret, "data").get("release")
    try:
        if not isinstance(stored, str) or not stored:
            raise UndecodableReleaseError("it has no data.release")
        release = decode_blob(stored)
        _check_identity(revision, release)
    except UndecodableReleaseError as error:
        return replace(revision, error=str(error))
    info, chart = _mapping(release, "info"), _mapping(_mapping(release, "chart"), "metadata")
    status = info["status"]
    return replace(
        revision,
        decoded=True,
        status=status if status in STATUSES else "unknown",
        chart_name=_text(chart.get("name")),
        chart_version=_text(chart.get("version")),
        app_version=_text(chart.get("appVersion")),
        description=_text(info.get("description")),
        first_deployed=helm_time(info.get("first_deployed")),
        last_deployed=helm_time(info.get("last_deployed")),
        # Helm 4 notes who applied the objects; what Helm 3 wrote was applied by the client.
        apply_method=_text(release.get("apply_method")) or "csa",
        config=_mapping(release, "config"),
        manifest=_text(release.get("manifest")) or "",
    )


def newest_first(revisions: Iterable[Revision]) -> list[Revision]:
    """Revisions by number, the last one first."""
    return sorted(revisions, key=lambda revision: revision.revision, reverse=True)


def list_release_metadata(
    client: Reader, releases: Sequence[str], namespace: str | None = None
) -> dict[tuple[str, str], list[Revision]]:
    """Undecoded revisions, newest first, of the named releases by (namespace, release).

    One metadata-only list: the content of the Secrets is not transferred. Without a namespace all
    namespaces are searched. A release without revisions has no entry.
    """
    names = ",".join(sorted(set(releases)))
    found: dict[tuple[str, str], list[Revision]] = {}
    for item in client.list(
        core("v1", "secrets", namespace),
        label_selector=f"{OWNER_SELECTOR},name in ({names})",
        metadata_only=True,
    ):
        revision = revision_from_metadata(item)
        if revision is not None and revision.release in releases:
            found.setdefault((revision.namespace, revision.release), []).append(revision)
    return {key: newest_first(found[key]) for key in sorted(found)}


def fetch_revision(client: Reader, revision: Revision) -> Revision | None:
    """The revision decoded; null when its Secret is gone or was replaced by another of the name."""
    try:
        secret = client.get(core("v1", "secrets", revision.namespace, revision.secret_name))
    except RemediationError as error:
        if error.code == "not-found":
            return None
        raise
    decoded = decode_revision(secret)
    return decoded if decoded.secret_uid == revision.secret_uid else None


def relevant_revisions(revisions: Sequence[Revision]) -> list[Revision]:
    """Those that a diagnosis needs decoded: the last one and the newest labelled deployed.

    When none is labelled deployed it is all of them, because the label may lie and a rollback may
    have to go to a superseded revision (FM 6.4).
    """
    last = list(revisions[:1])
    deployed = [revision for revision in revisions if revision.label_status == "deployed"]
    return [*last, *(r for r in deployed if r not in last)] if deployed else list(revisions)


def _selection(decode: str) -> Callable[[Sequence[Revision]], list[Revision]]:
    choices: dict[str, Callable[[Sequence[Revision]], list[Revision]]] = {
        "none": lambda _revisions: [],
        "last": lambda revisions: list(revisions[:1]),
        "relevant": relevant_revisions,
        "all": list,
    }
    return choices[decode]


def decode_revisions(
    client: Reader, revisions: Sequence[Revision], *, decode: str = "relevant"
) -> list[Revision] | None:
    """C(revisions) (newest first) with the chosen ones decoded; null when one vanished meanwhile.

    C(decode) is V(none), V(last), V(relevant) or V(all).
    """
    decoded: list[Revision] = list(revisions)
    chosen = {revision.revision for revision in _selection(decode)(revisions)}
    for index, revision in enumerate(revisions):
        if revision.revision in chosen:
            fetched = fetch_revision(client, revision)
            if fetched is None:
                return None
            decoded[index] = fetched
    return decoded


def list_revisions(
    client: Reader, namespace: str, release: str, *, decode: str = "all"
) -> list[Revision]:
    """All revisions of one release, newest first; empty when there is none.

    Helm prunes old revisions while it works, so a Secret may vanish between list and read: the list
    is then read again. Raises RemediationError: what the client raises, or C(release-busy).
    """
    for _attempt in range(_READ_ATTEMPTS):
        found = list_release_metadata(client, [release], namespace)
        decoded = decode_revisions(client, found.get((namespace, release), []), decode=decode)
        if decoded is not None:
            return decoded
    raise RemediationError(
        "release-busy",
        f"The revisions of release {namespace}/{release} changed {_READ_ATTEMPTS} times"
        " while they were read.",
        remedy="Somebody is working on this release now. Wait until that is done and run again.",
        retryable=True,
        details={"namespace": namespace, "release": release},
    )
