# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one user asked of the API server: read from its audit log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_READS = frozenset({"get", "list", "watch"})
# Asking what one may do, and running a command in a pod to read from it, are sent as "create".
_NO_CHANGE = frozenset({"selfsubjectaccessreviews", "selfsubjectrulesreviews", "pods/exec"})


@dataclass(frozen=True)
class Request:
    """One request: ``patch configmaps cattle-fleet-system/fleet-controller``."""

    verb: str
    resource: str
    name: str
    status: int
    dry_run: bool
    uri: str
    agent: str

    @classmethod
    def of(cls, event: dict[str, Any]) -> Request:
        """From a line of the log."""
        target = event.get("objectRef", {})
        parts = (target.get("resource", ""), target.get("subresource", ""))
        names = (target.get("namespace", ""), target.get("name", ""))
        return cls(
            verb=event["verb"],
            resource="/".join(filter(None, parts)),
            name="/".join(filter(None, names)),
            status=event.get("responseStatus", {}).get("code", 0),
            dry_run="dryRun=" in event["requestURI"],
            uri=event["requestURI"],
            agent=event.get("userAgent", ""),
        )

    @property
    def writes(self) -> bool:
        """Whether it changed the cluster."""
        asked = self.verb not in _READS and self.resource not in _NO_CHANGE
        return asked and not self.dry_run and self.status < 300

    @property
    def by_helm(self) -> bool:
        """Whether a helm asked, whoever started it."""
        return self.agent.startswith("Helm/")

    def __str__(self) -> str:
        return f"{self.verb} {self.resource} {self.name}"


@dataclass(frozen=True)
class AuditLog:
    """The log of a user, "" for all of them, from a point on; ``mark`` gives the point that is now."""

    path: Path
    user: str
    start: int = 0

    def mark(self) -> AuditLog:
        """The same log, with everything up to now left out."""
        return AuditLog(self.path, self.user, self.path.stat().st_size)

    def requests(self) -> list[Request]:
        """All requests of the user since the mark, oldest first."""
        return list(self._read())

    def writes(self) -> list[str]:
        """Those that changed the cluster."""
        return [str(request) for request in self._read() if request.writes]

    def _read(self) -> Iterator[Request]:
        with self.path.open("rb") as file:
            if self.start:
                # The mark may lie within a line: a file grows page by page while one is written.
                file.seek(self.start - 1)
                file.readline()
            for line in file:
                if not line.endswith(b"\n"):
                    return
                event = json.loads(line)
                if self.user in ("", event["user"].get("username")):
                    yield Request.of(event)
