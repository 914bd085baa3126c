# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How backup sets fail: one that was not written, and one that cannot be used."""

from __future__ import annotations

from .._core.errors import RemediationError


def failed(what: str, remedy: str) -> RemediationError:
    """backup-failed: the set was not written, and so nothing else was done either."""
    return RemediationError(
        "backup-failed", f"The backup was not written: {what}.", f"{remedy} Nothing was changed."
    )


def invalid(where: str, why: str, remedy: str = "") -> RemediationError:
    """backup-invalid: the set is damaged, incomplete, or of a kind this version cannot read."""
    return RemediationError(
        "backup-invalid",
        f"{where} cannot be used: {why}.",
        remedy or "Use another backup set; a damaged one is not restored from.",
    )
