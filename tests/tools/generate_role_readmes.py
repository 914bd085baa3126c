# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the variables of each role from its argument_specs into its README.md, below the example."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).resolve().parents[2] / "roles"
START = "<!-- Made by tests/tools/generate_role_readmes.py; change meta/argument_specs.yml. -->\n"
MARKUP = re.compile(r"\b[CEMOPV]\(([^)]*)\)")


def readmes() -> list[Path]:
    """Where the README of each role is, or has to be."""
    return [
        specs.parents[1] / "README.md" for specs in sorted(ROLES.glob("*/meta/argument_specs.yml"))
    ]


def readme(path: Path) -> str:
    """The README as it has to be: what a person wrote, then the tables."""
    specs = yaml.safe_load(
        (path.parent / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    )
    written = path.read_text(encoding="utf-8").split(START)[0]
    entries = (_entry(name, spec) for name, spec in specs["argument_specs"].items())
    return f"{written}{START}\n{chr(10).join(entries)}"


def _entry(name: str, spec: Mapping[str, Any]) -> str:
    title = "Variables" if name == "main" else f"`tasks_from: {name}`"
    rows = (f"| {' | '.join(_row(*option))} |\n" for option in spec["options"].items())
    head = "| variable | type | default | meaning |\n|---|---|---|---|\n"
    return f"## {title}\n\n{_text(spec['description'])}\n\n{head}{''.join(rows)}"


def _row(name: str, option: Mapping[str, Any]) -> Iterator[str]:
    yield f"`{name}`"
    elements = option.get("elements")
    yield option["type"] + (f" of {elements}" if elements else "")
    default = option.get("default")
    yield (
        "required"
        if option.get("required")
        else "" if default is None else f"`{_literal(default)}`"
    )
    choices = ", ".join(f"`{choice}`" for choice in option.get("choices", ()))
    meaning = _text(option["description"]) + (f" One of {choices}." if choices else "")
    yield meaning.replace("|", "\\|")


def _literal(value: Any) -> str:
    flow = yaml.safe_dump(value, default_flow_style=True, width=1000)
    return flow.removesuffix("\n").removesuffix("\n...") if value != "" else '""'


def _text(description: str | list[str]) -> str:
    lines = [description] if isinstance(description, str) else description
    return MARKUP.sub(r"`\1`", " ".join(line.strip() for line in lines)).replace("#filter`", "`")


if __name__ == "__main__":
    for page in readmes():
        page.write_text(readme(page), encoding="utf-8")
