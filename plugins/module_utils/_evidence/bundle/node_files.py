# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of nodes in a support bundle: a zip for each node, in the bundle. Only its harvester-release.yaml is read.

hack/collector-harvester of rancher/support-bundle-kit writes them, of nodes that Harvester manages and that are Ready.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..._core.errors import RemediationError
from ..._harvester import release_file
from .archive import Archive

_MEMBER = re.compile(r"^nodes/(?P<node>[^/]+)\.zip$")


class NodeFiles:
    """The zips below `root` of an archive, read when a version is asked for."""

    def __init__(self, archive: Archive, root: str = "") -> None:
        self._archive = archive
        matches = (
            (name, _MEMBER.match(name.removeprefix(root)))
            for name in archive.sizes
            if name.startswith(root)
        )
        self._members = {match["node"]: name for name, match in matches if match is not None}
        self._versions: dict[str, str] | None = None
        self._unread: dict[str, str] = {}

    def versions(self) -> dict[str, str]:
        """Node to the Harvester version that is installed on its disk; what cannot be read is left out."""
        if self._versions is None:
            self._versions = {}
            for node in sorted(self._members):
                version = self._version(node)
                if version is not None:
                    self._versions[node] = version
        return self._versions

    def lacking(self, nodes: Iterable[str]) -> list[str]:
        """Of these nodes, those without files, and those whose files could not be read, with the reason."""
        lines = []
        for node in sorted({*nodes, *self._unread}):
            member = self._members.get(node)
            if member is None:
                lines.append(f"{node} (no nodes/{node}.zip)")
            elif not self._archive.sizes[member]:
                lines.append(f"{node} (nodes/{node}.zip is empty)")
            elif node in self._unread:
                lines.append(f"{node} ({self._unread[node]})")
        return lines

    def _version(self, node: str) -> str | None:
        member = self._members[node]
        self._unread[node] = f"nodes/{node}.zip has no readable harvester-release.yaml"
        try:
            content = self._archive.node_file(member)
        except RemediationError as error:
            if error.code != "evidence-incomplete":
                raise
            return None
        found = release_file.parse(content.decode("utf-8", "replace")) if content else None
        if found is None:
            return None
        del self._unread[node]
        return str(found["harvester"])
