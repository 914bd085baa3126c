# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Harvester support bundle, read as if it were the cluster it was made of.

The layout is that of rancher/support-bundle-kit: lists of objects below ``yamls/``, container logs below ``logs/``. What
the kit leaves out is `forbidden`, what it failed to read or what is damaged is `evidence-incomplete`. Only where neither
is so, the cluster did not have it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from ..._core.errors import RemediationError
from ..._core.lenient import Document, dig, mapping, moment, text
from ..._kube import paths
from ..._kube.paths import Parts
from .archive import Archive
from .kit_yaml import items, parse
from .limits import incomplete, left_out
from .node_files import NodeFiles
from .selector import fits
from .upgrade_log import Container, UpgradeLog, job_pods_of

Place: TypeAlias = "tuple[str | None, str, str]"  # namespace, group, resource
Places = list[Place]  # the class below has a method called list
Objects = list[Any]

_ERRORS = "bundleGenerationError.log"
_FAILED = re.compile(r"Failed to (?:get|list) (?P<path>/apis?/\S+?):? (?P<why>.*)")
_EVERY_NAMESPACE = re.compile(r"/api/v1/namespaces/(?P<namespace>[^/]+)/bindings$")
_STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) ?")
_LONGEST_LINE = 64 * 1024
_MOST_ERRORS = 50_000
_LOG = re.compile(r"^logs/([^/]+)/([^/]+)/([^/]+)\.log$")
_SECRETS = "secrets"
_JOB_PODS = paths.core("v1", "pods", "harvester-system")
_NO_OBJECTS = (
    "The support bundle has logs only: its folder yamls/ is missing, as happens when an aggregated API was down while"
    " it was made."
)
_LOG_ALONE = (
    "The log of an upgrade has no objects of the Kubernetes API; give a support bundle with it."
)
#: Large and read by no collector: the files of the charts in a Bundle.
_SKIPPED_KEYS = {"bundles": ("resources",)}
#: Every cluster has some, so a bundle without them has lost them: (group, resource, namespaces or any).
_ALWAYS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("", "nodes", ()),
    ("", "namespaces", ()),
    ("", "configmaps", ()),
    ("", "pods", ("cattle-system", "harvester-system", "kube-system")),
    ("apps", "deployments", ("cattle-system", "harvester-system")),
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations", ()),
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations", ()),
    ("apiextensions.k8s.io", "customresourcedefinitions", ()),
    ("fleet.cattle.io", "bundles", ("fleet-local",)),
    ("management.cattle.io", "features", ()),
    ("management.cattle.io", "managedcharts", ("fleet-local",)),
    ("management.cattle.io", "settings", ()),
    ("scheduling.k8s.io", "priorityclasses", ()),
)


class SupportBundle:
    """The reading interface (_kube/reader.py) over an archive; `root` is the folder in it that holds everything.

    The `log` of the upgrade fills what is missing: logs, and the pods of the job that are gone. `taken_from_log` are the
    containers whose logs it gave.
    """

    def __init__(self, archive: Archive, root: str = "", log: UpgradeLog | None = None) -> None:
        self._archive, self._root, self._log = archive, root, log
        self._reads = 0
        self.taken_from_log: set[Container] = set()
        self._members: dict[Place, dict[str, str]] = {}
        self._namespaces: set[str] = set()
        for name in archive.sizes:
            self._place(name)
        self._failed: dict[str, str] = {}
        self._read_errors()
        self._empty_lists = self._has_empty_lists()
        self.metadata = self._read_metadata()
        self.node_files = NodeFiles(archive, root)

    @property
    def server(self) -> str:
        """The file it is."""
        return self._archive.label

    @property
    def request_count(self) -> int:
        """How many objects, lists and logs were asked for."""
        return self._reads

    @property
    def covered_namespaces(self) -> frozenset[str]:
        """The namespaces whose objects it holds."""
        return frozenset(self._namespaces)

    @property
    def has_objects(self) -> bool:
        """Whether there is more than logs."""
        return bool(self._members)

    @property
    def cut(self) -> str:
        """Why it is not whole."""
        return self._archive.cut

    @property
    def created_at(self) -> str | None:
        """When it was made, on the cluster's clock."""
        return text(self.metadata.get("bundlecreatedat"))

    @property
    def containers(self) -> frozenset[Container]:
        """The containers that it has logs of: namespace, pod, container."""
        matches = (_LOG.match(name[len(self._root) :]) for name in self._archive.sizes)
        return frozenset((each[1], each[2], each[3]) for each in matches if each is not None)

    def now(self) -> datetime | None:
        """When it was made: what ages count to."""
        return moment(self.created_at)

    def server_version(self) -> Document:
        """The Kubernetes version."""
        self._reads += 1
        version = text(self.metadata.get("kubernetesversion"))
        if version is None:
            raise incomplete("The support bundle has no metadata.yaml with kubernetesversion.")
        return {"gitVersion": version}

    def cluster_uid(self) -> str:
        """The uid of namespace kube-system."""
        found = self.get(paths.core("v1", "namespaces", None, "kube-system"))
        return str(dig(found, "metadata", "uid") or "")

    def get(self, path: str, *, metadata_only: bool = False, **query: Any) -> Document:
        """The object at a path."""
        del query
        self._reads += 1
        wanted = _split(path)
        where = (wanted.namespace, wanted.group, wanted.resource)
        self._check(wanted)
        if where in self._members:
            for obj in self._objects(where, wanted, contains=wanted.name):
                if dig(obj, "metadata", "name") == wanted.name:
                    return {"metadata": obj["metadata"]} if metadata_only else obj
        raise RemediationError("not-found", f"{paths.describe(path)} does not exist.")

    def list(
        self,
        path: str,
        *,
        label_selector: str | None = None,
        field_selector: str | None = None,
        limit: int = 500,
        metadata_only: bool = False,
    ) -> Objects:
        """The objects below a path; of those in all namespaces, what the bundle covers."""
        del field_selector, limit
        self._reads += 1
        wanted = _split(path)
        gone = self._known_by_log() if path == _JOB_PODS else []
        if not (gone and not self.has_objects):
            self._check(wanted)
        listed = [obj for where in self._places(wanted) for obj in self._objects(where, wanted)]
        names = {dig(obj, "metadata", "name") for obj in listed}
        found = [
            {"metadata": obj["metadata"]} if metadata_only else obj
            for obj in (*listed, *(pod for pod in gone if pod["metadata"]["name"] not in names))
            if fits(mapping(dig(obj, "metadata", "labels")), label_selector)
        ]
        if not found and not self._group_exists(wanted.group):
            raise RemediationError(
                "not-found", f"The cluster has no objects of API group {wanted.group}."
            )
        return found

    def table(self, path: str) -> Objects:
        """Rows with the metadata of one object or all of a kind."""
        wanted = _split(path)
        found = [self.get(path)] if wanted.name else self.list(path)
        return [{"name": dig(obj, "metadata", "name"), **obj} for obj in found]

    def pod_log(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        tail_lines: int | None = None,
        limit_bytes: int | None = None,
        since_seconds: int | None = None,
        timestamps: bool = False,
        previous: bool = False,
    ) -> str:
        """The log of a container, or with `previous` of the one before its last restart."""
        self._reads += 1
        name = f"{self._root}logs/{namespace}/{pod}/{container}.log{'.1' if previous else ''}"
        container_of = (namespace, pod, container)
        recorded = self._log is not None and not previous and container_of in self._log
        if self._log and recorded and not self._archive.sizes.get(name):
            self.taken_from_log.add(container_of)
            unstamped = self._log.lines(container_of, timestamps=timestamps)
            return _bounded((line[:_LONGEST_LINE] for line in unstamped), tail_lines, limit_bytes)
        if name not in self._archive.sizes:
            raise self._no_log(namespace, pod, container)
        lines: Iterable[str] = (line[:_LONGEST_LINE] for line in self._archive.lines(name))
        now = self.now()
        if since_seconds is not None and now is not None:
            start = (now - timedelta(seconds=since_seconds)).strftime("%Y-%m-%dT%H:%M:%S")
            lines = (line for line in lines if line[:19] >= start)
        if not timestamps:
            lines = (_STAMP.sub("", line, count=1) for line in lines)
        return _bounded(lines, tail_lines, limit_bytes)

    def _known_by_log(self) -> Objects:
        """The pods of the upgrade's job of which there is a log. A bundle with objects has those that exist."""
        pods = self._log.job_pods() if self._log else []
        if not self.has_objects:
            pods += job_pods_of(self.containers)
        return pods

    def _objects(self, where: Place, wanted: Parts, contains: str = "") -> Iterator[Document]:
        versions = self._members[where]
        # The bundle has the preferred version of each group only, which need not be the one asked for.
        member = versions.get(wanted.version) or next(iter(versions.values()), "")
        if member in self._archive.damaged:
            raise incomplete(f"{member} is damaged: {self._archive.damaged[member]}.")
        skip = _SKIPPED_KEYS.get(wanted.resource, ())
        for obj in items(self._archive.lines(member), skip=skip, contains=contains):
            if not isinstance(obj.get("metadata"), dict):
                raise incomplete(f"{member} holds something that is not an object.")
            yield obj

    def _places(self, wanted: Parts) -> Places:
        """The members that make up a list."""
        if wanted.namespace is not None:
            places: Places = [(wanted.namespace, wanted.group, wanted.resource)]
        else:
            places = sorted(
                (place for place in self._members if place[1:] == (wanted.group, wanted.resource)),
                key=lambda place: place[0] or "",
            )
        return [place for place in places if place in self._members]

    def _check(self, wanted: Parts) -> None:
        """Raise the reason why what is asked for cannot be known. None of its objects being there is no reason."""
        what = f"{wanted.resource}{'.' + wanted.group if wanted.group else ''}"
        if (wanted.group, wanted.resource) == ("", _SECRETS):
            raise left_out("Support bundles leave out Secrets.")
        if not self.has_objects:
            raise left_out(_NO_OBJECTS if self._archive.sizes else _LOG_ALONE)
        if wanted.namespace is not None and wanted.namespace not in self._namespaces:
            raise left_out(f"The support bundle does not cover namespace {wanted.namespace}.")
        if self._places(wanted):
            if wanted.namespace is None and self.cut:
                raise incomplete(f"The support bundle may lack some {what}: {self.cut}.")
            return
        where = f" in {wanted.namespace}" if wanted.namespace else ""
        for path, why in self._failures(wanted):
            raise incomplete(f"Listing {path} failed when the support bundle was made: {why}.")
        if self.cut:
            raise incomplete(f"The support bundle lacks {what}{where}: {self.cut}.")
        if (wanted.group, wanted.resource) == ("harvesterhci.io", "settings"):
            raise left_out(
                "The support bundle has no settings of Harvester; those before v1.2 leave them out."
            )
        if self._lost(wanted):
            raise incomplete(
                f"The support bundle lacks {what}{where}, of which every cluster has some."
            )

    def _failures(self, wanted: Parts) -> Iterator[tuple[str, str]]:
        head = f"/apis/{wanted.group}/" if wanted.group else "/api/"
        middle = f"/namespaces/{wanted.namespace}/" if wanted.namespace else "/"
        for path, why in self._failed.items():
            if path.startswith(head) and path.endswith(f"{middle}{wanted.resource}"):
                yield path, why

    def _lost(self, wanted: Parts) -> bool:
        kind = (wanted.group, wanted.resource)
        for group, resource, namespaces in _ALWAYS:
            if kind == (group, resource) and (not namespaces or wanted.namespace in namespaces):
                return True
        # Older kits write a file for an empty list, too: where others are, none may be missing.
        return self._empty_lists and any(place[1:] == kind for place in self._members)

    def _group_exists(self, group: str) -> bool:
        return any(place[1] == group for place in self._members)

    def _no_log(self, namespace: str, pod: str, container: str) -> RemediationError:
        prefix = f"{self._root}logs/{namespace}/"
        if self.cut:
            return incomplete(
                f"The log of {namespace}/{pod} ({container}) is not there: {self.cut}."
            )
        if not any(name.startswith(prefix) for name in self._archive.sizes):
            return left_out(f"The support bundle has no logs of namespace {namespace}.")
        return incomplete(f"The support bundle has no log of {namespace}/{pod} ({container}).")

    def _place(self, name: str) -> None:
        """Take in a member below ``yamls/``."""
        if not name.startswith(f"{self._root}yamls/") or not name.endswith(".yaml"):
            return
        scope, *parts = name[len(self._root) + 6 : -5].split("/")
        namespace = parts.pop(0) if scope == "namespaced" and parts else None
        if scope not in ("cluster", "namespaced") or len(parts) not in (2, 3):
            return
        group = parts.pop(0) if len(parts) == 3 else ""
        version, resource = parts
        self._members.setdefault((namespace, group, resource), {})[version] = name
        if namespace is not None:
            self._namespaces.add(namespace)

    def _read_errors(self) -> None:
        name = self._root + _ERRORS
        if name not in self._archive.sizes:
            return
        for number, line in enumerate(self._whole_lines(name)):
            match = _FAILED.match(line)
            if match is not None and number < _MOST_ERRORS:
                self._failed[match["path"]] = match["why"][:300].rstrip(".")
                # No cluster lists bindings, so this names every namespace that was looked into.
                every = _EVERY_NAMESPACE.match(match["path"])
                if every is not None and self.has_objects:
                    self._namespaces.add(every["namespace"])

    def _whole_lines(self, name: str) -> Iterator[str]:
        """The lines of a member that helps and is not needed: one that is damaged ends early."""
        try:
            yield from self._archive.lines(name)
        except RemediationError as error:
            if error.code != "evidence-incomplete":
                raise

    def _has_empty_lists(self) -> bool:
        small = (
            name
            for versions in self._members.values()
            for name in versions.values()
            if self._archive.sizes[name] < 200
        )
        return any("items: []" in self._whole_lines(name) for name in small)

    def _read_metadata(self) -> Document:
        name = f"{self._root}metadata.yaml"
        if name not in self._archive.sizes or name in self._archive.damaged:
            return {}
        try:
            return parse(self._archive.text(name))
        except RemediationError:
            return {}


def _split(path: str) -> Parts:
    parts = paths.split(path)
    if parts is None:
        raise incomplete(f"Support bundles hold no {path}.")
    return parts


def _bounded(lines: Iterable[str], tail_lines: int | None, limit_bytes: int | None) -> str:
    """The end of a log by lines, then its beginning by bytes, as the API server does it."""
    if tail_lines is not None:
        lines = deque(lines, maxlen=tail_lines)
    kept: list[str] = []
    size = 0
    for line in lines:
        kept.append(line)
        size += len(line.encode("utf-8", "replace")) + 1
        if limit_bytes is not None and size >= limit_bytes:
            content = ("\n".join(kept) + "\n").encode("utf-8", "replace")[:limit_bytes]
            return content.decode("utf-8", "ignore")
    return "\n".join(kept) + ("\n" if kept else "")
