# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.values.rancher_yaml import (
    InvalidDocumentError,
    load_mapping,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("y", True),
        ("Off", False),
        ("'on'", "on"),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-1_000", -1000),
        ("0x1F", 31),
        ("0b11", 3),
        ("0o17", 15),
        ("017", 15),
        ("08", 8.0),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1:30", "1:30"),
        ("2026-11-23", "2026-11-23"),
        ("1.2.3", "1.2.3"),
        ("v1", "v1"),
        ("'5'", "5"),
        ("=", "="),
        ("+", "+"),
        ("1e400", "1e400"),
        ("<<", "<<"),
        ("!!str 1", "1"),
        ("!!str", ""),
    ],
)
def test_scalars_are_read_as_rancher_reads_them(text: str, value: object) -> None:
    assert repr(load_mapping(f"key: {text}")) == repr({"key": value})


def test_blocks_merges_and_keys() -> None:
    text = "base: &b {a: 1}\nover:\n  <<: *b\n  2: x\n  on: 2\n  1e3: y\n  1.5: 1\nblock: |\n  5\n"
    assert load_mapping(text) == {
        "base": {"a": 1},
        "over": {"a": 1, "2": "x", "true": 2, "1000": True, "1.5": 1},
        "block": "5\n",
    }


@pytest.mark.parametrize("text", ["", "\n", "---\n", "~", "# only a comment"])
def test_an_empty_document_is_an_empty_mapping(text: str) -> None:
    assert load_mapping(text) == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[1]", "a mapping is wanted, not a list"),
        ("text", "a mapping is wanted, not a str"),
        ("a: .inf", ".inf has no form in JSON"),
        ("a: !!binary aGk=", "a bytes has no form in JSON"),
        ("? [1]\n: 2", "line 1: found unhashable key"),
        ("~: 1", "a NoneType cannot be a key"),
        ("a:\n- *gone", "line 2: found undefined alias 'gone'"),
        ("a: secret: value", "line 1: mapping values are not allowed here"),
        ("a: 1\n--- \nb: 2", "line 2: but found another document"),
    ],
)
def test_what_is_no_mapping_says_why_without_quoting_it(text: str, reason: str) -> None:
    with pytest.raises(InvalidDocumentError) as caught:
        load_mapping(text)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [*a]",
        "[" * 5000,
        "a: &x [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        + "".join(
            f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
            for before, name in ["xb", "bc", "cd", "de", "ef"]
        ),
        "a: \0",
    ],
    ids=["itself", "deep", "laughs", "nul"],
)
def test_hostile_documents_end(text: str) -> None:
    with pytest.raises(InvalidDocumentError):
        load_mapping(text)


def test_objects_of_other_languages_are_not_made() -> None:
    with pytest.raises(InvalidDocumentError, match=r"could not determine a constructor"):
        load_mapping("a: !!python/object/apply:os.getcwd []")
