# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version of the collection, for documents that must say which one wrote them."""

from __future__ import annotations

#: The same as in galaxy.yml; a test compares them.
COLLECTION_VERSION = "0.1.0"
