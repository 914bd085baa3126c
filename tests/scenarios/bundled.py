# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A support bundle of a running cluster: all that its API serves, put down as the kit would do it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.harvester_ops.remediation.tests.unit.builders import support_bundle as kit
from doubles.kube import ApiError, Cluster, now

Objects = dict[str, dict[str, Any]]


def write_bundle(cluster: Cluster, path: Path, version: kit.Kit = kit.NEW) -> Path:
    """Make the bundle; its time is that of the cluster now."""
    objects = _objects(cluster)
    return kit.write_zip(
        path, kit.members(objects, _logs(cluster, objects), version, created_at=now())
    )


def _objects(cluster: Cluster) -> Objects:
    """Every object by its path, of the preferred version of each group."""
    found: Objects = {}
    for base, resource in _resources(cluster):
        listed = json.loads(cluster.request("GET", f"{base}/{resource['name']}"))
        for obj in listed["items"]:
            metadata = obj["metadata"]
            middle = f"/namespaces/{metadata['namespace']}" if resource["namespaced"] else ""
            path = f"{base}{middle}/{resource['name']}/{metadata['name']}"
            found[path] = {"kind": resource["kind"], **obj}
    return found


def _resources(cluster: Cluster) -> Iterator[tuple[str, dict[str, Any]]]:
    groups = json.loads(cluster.request("GET", "/apis"))["groups"]
    bases = [f"/apis/{group['preferredVersion']['groupVersion']}" for group in groups]
    for base in ("/api/v1", *bases):
        for resource in json.loads(cluster.request("GET", base))["resources"]:
            if "list" in resource["verbs"] and "/" not in resource["name"]:
                yield base, resource


def _logs(cluster: Cluster, objects: Objects) -> dict[tuple[str, str, str], str]:
    found = {}
    for path, pod in objects.items():
        if path.startswith("/api/v1/") and pod["kind"] == "Pod":
            for container in pod["spec"]["containers"]:
                query = {"container": container["name"], "timestamps": "true"}
                try:
                    log = cluster.request("GET", f"{path}/log", query=query)
                except ApiError:
                    continue  # It has not started, or the node is gone: the kit writes no file either.
                metadata = pod["metadata"]
                key = (metadata["namespace"], metadata["name"], container["name"])
                found[key] = log.decode("utf-8", "replace")
    return found
