# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The newest lines of a container, across its last restart: what made it fail is in the log of the run before."""

from __future__ import annotations

from ..._core.errors import RemediationError
from ..._core.lenient import Document, integer
from ..._kube.reader import Reader
from .objects import container_status, name_of, namespace_of

LINE_FEED = "\n"


def log_across_restart(client: Reader, pod: Document, container: str, lines: int) -> str:
    """The last `lines` lines, with times. The log before the restart is asked for only where the present one is short,
    and helps without being needed: a node keeps it for a while, and support bundles have it from Harvester 1.2 on.
    """
    where = (namespace_of(pod) or "", name_of(pod), container)
    present = client.pod_log(*where, tail_lines=lines, timestamps=True)
    left = lines - present.count(LINE_FEED)
    restarts = integer(container_status(pod, container).get("restartCount")) or 0
    if not restarts or left <= 0:
        return present
    try:
        before = client.pod_log(*where, tail_lines=left, timestamps=True, previous=True)
    except RemediationError as error:
        if error.code in ("server-unreachable", "unauthorized"):
            raise
        return present
    return f"{before.removesuffix(LINE_FEED)}{LINE_FEED}{present}" if before else present
