# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ClusterRepos and index ConfigMaps as Rancher writes them (FM 3.3), for unit tests."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

REPO_UID = "0b9a7a0e-6d2c-4f0e-9b1b-2f4f6c1a1c11"


def index_document(*charts: tuple[str, str], **entry: Any) -> dict[str, Any]:
    """An index of (chart, version) pairs, in the order given."""
    entries: dict[str, list[dict[str, Any]]] = {}
    for chart, version in charts:
        entries.setdefault(chart, []).append(
            {
                "name": chart,
                "version": version,
                "appVersion": version.partition("+up")[2],
                "urls": [f"assets/{chart}/{chart}-{version}.tgz"],
                "digest": "ab" * 32,
                **entry,
            }
        )
    return {"apiVersion": "v1", "generated": "2026-11-01T00:00:00Z", "entries": entries}


def packed_index(document: object) -> bytes:
    """The gzip of an index document."""
    return gzip.compress(json.dumps(document).encode(), mtime=0)


def index_config_maps(
    packed: bytes,
    *,
    chunk: int = 100_000,
    owner_uid: str | None = REPO_UID,
    repo: str = "rancher-charts",
) -> list[dict[str, Any]]:
    """The ConfigMaps of an index, cut into chunks of C(chunk) bytes."""
    parts = [packed[at : at + chunk] for at in range(0, len(packed), chunk)] or [b""]
    names = [f"{repo}-{number}-{REPO_UID}" for number in range(len(parts))]
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": name,
                "namespace": "cattle-system",
                "uid": f"uid-{name}",
                "resourceVersion": str(200 + number),
                "annotations": {
                    "catalog.cattle.io/next": [*names, ""][number + 1],
                    "catalog.cattle.io/size": str(len(packed)),
                },
                "ownerReferences": (
                    [{"kind": "ClusterRepo", "name": repo, "uid": owner_uid}] if owner_uid else []
                ),
            },
            "binaryData": {"content": base64.b64encode(part).decode()},
        }
        for number, (name, part) in enumerate(zip(names, parts, strict=True))
    ]


def cluster_repo(name: str = "rancher-charts", **status: Any) -> dict[str, Any]:
    """A ClusterRepo that has been downloaded; keyword arguments replace fields of its status."""
    return {
        "apiVersion": "catalog.cattle.io/v1",
        "kind": "ClusterRepo",
        "metadata": {"name": name, "uid": REPO_UID, "resourceVersion": "77", "generation": 2},
        "spec": {"gitRepo": "https://git.rancher.io/charts", "gitBranch": "release-v2.11"},
        "status": {
            "observedGeneration": 2,
            "indexConfigMapName": f"{name}-0-{REPO_UID}",
            "indexConfigMapNamespace": "cattle-system",
            "downloadTime": "2026-11-23T14:00:00Z",
            "commit": "c0ffee",
            "conditions": [{"type": "Downloaded", "status": "True"}],
            **status,
        },
    }
