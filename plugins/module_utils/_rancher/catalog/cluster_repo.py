# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rancher's chart catalog: ClusterRepos and the index that Rancher keeps of them in ConfigMaps (FM 3)."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..._core.errors import RemediationError
from ..._core.lenient import dig, integer, mapping, mappings, text, texts
from ..._documents.evidence import IndexConfigMap
from ..._kube.paths import api, core

if TYPE_CHECKING:
    from ..._kube.reader import Reader

CATALOG_API = "catalog.cattle.io/v1"
CHARTS_REPO = "rancher-charts"
DEFAULT_INDEX_NAMESPACE = "cattle-system"

ANNOTATION_NEXT = "catalog.cattle.io/next"

# The index of rancher-charts is about 300 kB of gzip in three or four chunks and some MB of JSON.
MAX_CHUNKS = 256
MAX_INDEX_BYTES = 256 * 1024 * 1024


class CorruptIndexError(ValueError):
    """The chunks of an index do not make up an index; the text says why."""


@dataclass(frozen=True)
class IndexEntry:
    """One version of one chart in the index; C(digest) is a SHA-256 in hex or null."""

    version: str
    app_version: str | None = None
    urls: tuple[str, ...] = ()
    digest: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The entry as a document, with the first of its addresses as C(url)."""
        return {
            "version": self.version,
            "app_version": self.app_version,
            "digest": self.digest,
            "url": self.urls[0] if self.urls else None,
        }


@dataclass(frozen=True)
class ChartIndex:
    """The charts of a repository, versions in the order of the index (Rancher takes the first fit)."""

    charts: Mapping[str, tuple[IndexEntry, ...]] = field(default_factory=dict)
    generated: str | None = None

    def versions(self, chart: str) -> list[IndexEntry]:
        """All entries of a chart in index order; empty when the index does not know the chart."""
        return list(self.charts.get(chart, ()))

    def find(self, chart: str, version: str) -> IndexEntry | None:
        """The entry whose version is equal byte for byte; null when there is none."""
        return next((e for e in self.charts.get(chart, ()) if e.version == version), None)


@dataclass(frozen=True)
class IndexReading:
    """What reading an index gave.

    C(state) is V(ok), V(absent) (no ConfigMap named or present), V(corrupt) (its content is no index)
    or V(foreign-owner) (it belongs to a ClusterRepo of another UID, which Rancher answers with
    C(Unauthorized), FM 2.6). Only V(ok) has C(index); the others have a C(reason).
    """

    state: str
    reason: str = ""
    config_maps: tuple[IndexConfigMap, ...] = ()
    index: ChartIndex | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ClusterRepo:
    """A ClusterRepo; times and texts as the object has them, null where it has none."""

    name: str
    uid: str
    resource_version: str
    generation: int | None = None
    git_repo: str | None = None
    git_branch: str | None = None
    url: str | None = None
    force_update: str | None = None
    observed_generation: int | None = None
    index_config_map: str | None = None
    index_namespace: str | None = None
    download_time: str | None = None
    commit: str | None = None
    conditions: tuple[Mapping[str, Any], ...] = ()
    deleted: bool = False

    @classmethod
    def from_object(cls, obj: Mapping[str, Any]) -> ClusterRepo:
        """The ClusterRepo out of the API object; fields of another type than documented are null."""
        metadata, spec, status = (mapping(obj.get(key)) for key in ("metadata", "spec", "status"))
        return cls(
            name=text(metadata.get("name")) or "",
            uid=text(metadata.get("uid")) or "",
            resource_version=text(metadata.get("resourceVersion")) or "",
            generation=integer(metadata.get("generation")),
            git_repo=text(spec.get("gitRepo")),
            git_branch=text(spec.get("gitBranch")),
            url=text(spec.get("url")),
            force_update=text(spec.get("forceUpdate")),
            observed_generation=integer(status.get("observedGeneration")),
            index_config_map=text(status.get("indexConfigMapName")),
            index_namespace=text(status.get("indexConfigMapNamespace")),
            download_time=text(status.get("downloadTime")),
            commit=text(status.get("commit")),
            conditions=tuple(mappings(status.get("conditions"))),
            deleted="deletionTimestamp" in metadata,
        )

    def to_dict(self) -> dict[str, Any]:
        """The ClusterRepo as a document."""
        document = {name: getattr(self, name) for name in self.__dataclass_fields__}
        document["conditions"] = [dict(condition) for condition in self.conditions]
        return document

    def condition(self, kind: str) -> Mapping[str, Any] | None:
        """The condition of a type (V(Downloaded), V(FollowerDownloaded), V(OCIDownloaded)) or null."""
        return next((c for c in self.conditions if c.get("type") == kind), None)


def _unfold(chunks: Sequence[bytes], limit: int) -> bytes:
    stream = zlib.decompressobj(wbits=31)
    content = bytearray()
    for chunk in chunks:
        try:
            content += stream.decompress(chunk, limit + 1 - len(content))
        except zlib.error as error:
            raise CorruptIndexError(f"gzip: {error}") from error
        if len(content) > limit:
            raise CorruptIndexError(f"it unfolds to more than {limit} bytes")
    if stream.unused_data:
        raise CorruptIndexError("gzip: followed by other data")
    if not stream.eof:
        raise CorruptIndexError("gzip: unexpected end" if any(chunks) else "it is empty")
    return bytes(content)


def _entry(value: object) -> IndexEntry | None:
    if not isinstance(value, dict):
        return None
    version = text(value.get("version"))
    if version is None:
        return None
    return IndexEntry(
        version=version,
        app_version=text(value.get("appVersion")),
        urls=tuple(filter(None, texts(value.get("urls")))),
        digest=text(value.get("digest")),
    )


def decode_index(chunks: Sequence[bytes], *, limit: int = MAX_INDEX_BYTES) -> ChartIndex:
    """The index out of the contents of its ConfigMaps in chain order: gzip, then JSON (FM 3.3).

    Entries without a version are left out, the order of the others is kept. Raises CorruptIndexError.
    Never unfolds more than C(limit) bytes.
    """
    content = _unfold(chunks, limit)
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CorruptIndexError(f"content is no JSON: {type(error).__name__}: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("entries"), dict):
        raise CorruptIndexError("content is no chart index: it has no entries")
    charts = {
        chart: tuple(entry for entry in map(_entry, versions) if entry is not None)
        for chart, versions in document["entries"].items()
        if isinstance(versions, list)
    }
    return ChartIndex(charts=charts, generated=text(document.get("generated")))


def cluster_repo_path(name: str = CHARTS_REPO) -> str:
    """The API path of a ClusterRepo."""
    return api(CATALOG_API, "clusterrepos", None, name)


def read_cluster_repo(client: Reader, name: str = CHARTS_REPO) -> ClusterRepo | None:
    """The ClusterRepo, or null when the API says that it does not exist.

    Raises RemediationError for every other failure: a failed look-up is never "absent".
    """
    try:
        return ClusterRepo.from_object(client.get(cluster_repo_path(name)))
    except RemediationError as error:
        if error.code == "not-found":
            return None
        raise


def _read_chunk(client: Reader, namespace: str, name: str) -> Mapping[str, Any] | None:
    try:
        return client.get(core("v1", "configmaps", namespace, name))
    except RemediationError as error:
        if error.code == "not-found":
            return None
        raise


def _chunk_content(config_map: Mapping[str, Any]) -> bytes:
    content = dig(config_map, "binaryData", "content")
    if not isinstance(content, str):
        raise CorruptIndexError("it has no binaryData.content")
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CorruptIndexError(f"binaryData.content is no base64: {error}") from error


def _owner_uid(metadata: Mapping[str, Any]) -> str | None:
    # Rancher compares the first owner only (FM 3.3).
    owners = metadata.get("ownerReferences")
    return text(dig(owners[0], "uid")) if isinstance(owners, list) and owners else None


def _chunk_identity(config_map: Mapping[str, Any], size: int) -> IndexConfigMap:
    metadata = mapping(config_map.get("metadata"))
    return IndexConfigMap(
        namespace=text(metadata.get("namespace")) or "",
        name=text(metadata.get("name")) or "",
        uid=text(metadata.get("uid")) or "",
        resource_version=text(metadata.get("resourceVersion")) or "",
        owner_uid=_owner_uid(metadata),
        size=size,
    )


class _IndexReader:
    """Follows the chain of ConfigMaps of one index and keeps what it has seen for every answer."""

    def __init__(self, client: Reader, repo: ClusterRepo) -> None:
        self._client = client
        self._repo = repo
        self._namespace = repo.index_namespace or DEFAULT_INDEX_NAMESPACE
        self._seen: list[IndexConfigMap] = []
        self._chunks: list[bytes] = []

    def read(self) -> IndexReading:
        name = self._repo.index_config_map
        if name is None:
            return self._answer(
                "absent",
                f"ClusterRepo/{self._repo.name} names no index ConfigMap (status.indexConfigMapName is empty).",
            )
        while name:
            reading = self._read_link(name)
            if isinstance(reading, IndexReading):
                return reading
            name = reading
        try:
            index = decode_index(self._chunks)
        except CorruptIndexError as error:
            return self._answer(
                "corrupt", f"The index in {self._subject(self._seen[0].name)}: {error}."
            )
        return self._answer("ok", index=index)

    def _read_link(self, name: str) -> IndexReading | str:
        """Take in one ConfigMap; the name of the next (empty at the end), or the final answer."""
        if name in (chunk.name for chunk in self._seen) or len(self._seen) >= MAX_CHUNKS:
            return self._answer(
                "corrupt", f"The chain of index ConfigMaps does not end at {self._subject(name)}."
            )
        config_map = _read_chunk(self._client, self._namespace, name)
        if config_map is None:
            # Rancher fails on a missing first chunk ("not found") and on a missing later one alike.
            return self._answer("absent", f"{self._subject(name)} does not exist.")
        try:
            content = _chunk_content(config_map)
        except CorruptIndexError as error:
            self._seen.append(_chunk_identity(config_map, 0))
            return self._foreign() or self._answer("corrupt", f"{self._subject(name)}: {error}.")
        self._seen.append(_chunk_identity(config_map, len(content)))
        self._chunks.append(content)
        following = text(dig(config_map, "metadata", "annotations", ANNOTATION_NEXT))
        return self._foreign() or following or ""

    def _foreign(self) -> IndexReading | None:
        owner = self._seen[0].owner_uid
        if owner == self._repo.uid:
            return None
        return self._answer(
            "foreign-owner",
            f"{self._subject(self._seen[0].name)} is owned by UID {owner or 'nobody'}, "
            f"but ClusterRepo/{self._repo.name} has UID {self._repo.uid}.",
        )

    def _subject(self, name: str | None) -> str:
        return f"ConfigMap/{self._namespace}/{name}"

    def _answer(
        self, state: str, reason: str = "", index: ChartIndex | None = None
    ) -> IndexReading:
        return IndexReading(state, reason, tuple(self._seen), index)


def read_index(client: Reader, repo: ClusterRepo) -> IndexReading:
    """The index of a ClusterRepo as Rancher would read it now.

    Raises RemediationError when a ConfigMap could not be looked up (forbidden, unreachable, ...).
    """
    return _IndexReader(client, repo).read()
