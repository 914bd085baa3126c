# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.go_text import (
    format_without_arguments,
    quote,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.library_answers import (
    recorded,
)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("no verbs", "no verbs"),
        ("%d", "%!d(MISSING)"),
        ("a%%b", "a%b"),
        ("100%", "100%!(NOVERB)"),
        ("%5%", "%"),
        ("106.0.0%2Bup0", "106.0.0%!B(MISSING)up0"),
        ("%w and %é", "%!w(MISSING) and %!é(MISSING)"),
        ("%+-# 08.3f|", "%!f(MISSING)|"),
        ("%*d", "%!(BADWIDTH)%!d(MISSING)"),
        ("%.*d", "%!(BADPREC)%!d(MISSING)"),
        ("%[1]d", "%!d(BADINDEX)"),
        ("%[1]2d", "%!d(BADINDEX)"),
        ("%[1].2d", "%!d(BADINDEX)"),
        ("%2[1]d", "%!d(BADINDEX)"),
        ("%.[1]d", "%!d(BADINDEX)"),
        ("%[x]d", "%!d(BADINDEX)"),
        ("%[", "%!(NOVERB)"),
        ("%[1", "%!(NOVERB)"),
        ("%[xyz", "%!x(BADINDEX)yz"),
        ("%[]d", "%!d(BADINDEX)"),
        ("%.", "%!.(MISSING)"),
        ("%.d", "%!d(MISSING)"),
        ("%9999999999d tail", "%!(NOVERB)"),
        ("%\n", "%!\n(MISSING)"),
    ],
)
def test_formats_without_arguments(text: str, printed: str) -> None:
    assert format_without_arguments(text) == printed


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("latest", '"latest"'),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("\a\b\f\n\r\t\v", '"\\a\\b\\f\\n\\r\\t\\v"'),
        ("\x00\x1f\x7f", '"\\x00\\x1f\\x7f"'),
        ("é ü", '"é ü"'),
        ("\x80\u200b\U000e0001", '"\\u0080\\u200b\\U000e0001"'),
    ],
)
def test_quoted_texts(text: str, quoted: str) -> None:
    assert quote(text) == quoted


def test_formats_without_arguments_print_what_go_prints() -> None:
    for _semver, text, _none, said in recorded("format"):
        assert format_without_arguments(text) == said["text"], text
