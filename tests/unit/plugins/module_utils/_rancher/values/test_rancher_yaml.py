# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.values.rancher_yaml import (
    InvalidDocumentError,
    dump_mapping,
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
        ("!!int '3'", 3),
        ("!!float 1", 1.0),
        ("!!bool yes", True),
        ("!!null ~", None),
        ("!!timestamp 2001-01-01", "2001-01-01"),
        ("!!binary aGk=", "hi"),
        ("! 1", "1"),
        ("!mine 1", "1"),
        ("!mine {b: 1}", {"b": 1}),
        ("!!set {x}", {"x": None}),
        ("9223372036854775808", 9223372036854775808),
        ("18446744073709551616", 18446744073709551616.0),
        ("-9223372036854775809", -9223372036854775808.0),
        ("\t1\t# tabs", 1),
        ("b\tc", "b\tc"),
        ("b\n  \tc", "b c"),
        ('"it\\\'s"', "it's"),
    ],
)
def test_scalars_are_read_as_rancher_reads_them(text: str, value: object) -> None:
    assert repr(load_mapping(f"key: {text}")) == repr({"key": value})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\n---\n", {"a": 1}),
        ("a: 1\n--- \nb: [", {"a": 1}),
        ("---\n---\na: 1", {}),
        ("a: 1\n...\nb: 2", {"a": 1}),
        ("a: 1\na: 2", {"a": 2}),
        ("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2}),
    ],
)
def test_only_the_first_document_counts(text: str, value: object) -> None:
    assert load_mapping(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{b: 2, <<: {b: 1}}", {"b": 1}),
        ("{<<: {b: 1}, b: 2}", {"b": 2}),
        ("{<<: [{b: 1}, {b: 2}]}", {"b": 1}),
        ("{'<<': 1}", {"<<": 1}),
        ("{1e5: 1}", {"100000": 1}),
        ("{1e6: 1}", {"1e+06": 1}),
        ("{1.23456789: 1}", {"1.2345679": 1}),
        ("{0.00001: 1}", {"1e-05": 1}),
        ("{1e39: 1}", {".inf": 1}),
        ("{-.inf: 1}", {"-.inf": 1}),
        ("{9223372036854775807: 1}", {"9223372036854775807": 1}),
        ("{!!binary aGk=: 1}", {"hi": 1}),
        ("{2026-11-23: 1}", {"2026-11-23": 1}),
    ],
)
def test_keys_and_merges_in_their_order(text: str, value: object) -> None:
    assert load_mapping(text) == value


@pytest.mark.parametrize(
    "value",
    [
        "y", "off", "~", "", "1", "1e3", "0x1", "2026-11-23", "<<", ".inf", "a: b", "- x", "!x", "a\nb", " a ", "\t",
        "\u2028\x85", "\U0001f600", "redacted:0123456789ab", True, None, 1, 1.5, 1e22, [1, "n"], {"n": "on"},
    ],
)  # fmt: skip
def test_what_is_written_is_read_again(value: object) -> None:
    assert load_mapping(dump_mapping({"key": value, "on": 1})) == {"key": value, "on": 1}


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
        ("a: !!binary a", "!!binary value contains invalid base64 data"),
        ("a: !!bool 1", "cannot decode a int as a bool"),
        ("a: !!int 1.5", "cannot decode a float as a int"),
        ("a: !!float 1e400", "cannot decode a str as a float"),
        ("a: !!null x", "cannot decode a str as a null"),
        ("9223372036854775808: 1", "a number above 9223372036854775807 cannot be a key"),
        ('a: "\\/"', "line 1: found unknown escape character '/'"),
        ("a: {<<: 1}", "map merge requires map or sequence of maps as the value"),
        ("%YAML 1.2\n---\na: 1", "line 1: found an unknown directive, or a version other than 1.1"),
        ("? [1]\n: 2", "line 1: found unhashable key"),
        ("~: 1", "a NoneType cannot be a key"),
        ("a:\n- *gone", "line 2: found undefined alias 'gone'"),
        ("a: secret: value", "line 1: mapping values are not allowed here"),
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
    assert load_mapping("a: !!python/object/apply:os.getcwd []") == {"a": []}
