# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.html_parts import (
    element,
    joined,
    link,
    table,
)


@given(st.text(max_size=30))
def test_text_and_attributes_never_become_markup(text: str) -> None:
    made = element("p", text, title=text)
    assert made.count("<") == 2
    assert made.count('"') == 2


def test_parts_that_are_html_stay_html() -> None:
    assert joined([element("b", "x"), None, " & ", 3]) == "<b>x</b> &amp; 3"


def test_only_https_becomes_a_link() -> None:
    assert link("https://a/b") == '<a href="https://a/b" rel="noreferrer">a/b</a>'
    assert link("javascript:x") == "<span>javascript:x</span>"


def test_a_table_names_rows_columns_and_itself() -> None:
    made = table("Versions", ("chart", "version"), [("fleet", "1.0")])
    for part in (
        "<caption>Versions</caption>",
        '<th scope="col">version</th>',
        '<th scope="row">fleet</th>',
        '<td data-label="version">1.0</td>',
    ):
        assert part in made
