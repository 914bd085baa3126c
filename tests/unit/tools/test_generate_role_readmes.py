# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.tests.tools.generate_role_readmes import (
    ROLES,
    readme,
    readmes,
)


def test_every_role_documents_itself() -> None:
    roles = {path.name for path in ROLES.iterdir()}
    assert {path.parent.name for path in readmes()} == roles


@pytest.mark.parametrize("path", readmes(), ids=lambda path: path.parent.name)
def test_a_readme_is_current(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text == readme(path), "run 'make docs'"
    assert text.startswith(f"# harvester_ops.remediation.{path.parent.name}\n")


@pytest.mark.parametrize("path", readmes(), ids=lambda path: path.parent.name)
def test_an_example_gives_the_role_what_it_requires(path: Path) -> None:
    """Examples are YAML, name the role they explain, and set only variables that exist."""
    text = path.read_text(encoding="utf-8")
    (task,) = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])
    (action,) = (name for name in task if name.startswith("ansible.builtin."))
    called = task[action]
    assert called["name"] == f"harvester_ops.remediation.{path.parent.name}"
    specs = yaml.safe_load((path.parent / "meta/argument_specs.yml").read_text(encoding="utf-8"))
    options = specs["argument_specs"][called.get("tasks_from", "main")]["options"]
    required = {name for name, option in options.items() if option.get("required")}
    assert required <= set(task.get("vars", {})) <= set(options)
