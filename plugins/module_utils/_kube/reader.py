# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What reading a cluster means, whether it is a live one or what a support bundle has kept of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

Object = dict[str, Any]
Objects = list[Object]  # the class below has a method called list


class Reader(Protocol):
    """The reading half of `client.KubeClient`; the errors are the same, too.

    What does not exist is `not-found`; what exists or might exist, and cannot be read, is `forbidden` or any other code.
    """

    @property
    def server(self) -> str:
        """Where it is read from."""

    @property
    def request_count(self) -> int:
        """How much was asked for."""

    def now(self) -> datetime | None:
        """The time ages are counted to; None when it is not known, and no age is then."""

    def server_version(self) -> Object:
        """What ``/version`` answers, for example ``{"gitVersion": "v1.32.3+rke2r1"}``."""

    def cluster_uid(self) -> str:
        """The uid of namespace kube-system."""

    def get(self, path: str, *, metadata_only: bool = False, **query: Any) -> Object:
        """The object at `path`."""

    def list(
        self,
        path: str,
        *,
        label_selector: str | None = None,
        field_selector: str | None = None,
        limit: int = 500,
        metadata_only: bool = False,
    ) -> Objects:
        """All objects below `path`."""

    def table(self, path: str) -> Objects:
        """What ``kubectl get`` would print, a mapping per row."""

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
