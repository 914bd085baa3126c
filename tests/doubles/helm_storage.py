# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading helm's release Secrets (FM 4), and making them look older than they are."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from doubles.kube import Cluster


@dataclass(frozen=True)
class Revision:
    """One revision of a release, decoded."""

    secret: dict[str, Any]
    body: dict[str, Any]

    @property
    def number(self) -> int:
        """The revision number."""
        return int(self.body["version"])

    @property
    def status(self) -> str:
        """The status inside the blob, which is the one helm believes."""
        return str(self.body["info"]["status"])

    @property
    def chart_version(self) -> str:
        """The version in the chart's metadata."""
        return str(self.body["chart"]["metadata"]["version"])

    @property
    def chart(self) -> str:
        """``name-version``, as ``helm history`` prints it."""
        return f"{self.body['chart']['metadata']['name']}-{self.chart_version}"

    @property
    def app_version(self) -> str:
        """The appVersion in the chart's metadata."""
        return str(self.body["chart"]["metadata"].get("appVersion", ""))

    @property
    def config(self) -> dict[str, Any]:
        """The values given by the user."""
        return self.body.get("config") or {}


def decode(secret: dict[str, Any]) -> Revision:
    """Decode a release Secret: base64, base64, gzip, JSON."""
    blob = gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"])))
    return Revision(secret, json.loads(blob))


def revisions(cluster: Cluster, namespace: str, release: str) -> list[Revision]:
    """All revisions of a release that can be decoded, oldest first."""
    found = []
    for secret in cluster.list("secrets", namespace, f"owner=helm,name={release}"):
        try:
            found.append(decode(secret))
        except (KeyError, ValueError, OSError, EOFError):
            continue
    return sorted(found, key=lambda revision: revision.number)


def last(cluster: Cluster, namespace: str, release: str) -> Revision | None:
    """The last revision, or None when there is no release."""
    found = revisions(cluster, namespace, release)
    return found[-1] if found else None


def age(cluster: Cluster, namespace: str, release: str, seconds: int) -> None:
    """Make every revision of a release look as if that much more time had passed."""
    for revision in revisions(cluster, namespace, release):
        info = revision.body["info"]
        for key in ("first_deployed", "last_deployed"):
            if info.get(key):
                info[key] = _earlier(info[key], seconds)
        blob = gzip.compress(json.dumps(revision.body).encode())
        release_data = base64.b64encode(base64.b64encode(blob)).decode()
        cluster.patch(
            "secrets",
            revision.secret["metadata"]["name"],
            {"data": {"release": release_data}},
            namespace,
        )


def _earlier(text: str, seconds: int) -> str:
    """An RFC 3339 time with nanoseconds, moved back."""
    head, _dot, tail = text.partition(".")
    if not _dot:
        return (
            datetime.fromisoformat(text.replace("Z", "+00:00")) - timedelta(seconds=seconds)
        ).isoformat()
    digits = len(tail) - len(tail.lstrip("0123456789"))
    fraction, zone = tail[:digits], tail[digits:].replace("Z", "+00:00")
    moved = datetime.fromisoformat(f"{head}{zone}") - timedelta(seconds=seconds)
    stamp = moved.isoformat()
    return f"{stamp[:19]}.{fraction}{stamp[19:]}"
