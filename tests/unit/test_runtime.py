# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""meta/ agrees with what the collection holds."""

from __future__ import annotations

from pathlib import Path

import yaml

CHECKOUT = Path(__file__).resolve().parents[2]


def test_the_action_group_holds_every_module() -> None:
    runtime = yaml.safe_load((CHECKOUT / "meta/runtime.yml").read_text(encoding="utf-8"))
    modules = {path.stem for path in (CHECKOUT / "plugins/modules").glob("*.py")} - {"__init__"}
    assert set(runtime["action_groups"]["remediation"]) == modules


def test_the_execution_environment_names_files_that_exist() -> None:
    meta = yaml.safe_load((CHECKOUT / "meta/execution-environment.yml").read_text(encoding="utf-8"))
    for path in meta["dependencies"].values():
        assert (CHECKOUT / path).is_file(), path


def test_requirements_pin_what_the_lock_file_pins() -> None:
    wanted, locked = (
        {
            line.split()[0].lower()
            for line in (CHECKOUT / name).read_text(encoding="utf-8").splitlines()
            if "==" in line and not line.lstrip().startswith("#")
        }
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert wanted
    assert wanted <= locked
