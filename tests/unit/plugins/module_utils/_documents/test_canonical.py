# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Equal documents have equal bytes and digests."""

from __future__ import annotations

import json

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.canonical import (
    canonical_json,
    digest,
)


def test_order_does_not_matter() -> None:
    one, other = {"b": [1, {"d": 1, "c": 2}], "a": "ä"}, {"a": "ä", "b": [1, {"c": 2, "d": 1}]}
    assert canonical_json(one) == canonical_json(other)
    assert digest(one) == digest(other)
    assert digest(one) != digest({**one, "a": "a"})


def test_text() -> None:
    assert canonical_json({"a": "ä"}) == '{\n  "a": "ä"\n}\n'
    assert json.loads(canonical_json([1, None])) == [1, None]


def test_a_lone_surrogate_has_a_digest() -> None:
    assert len(digest({"a": "\ud800"})) == 64
