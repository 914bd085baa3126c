# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jinja2 texts of rules, rendered in a sandbox."""

from __future__ import annotations

import functools
from typing import Any


class TemplateError(Exception):
    """A text is no Jinja2 template, or could not be rendered; the text says why."""


def check(source: str) -> None:
    """Raise TemplateError unless the text is a template."""
    try:
        _compiled(source)
    except Exception as problem:
        raise TemplateError(_one_line(problem)) from problem


def render(source: str, variables: dict[str, Any]) -> str:
    """The rendered text, trimmed. Raises TemplateError for whatever goes wrong, an undefined variable included:
    half a sentence about a production cluster is worse than none."""
    try:
        rendered: str = _compiled(source).render(variables)
    except Exception as problem:
        raise TemplateError(_one_line(problem)) from problem
    return rendered.strip()


def duration(seconds: object) -> str:
    """Whole seconds in words of at most two units: ``75`` -> ``1 min 15 s``; what is no number is ``unknown``."""
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        return "an unknown time"
    parts = []
    rest = max(0, seconds)
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


@functools.lru_cache(maxsize=1)
def _environment() -> Any:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False
    )
    environment.filters["duration"] = duration
    return environment


@functools.lru_cache(maxsize=4096)
def _compiled(source: str) -> Any:
    return _environment().from_string(source)


def _one_line(problem: BaseException) -> str:
    return " ".join((str(problem) or type(problem).__name__).split())[:300]
