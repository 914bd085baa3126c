# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what a backup set will hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from .._core.errors import RemediationError
from .._core.lenient import dig, mappings
from .._documents.canonical import canonical_json
from .._helm.storage import UndecodableReleaseError, decode_blob, revision_from_metadata
from .._kube.client import KubeClient, Object
from .scope import Wanted

PARALLEL_READS = 8
LOG_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class SavedObject:
    """One object as it is saved: whole, with its kind, without managedFields."""

    api_path: str
    content: Mapping[str, Any]

    @property
    def label(self) -> str:
        """``Kind/namespace/name``."""
        metadata = self.content["metadata"]
        parts = (self.content["kind"], metadata.get("namespace"), metadata["name"])
        return "/".join(part for part in parts if part)

    @property
    def file_name(self) -> str:
        """Where in the set it is; the API version tells two kinds of the same name apart."""
        metadata = self.content["metadata"]
        group = self.content["apiVersion"].replace("/", "_")
        namespace = metadata.get("namespace") or "_cluster"
        return f"objects/{self.content['kind']}.{group}/{namespace}/{metadata['name']}.json"

    @property
    def text(self) -> str:
        """The content of its file."""
        return canonical_json(self.content)


@dataclass(frozen=True)
class SavedText:
    """A text beside the objects: a log, or what is inside a release Secret."""

    file_name: str
    text: str
    about: str


@dataclass
class Content:
    """All that was read, and what could not be read and why (absent objects are not listed)."""

    objects: list[SavedObject] = field(default_factory=list)
    texts: list[SavedText] = field(default_factory=list)
    missing: list[dict[str, str]] = field(default_factory=list)

    def add(self, other: Content) -> None:
        """Take in another part; an object that two parts have is kept once."""
        known = {each.api_path for each in self.objects}
        self.objects += [each for each in other.objects if each.api_path not in known]
        self.texts += other.texts
        self.missing += other.missing


def read_content(client: KubeClient, scope: Iterable[Wanted]) -> Content:
    """Read everything, several objects at a time.

    Raises backup-failed when something required cannot be read: what is not saved must not be
    changed.
    """
    content = Content()
    with ThreadPoolExecutor(max_workers=PARALLEL_READS) as pool:
        for part in pool.map(lambda wanted: _read(client, wanted), scope):
            content.add(part)
    return content


def _read(client: KubeClient, wanted: Wanted) -> Content:
    content = Content()
    try:
        for found in _objects(client, wanted):
            content.objects.append(found)
            if wanted.with_logs:
                content.add(_logs(client, found))
        for found in _telling(content.objects) if wanted.with_content else ():
            content.texts += _release_texts(found, content.missing)
    except RemediationError as error:
        if error.code == "not-found":
            return content
        if wanted.required:
            raise RemediationError(
                "backup-failed",
                f"{wanted.label} is going to be changed and cannot be saved: {error.message}",
                error.remedy or "Make it readable, then run again. Nothing was changed.",
                retryable=error.retryable,
                details={"cause": error.to_dict()},
            ) from error
        content.missing.append({"what": wanted.label, "reason": error.message})
    return content


def _objects(client: KubeClient, wanted: Wanted) -> Iterator[SavedObject]:
    if wanted.name is not None:
        path = wanted.resource.path(wanted.namespace, wanted.name)
        yield _saved(client.get(path), wanted)
        return
    narrowed = bool(wanted.name_prefix or wanted.name_suffix)
    listed = client.list(
        wanted.resource.path(wanted.namespace),
        label_selector=wanted.label_selector,
        metadata_only=narrowed,
        # Release Secrets have up to 1 MiB each.
        limit=10 if wanted.with_content else 500,
    )
    for item in listed:
        metadata = item["metadata"]
        name = str(metadata["name"])
        if not name.startswith(wanted.name_prefix) or not name.endswith(wanted.name_suffix):
            continue
        whole = (
            client.get(wanted.resource.path(metadata.get("namespace"), name)) if narrowed else item
        )
        yield _saved(whole, wanted)


def _saved(found: Object, wanted: Wanted) -> SavedObject:
    metadata = {key: value for key, value in found["metadata"].items() if key != "managedFields"}
    content = {
        **found,
        "apiVersion": wanted.resource.api_version,
        "kind": wanted.resource.kind,
        "metadata": metadata,
    }
    return SavedObject(wanted.resource.path(metadata.get("namespace"), metadata["name"]), content)


def _logs(client: KubeClient, pod: SavedObject) -> Content:
    """The logs of a pod's containers; a log that is gone is only noted."""
    content = Content()
    metadata = pod.content["metadata"]
    namespace, name = str(metadata["namespace"]), str(metadata["name"])
    for container in mappings(dig(pod.content, "spec", "containers")):
        file_name = f"logs/{namespace}/{name}/{container.get('name')}.log"
        try:
            text = client.pod_log(
                namespace, name, str(container.get("name")), limit_bytes=LOG_BYTES, timestamps=True
            )
        except RemediationError as error:
            content.missing.append({"what": file_name, "reason": error.message})
            continue
        content.texts.append(SavedText(file_name, text, pod.label))
    return content


def _telling(secrets: Iterable[SavedObject]) -> list[SavedObject]:
    """The Secrets whose content one needs in plain text: the last revision, and the last that was deployed.

    The values of a failed last revision may lack what a person has set (FM 6.7).
    """
    revisions = {}
    for each in secrets:
        found = revision_from_metadata(each.content)
        if found is not None:
            revisions[found.revision] = (found, each)
    newest = sorted(revisions, reverse=True)
    deployed = [n for n in newest if revisions[n][0].label_status == "deployed"]
    return [revisions[number][1] for number in dict.fromkeys([*newest[:1], *deployed[:1]])]


def _release_texts(secret: SavedObject, missing: list[dict[str, str]]) -> list[SavedText]:
    """Values, manifest and hooks of a revision in plain text, for the person who has to restore it."""
    import yaml

    metadata = secret.content["metadata"]
    try:
        blob = decode_blob(str(dig(secret.content, "data", "release") or ""))
    except UndecodableReleaseError as error:
        missing.append({"what": f"content of {secret.label}", "reason": str(error)})
        return []
    folder = f"releases/{metadata['namespace']}/{metadata['name']}"
    hooks = "".join(f"---\n{each.get('manifest') or ''}\n" for each in mappings(blob.get("hooks")))
    values = str(yaml.safe_dump(blob.get("config") or {}, sort_keys=True, allow_unicode=True))
    texts = {
        "values.yaml": values,
        "manifest.yaml": str(blob.get("manifest") or ""),
        "hooks.yaml": hooks,
    }
    return [SavedText(f"{folder}/{name}", content, secret.label) for name, content in texts.items()]
