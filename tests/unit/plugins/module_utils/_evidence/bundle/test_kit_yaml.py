# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kit writes is read as it was before, whatever the objects hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.bundle.kit_yaml import (
    items,
    parse,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders import support_bundle as kit

# Of texts with the word itself nobody can tell what they were.
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co", "Zl", "Zp")),
    max_size=12,
).filter(lambda text: "null" not in text and not text.startswith(("{", "[", "\ufeff")))
KEYS = st.text("abcXYZ-./", min_size=1, max_size=8)
VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | TEXTS | st.sampled_from(
        ["", "true", "1e3", "0x1f", "~", "yes", "2026-11-23T15:00:00Z", 'ends in "x"', '"', "a\nb\n", "- x", "#", "1_000"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


def plain(value: Any) -> Any:
    """Empty and null are one for the kit."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key != "managedFields"}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return "" if value is None else value


@settings(max_examples=100)
@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=4), max_size=3))
def test_a_list_reads_as_it_was(specs: list[Any]) -> None:
    objects = [{"metadata": {"name": "x"}, "spec": spec} for spec in specs]
    name = "/api/v1/namespaces/default/things/"
    files = kit.members({f"{name}{number}": obj for number, obj in enumerate(objects)}, {})
    content = files.get("yamls/namespaced/default/v1/things.yaml", b"items: []\n").decode()
    read = list(items(content.split("\n")))
    assert [plain(each["spec"]) for each in read] == [plain(spec) for spec in specs]
    assert all("managedFields" not in each["metadata"] for each in read)


def test_only_what_is_asked_for_is_built() -> None:
    text = "items:\n- metadata:\n    name: first\n- metadata:\n    name: b\n  spec: [\nkind: List\n"
    (found,) = items(text.split("\n"), contains="first")
    assert found["metadata"]["name"] == "first"


def test_keys_are_left_out_on_request() -> None:
    text = "items:\n- metadata:\n    name: a\n  spec:\n    resources:\n    - content: |\n        x\n\n        y\n      name: z\n    rest: 1\n"
    (found,) = items(text.split("\n"), skip=("resources",))
    assert found["spec"] == {"rest": 1}


def test_json_in_a_text_is_put_back() -> None:
    text = kit.changed('{"a":{"config":"{\\"apiServerCA\\":null,\\"x\\":1}"}}')
    assert "null\\" in text
    assert parse(text)["a"]["config"] == '{"apiServerCA":null,"x":1}'


@pytest.mark.parametrize("text", ["- a\n- b\n", "a: b: c", "a: *x", "&a [*a]", "x", ""])
def test_what_is_no_object_is_incomplete(text: str) -> None:
    with pytest.raises(RemediationError) as caught:
        parse(text)
    assert caught.value.code == "evidence-incomplete"
