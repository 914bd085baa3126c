# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""meta/ agrees with what the collection holds."""

from __future__ import annotations

from pathlib import Path

import pytest
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


@pytest.mark.parametrize("definition", ["execution-environment", "decision-environment"])
def test_the_execution_environment_is_of_this_release(definition: str) -> None:
    """The definitions for ansible-builder, and what the assets for AWX expect to be built and tagged."""
    version = yaml.safe_load((CHECKOUT / "galaxy.yml").read_text())["version"]
    built = yaml.safe_load((CHECKOUT / f"{definition}.yml").read_text())
    (collection,) = built["dependencies"]["galaxy"]["collections"]
    (file,) = built["additional_build_files"]
    tarball = f"harvester_ops-remediation-{version}.tar.gz"
    assert collection["name"] == f"{file['dest']}/{file['src']}" == f"collections/{tarball}"
    locked = (CHECKOUT / "requirements-dev.txt").read_text().splitlines()
    for part in ("ansible_core", "ansible_runner"):
        assert built["dependencies"][part]["package_pip"] in locked
    assets = yaml.safe_load((CHECKOUT / "playbooks/awx/assets/foundation.yml").read_text())
    assert assets["execution_environments"][0]["image"].endswith(f":{version}")
    assert assets["projects"][0]["scm_branch"] == version
    (create,) = yaml.safe_load((CHECKOUT / "playbooks/awx/create.yml").read_text())
    assert create["vars"]["awx_project_scm_branch"] == version
