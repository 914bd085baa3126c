# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What helm does to the release Secrets of an API server in memory, without a process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.change import (
    ReleaseChange,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.cli import (
    HelmCli,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.storage import (
    decode_blob,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    release_secret,
)


class FakeHelm(HelmCli):
    """Notes its C(operations); the errors in C(failures) are raised one per call, first to last.

    With C(leaves) a failing call leaves a revision of that status behind. C(version_stored) is what an
    upgrade stores, whatever it was asked for.
    """

    def __init__(self, cluster: Cluster, release: str, version: str) -> None:
        super().__init__("helm", {})
        self.cluster, self.release, self.version_stored = cluster, release, version
        self.operations: list[tuple[str, dict[str, Any]]] = []
        self.failures: list[Exception] = []
        self.leaves: str | None = None
        self.rendered = "kind: ConfigMap\nmetadata: {name: rendered}\n"

    def _last(self, change: ReleaseChange) -> int:
        names = [
            obj["metadata"]["name"]
            for obj in self.cluster.objects.values()
            if obj["metadata"].get("namespace") == change.namespace
            and obj["metadata"]["name"].startswith(f"sh.helm.release.v1.{change.release}.v")
        ]
        return max(int(name.rpartition(".v")[2]) for name in names)

    def _store(self, change: ReleaseChange, status: str, **parts: Any) -> None:
        self.cluster.add_secret(
            release_secret(
                change.release,
                self._last(change) + 1,
                namespace=change.namespace,
                status=status,
                **parts,
            )
        )

    def _fail(self, change: ReleaseChange, **parts: Any) -> None:
        if self.failures:
            if self.leaves:
                self._store(change, self.leaves, **parts)
            raise self.failures.pop(0)

    async def upgrade(
        self,
        change: ReleaseChange,
        chart: str | Path,
        values: bytes,
        *,
        take_ownership: bool = False,
    ) -> str | None:
        """Store a deployed revision of the chart version with the values."""
        del chart
        options = {"take_ownership": take_ownership, "apply_method": change.apply_method}
        options |= {"force": True} if change.force else {}
        self.operations.append(("upgrade", options))
        parts = {
            "chart": {"metadata": {"name": change.release, "version": self.version_stored}},
            "config": json.loads(values),
        }
        self._fail(change, **parts)
        if change.dry_run:
            return self.rendered
        self._store(change, "deployed", **parts)
        return None

    async def render(self, change: ReleaseChange, chart: str | Path, values: bytes) -> str:
        """What the chart renders to, which a test decides."""
        del change, chart, values
        return self.rendered

    async def roll_back(self, change: ReleaseChange, revision: int) -> None:
        """Store a deployed revision with the content of another one."""
        self.operations.append(("rollback", {"revision": revision}))
        path = f"/api/v1/namespaces/{change.namespace}/secrets/sh.helm.release.v1.{change.release}.v{revision}"
        target = decode_blob(self.cluster.objects[path]["data"]["release"])
        parts = {key: target[key] for key in ("chart", "config", "manifest")}
        self._fail(change, **parts)
        if not change.dry_run:
            self._store(change, "deployed", **parts)
