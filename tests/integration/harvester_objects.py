# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of a Harvester cluster, put into a control plane for tests of single modules."""

from __future__ import annotations

import json
from typing import Any

from controlplane.handle import ControlPlane
from doubles.resources import FLEET, crd, crds

Object = dict[str, Any]

NAMESPACES = (
    "harvester-system",
    "cattle-system",
    "cattle-fleet-system",
    "cattle-fleet-local-system",
    "fleet-local",
)


def install_kinds(control_plane: ControlPlane) -> None:
    """The namespaces and the kinds of Rancher, fleet and Harvester; waits until they are served."""
    definitions = [*crds(), *(crd(resource) for resource in FLEET)]
    control_plane.apply(
        *({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": n}} for n in NAMESPACES),
        *definitions,
    )
    names = [f"crd/{each['metadata']['name']}" for each in definitions]
    control_plane.kubectl("wait", "--for=condition=Established", *names)


def new(
    api_version: str, kind: str, name: str, namespace: str | None = None, **content: Any
) -> Object:
    """An object of any kind; labels and annotations go into its metadata."""
    metadata: Object = {"name": name}
    if namespace is not None:
        metadata["namespace"] = namespace
    for part in ("labels", "annotations", "ownerReferences"):
        if part in content:
            metadata[part] = content.pop(part)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}


def setting(name: str, value: str, default: str = "") -> Object:
    """A Setting of Rancher."""
    return new("management.cattle.io/v3", "Setting", name, value=value, default=default)


def create(control_plane: ControlPlane, *documents: Object) -> None:
    """Create objects as they are, status included, replacing what is there."""
    for document in documents:
        reference = _reference(document)
        control_plane.kubectl("delete", *reference, "--ignore-not-found", "--wait=true")
    control_plane.apply(*documents)
    for document in documents:
        if "status" in document:
            set_status(control_plane, document, document["status"])


def set_status(control_plane: ControlPlane, document: Object, status: Object) -> None:
    """Replace parts of an object's status, by the subresource where it has one."""
    patch = json.dumps({"status": status})
    command = ("patch", *_reference(document), "--type=merge", "-p", patch)
    if control_plane.kubectl(*command, "--subresource=status", check=False).returncode != 0:
        control_plane.kubectl(*command)


def read(control_plane: ControlPlane, document: Object) -> Object | None:
    """The object as it is now; None when it is gone."""
    answer = control_plane.kubectl("get", *_reference(document), "-o", "json", check=False)
    if answer.returncode != 0:
        assert b"NotFound" in answer.stderr, answer.stderr
        return None
    found: Object = json.loads(answer.stdout)
    return found


def _reference(document: Object) -> tuple[str, ...]:
    group, _slash, version = document["apiVersion"].rpartition("/")
    kind = f"{document['kind']}.{version}.{group}" if group else document["kind"]
    namespace = document["metadata"].get("namespace")
    where = ("-n", namespace) if namespace else ()
    return (kind, document["metadata"]["name"], *where)
