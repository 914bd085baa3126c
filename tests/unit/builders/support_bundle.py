# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Harvester support bundle of objects by their API path, as rancher/support-bundle-kit writes it.

It shares no code with the reader: layout, excluded kinds and changed values are written from the kit's own
(pkg/manager/cluster.go, pkg/manager/collectors/), so that both are checked against each other.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Objects = Mapping[str, Mapping[str, Any]]
Logs = Mapping[tuple[str, str, str], str]

CREATED_AT = "2026-11-23T15:00:00Z"
NAME = "supportbundle_9b6b22de-6e5d-4905-aec8-1f226e413986_2026-11-23T15-00-00Z"
_ALWAYS_COVERED = ("default", "kube-system", "cattle-system")
_COVERED = (
    "cattle-dashboards",
    "cattle-fleet-clusters-system",
    "cattle-fleet-local-system",
    "cattle-fleet-system",
    "cattle-monitoring-system",
    "fleet-local",
    "harvester-system",
    "local",
    "longhorn-system",
)
_EXCLUDED = {
    ("", "secrets"),
    *(
        ("management.cattle.io", kind)
        for kind in ("authconfigs", "authtokens", "samltokens", "tokens", "users")
    ),
}


@dataclass(frozen=True)
class Kit:
    """What differs between versions of the kit and of the Harvester that calls it."""

    empty_lists: bool = False
    previous_logs: bool = True
    harvester_settings: bool = True
    namespaces: tuple[str, ...] = (
        *_COVERED,
        "cattle-logging-system",
        "cattle-provisioning-capi-system",
    )
    app_values: bool = False


#: Kit v0.0.20, Harvester 1.1.2 with Rancher 2.6.
OLD = Kit(True, False, False, _COVERED, app_values=True)
#: Kit v0.0.92, Harvester 1.7.3 with Rancher 2.12.
NEW = Kit()


def members(
    objects: Objects,
    logs: Logs,
    kit: Kit = NEW,
    *,
    created_at: str = CREATED_AT,
    previous_logs: Logs | None = None,
) -> dict[str, bytes]:
    """The files of a bundle, by their path below its top folder."""
    covered = (*_ALWAYS_COVERED, *kit.namespaces)
    lists: dict[str, list[Any]] = {}
    every = {**objects, **_apps(objects, kit)}
    for path, obj in sorted(every.items()):
        place = _place(path, covered, kit)
        if place is not None:
            lists.setdefault(place[0], []).append(_stored(obj, place[1]))
    present = {path.split("/")[4] for path in every if path.startswith("/api/v1/namespaces/")}
    for namespace in covered:
        if namespace in present:
            root_ca = {
                "metadata": {"name": "kube-root-ca.crt", "namespace": namespace},
                "data": {"ca.crt": "x"},
            }
            place_of_it = f"yamls/namespaced/{namespace}/v1/configmaps.yaml"
            lists.setdefault(place_of_it, []).append(_stored(root_ca, "v1"))
    if kit.empty_lists:
        _add_empty_lists(lists, covered)
    found = {name: _list_file(items) for name, items in lists.items()}
    errors = [f"Failed to get /api/v1/namespaces/{each}/bindings: {_METHOD}\n" for each in covered]
    found["bundleGenerationError.log"] = "".join(errors).encode()
    found["metadata.yaml"] = (
        f'bundlename: ""\nbundleversion: 0.1.0\nkubernetesversion: v1.32.3+rke2r1\n'
        f'projectnamespaceuuid: 9b6b22de\nbundlecreatedat: "{created_at}"\nissueurl: ""\nissuedescription: ""\n'
    ).encode()
    for (namespace, pod, container), text in logs.items():
        if namespace in covered:
            found[f"logs/{namespace}/{pod}/{container}.log"] = text.encode()
    for (namespace, pod, container), text in (previous_logs or {}).items():
        if namespace in covered and kit.previous_logs:
            found[f"logs/{namespace}/{pod}/{container}.log.1"] = text.encode()
    return found


_METHOD = "the server does not allow this method on the requested resource"


def write_zip(path: Path, files: Mapping[str, bytes], top: str = f"{NAME}/") -> Path:
    """Pack the files, below a folder as the kit does it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(top + name, content)
    return path


def write_tar(path: Path, files: Mapping[str, bytes], top: str = f"{NAME}/") -> Path:
    """Pack the files as people do who have unpacked the bundle."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(top + name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def write_folder(path: Path, files: Mapping[str, bytes], top: str = f"{NAME}/") -> Path:
    """Unpack the files."""
    for name, content in files.items():
        place = path / (top + name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return path


def changed(text: str) -> str:
    """The JSON text of a list after the kit has been at it (toObjCommon)."""
    text = re.sub(r'("[a-zA-Z]+":)(null,)', r'\1"null",', text)
    text = re.sub(r'(\\"[a-zA-Z]+\\":)(null,)', r'\1\\"null\\",', text)
    return text.replace('""', '"null"')


def _place(path: str, covered: tuple[str, ...], kit: Kit) -> tuple[str, str] | None:
    """The file an object goes to and the apiVersion it gets; None when the kit leaves it out."""
    parts = path.strip("/").split("/")
    group = "" if parts[0] == "api" else parts[1]
    rest = parts[1:] if parts[0] == "api" else parts[2:]
    version, *tail = rest
    namespaced = tail[0] == "namespaces" and len(tail) > 2
    resource = tail[2] if namespaced else tail[0]
    if (group, resource) in _EXCLUDED or (namespaced and tail[1] not in covered):
        return None
    if (group, resource) == ("harvesterhci.io", "settings") and not kit.harvester_settings:
        return None
    scope = f"namespaced/{tail[1]}" if namespaced else "cluster"
    middle = f"{group}/{version}" if group else version
    return f"yamls/{scope}/{middle}/{resource}.yaml", middle


def _stored(obj: Mapping[str, Any], api_version: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"f:data": {"f:x": {}, 'k:{"uid":"1"}': {".": {}}}}
    managed = [{"manager": "kubectl", "operation": "Update", "fieldsV1": fields}] * 2
    metadata = {"managedFields": managed, **obj["metadata"]}
    return {"kind": "Thing", **obj, "apiVersion": api_version, "metadata": metadata}


def _add_empty_lists(lists: dict[str, list[Any]], covered: tuple[str, ...]) -> None:
    """Every namespaced kind that exists anywhere has a file in every covered namespace."""
    kinds = {name.split("/", 3)[3] for name in lists if name.startswith("yamls/namespaced/")}
    for namespace in covered:
        for kind in (*kinds, "v1/podtemplates.yaml"):
            lists.setdefault(f"yamls/namespaced/{namespace}/{kind}", [])


def _list_file(items: list[Any]) -> bytes:
    document = {
        "apiVersion": "v1",
        "items": items,
        "kind": "List",
        "metadata": {"continue": "", "resourceVersion": "14659030"},
    }
    text = changed(json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    return yaml.dump(json.loads(text), Dumper=_GoDumper, allow_unicode=True).encode()


class _GoDumper(yaml.SafeDumper):
    """Quotes as go-yaml does: double, and only where a plain text would read as something else."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


_GO_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    plain = dumper.resolve(yaml.ScalarNode, value, (True, False)) == "tag:yaml.org,2002:str"
    plain = plain and _GO_FLOAT.fullmatch(value) is None
    style = "|" if "\n" in value else None if plain else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)


_GoDumper.add_representer(str, _text)


def _apps(objects: Objects, kit: Kit) -> dict[str, dict[str, Any]]:
    """The Apps that Rancher keeps of the newest revision of every release, from the release's Secrets."""
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for path, secret in objects.items():
        if "/secrets/sh.helm.release.v1." not in path:
            continue
        release = json.loads(
            gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"])))
        )
        key = (secret["metadata"]["namespace"], release["name"])
        if key not in newest or newest[key]["version"] < release["version"]:
            newest[key] = release
    return {
        f"/apis/catalog.cattle.io/v1/namespaces/{namespace}/apps/{name}": _app(
            namespace, release, kit
        )
        for (namespace, name), release in newest.items()
    }


def _app(namespace: str, release: Mapping[str, Any], kit: Kit) -> dict[str, Any]:
    info, name = release["info"], release["name"]
    times = (("firstDeployed", "first_deployed"), ("lastDeployed", "last_deployed"))
    owner = {
        "apiVersion": "v1",
        "kind": "Secret",
        "name": f"sh.helm.release.v1.{name}.v{release['version']}",
        "uid": "u",
    }
    spec: dict[str, Any] = {
        "chart": {"metadata": dict(release["chart"]["metadata"])},
        "helmVersion": 3,
        "info": {
            "description": info.get("description", ""),
            "status": info["status"],
            # A metav1.Time has whole seconds.
            **{key: re.sub(r"\.\d+", "", info[old]) for key, old in times if info.get(old)},
        },
        "name": name,
        "namespace": namespace,
        "version": release["version"],
    }
    if kit.app_values and release.get("config"):
        spec["values"] = release["config"]
    metadata = {"name": name, "namespace": namespace, "ownerReferences": [owner]}
    return {"metadata": metadata, "spec": spec, "status": {"observedGeneration": 1}}
