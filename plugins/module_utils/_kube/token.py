# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a token says about itself: that of a ServiceAccount is a JSON Web Token with a time at which it expires."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime, timezone


def expiry(token: str) -> datetime | None:
    """When the token expires; None for one that never does or does not say, such as an API key of Rancher.

    The signature is not checked: only the API server can.
    """
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return datetime.fromtimestamp(claims["exp"], timezone.utc)
    except (binascii.Error, ValueError, TypeError, KeyError, OverflowError, OSError):
        return None
