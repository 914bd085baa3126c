# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Release Secrets as Helm writes them, and broken ones, for unit tests."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any


def encode_release(document: object) -> str:
    """The text of C(.data.release): JSON, gzip, Helm's base64, Kubernetes' base64."""
    packed = gzip.compress(json.dumps(document).encode(), mtime=0)
    return base64.b64encode(base64.b64encode(packed)).decode()


def release_document(name: str, revision: int, **changes: Any) -> dict[str, Any]:
    """What Helm stores of one revision; keyword arguments replace parts."""
    document: dict[str, Any] = {
        "name": name,
        "namespace": "cattle-fleet-system",
        "version": revision,
        "info": {
            "first_deployed": "2026-11-20T10:00:00.123456789Z",
            "last_deployed": "2026-11-23T16:30:00.987654321+02:00",
            "deleted": "",
            "description": "Upgrade complete",
            "status": "deployed",
        },
        "chart": {
            "metadata": {
                "name": name,
                "version": "106.0.0+up0.12.0-rc.3",
                "appVersion": "0.12.0-rc.3",
            },
            "templates": [],
        },
        "config": {"apiServerURL": "", "image": {"tag": "v0.12.0-rc.3"}},
        "manifest": "---\nkind: ConfigMap\n",
        "hooks": [],
    }
    info = changes.pop("info", {})
    document.update(changes)
    if isinstance(info, dict):
        document["info"] = {**document["info"], **info}
    else:
        document["info"] = info
    return document


def release_secret(
    name: str = "fleet",
    revision: int = 1,
    *,
    namespace: str = "cattle-fleet-system",
    status: str = "deployed",
    label_status: str | None = None,
    stored: str | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """A release Secret; C(stored) replaces the encoded blob."""
    info = {"status": status, **changes.pop("info", {})}
    document = release_document(name, revision, info=info, namespace=namespace, **changes)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": f"sh.helm.release.v1.{name}.v{revision}",
            "namespace": namespace,
            "uid": f"uid-{namespace}-{name}-{revision}",
            "resourceVersion": str(1000 + revision),
            "creationTimestamp": "2026-11-23T14:30:00Z",
            "labels": {
                "owner": "helm",
                "name": name,
                "status": label_status or status,
                "version": str(revision),
            },
        },
        "type": "helm.sh/release.v1",
        "data": {"release": encode_release(document) if stored is None else stored},
    }
