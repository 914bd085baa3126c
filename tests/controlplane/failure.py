# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one exception that becomes a message for a person."""

from __future__ import annotations


class ControlPlaneError(Exception):
    """What went wrong, where, and what to do next, in one readable text."""
