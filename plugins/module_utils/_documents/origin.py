# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a document comes from when it is not a live cluster. Findings name it, too, and are read without the evidence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """A file that evidence was read from instead of a live cluster.

    `kind` is support-bundle, upgrade-log, support-archive or evidence; `lacks` what it cannot show, a sentence each.
    `used` is false for a file of the same cluster that another one stands in for.
    """

    kind: str | None = None
    path: str | None = None
    created_at: str | None = None
    note: str | None = None
    lacks: tuple[str, ...] = ()
    used: bool = True
