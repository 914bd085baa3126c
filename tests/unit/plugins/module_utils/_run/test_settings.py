# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings have the type of their option, whatever they were given as."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._run.settings import (
    read_settings,
)

OPTIONS: dict[str, dict[str, Any]] = {
    "text": {"type": "str", "default": ""},
    "source": {"type": "str", "default": "auto", "choices": ["auto", "path"]},
    "folder": {"type": "path", "default": "./here"},
    "seconds": {"type": "int", "default": 600},
    "switch": {"type": "bool", "default": True},
    "risks": {"type": "list", "elements": "str", "default": [], "choices": ["low", "high"]},
    "versions": {"type": "dict", "default": {}},
    "objects": {"type": "raw", "default": []},
    "anything": {"type": "raw"},
}


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("empty", [None, "", "  ", "\n"])
def test_an_empty_answer_is_the_default(name: str, empty: str | None) -> None:
    assert read_settings(OPTIONS, {name: empty})[name] == OPTIONS[name].get("default")


@pytest.mark.parametrize(
    ("name", "given", "read"),
    [
        ("text", 1.6, "1.6"),
        ("text", 1234567890123456, "1234567890123456"),
        ("text", True, "true"),
        ("text", date(2026, 1, 2), "2026-01-02"),
        ("text", " v1.6.1\n", "v1.6.1"),
        ("source", "path ", "path"),
        ("folder", 7, "7"),
        ("seconds", "900", 900),
        ("seconds", 900.0, 900),
        ("switch", "false", False),
        ("switch", "True", True),
        ("switch", 0, False),
        ("risks", "low", ["low"]),
        ("risks", "low, high", ["low", "high"]),
        ("risks", "low\nhigh\n", ["low", "high"]),
        ("risks", '["low"]', ["low"]),
        ("risks", ["low", None, ""], ["low"]),
        ("risks", [], []),
        ("versions", '{"fleet": "1"}', {"fleet": "1"}),
        ("objects", "ConfigMap/a/b\n\n Setting/c \n", ["ConfigMap/a/b", "Setting/c"]),
        ("objects", "a,b", ["a,b"]),
        ("objects", 5, ["5"]),
        ("objects", ["a", 1.5], ["a", "1.5"]),
        ("anything", {"a": 1}, {"a": 1}),
    ],
)
def test_an_answer_has_the_type_of_its_option(name: str, given: Any, read: Any) -> None:
    assert read_settings(OPTIONS, {name: given})[name] == read


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("text", ["v1.6.1"], "text is ['v1.6.1'], which is not a text"),
        ("seconds", "soon", "seconds is 'soon', which is not a whole number"),
        ("seconds", True, "seconds is True, which is not a whole number"),
        ("seconds", 1.5, "seconds is 1.5, which is not a whole number"),
        ("switch", "perhaps", "switch is 'perhaps', which is neither true nor false"),
        ("source", "ftp", "source is 'ftp', and ftp is not one of auto, path"),
        ("risks", "all", "risks is 'all', and all is not one of low, high"),
        ("risks", {"low": True}, "which is not a list"),
        ("versions", "fleet", "versions is 'fleet', which is not a mapping"),
    ],
)
def test_a_wrong_answer_is_named(name: str, given: Any, says: str) -> None:
    with pytest.raises(RemediationError) as raised:
        read_settings(OPTIONS, {name: given})
    assert raised.value.code == "setting-invalid"
    assert says in raised.value.message


def test_all_wrong_answers_are_named_at_once_and_in_short() -> None:
    with pytest.raises(RemediationError) as raised:
        read_settings(OPTIONS, {"seconds": "x" * 500, "switch": "perhaps"})
    assert "seconds" in raised.value.message
    assert "switch" in raised.value.message
    assert len(raised.value.message) < 300
