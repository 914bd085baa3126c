# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts are rendered in a sandbox and fail as a whole."""

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.template import (
    TemplateError,
    check,
    duration,
    render,
)


def test_render() -> None:
    assert render(" {{ a.b }} and {{ age | duration }}\n", {"a": {"b": 1}, "age": 75}) == (
        "1 and 1 min 15 s"
    )


@pytest.mark.parametrize(
    "source",
    [
        "{{ missing }}",
        "{{ a.missing.deeper }}",
        "{{ a | no_such_filter }}",
        "{{ 1 / 0 }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ a.update({}) }}",
        "{% for i in range(10 ** 9) %}x{% endfor %}",
    ],
)
def test_what_fails_raises_one_error(source: str) -> None:
    with pytest.raises(TemplateError):
        render(source, {"a": {"b": 1}})


@pytest.mark.parametrize("source", ["{{ a", "{% if %}", "{{ a | no_such_filter }}"])
def test_check(source: str) -> None:
    with pytest.raises(TemplateError):
        check(source)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3600, "1 h"),
        (3661, "1 h 1 min"),
        (90_061, "1 d 1 h"),
        (-5, "0 s"),
        (None, "an unknown time"),
        ("60", "an unknown time"),
        (True, "an unknown time"),
    ],
)
def test_duration(seconds: object, words: str) -> None:
    assert duration(seconds) == words
