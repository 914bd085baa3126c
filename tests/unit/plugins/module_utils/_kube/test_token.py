# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json
from datetime import datetime, timezone

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.token import expiry

EXPIRED = datetime(2026, 11, 1, 12, tzinfo=timezone.utc)


def web_token(claims: object) -> str:
    """As the API server makes them, without padding."""

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'RS256'})}.{part(claims)}.c2lnbmF0dXJl"


@pytest.mark.parametrize("name", ["a", "ab", "abc", "abcd"])
def test_the_token_of_a_service_account_says_when_it_expires(name: str) -> None:
    assert expiry(web_token({"exp": int(EXPIRED.timestamp()), "sub": name})) == EXPIRED


@pytest.mark.parametrize(
    "token",
    [
        "",
        "token-abcde:secret",
        "a.b.c",
        "a.é.c",
        web_token([]),
        web_token({"sub": "never"}),
        web_token({"exp": "soon"}),
        web_token({"exp": 1e300}),
    ],
)
def test_others_do_not_say_it(token: str) -> None:
    assert expiry(token) is None
