# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of surveys, as AWX hands them over, mean the same on the oldest and on the newest ansible-core."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from awx.assets import CHECKOUT, TEMPLATES
from awx.job import NEWEST_CORE, OLDEST_CORE, UnsafeDumper, checked_out, path_of, run_job

CORES = {"newest": NEWEST_CORE, "oldest": OLDEST_CORE}
QUESTIONS = {
    question["variable"]: question
    for template in TEMPLATES["job_templates"]
    for question in template.get("related", {}).get("survey_spec", {}).get("spec", [])
}
SPECIFICATIONS = {
    name: option
    for role in ("settings", "detect", "preflight")
    for name, option in yaml.safe_load(
        (CHECKOUT / f"roles/{role}/meta/argument_specs.yml").read_text()
    )["argument_specs"]["main"]["options"].items()
}
EMPTY = {"null": None, "empty": "", "blank": " ", "line": "\n"}
# By the type of the option: what is given, and what it means.
ANSWERS: dict[str, list[tuple[Any, Any]]] = {
    "str": [("1.6", "1.6"), (1.6, "1.6"), ("12", "12"), ("true", "true"), (" v1.6.1\n", "v1.6.1")],
    "int": [("900", 900), (900, 900), (" 900 ", 900), (900.0, 900)],
    "bool": [("true", True), ("false", False), (True, True), (False, False), ("no", False)],
    "list": [],
    "raw": [
        ("a/b\n\nc/d\n", ["a/b", "c/d"]),
        (["a/b", "1.5"], ["a/b", "1.5"]),
        ("7", ["7"]),
    ],
}
# Taken by a role itself, see test_a_version_that_looks_like_a_number.
OF_A_ROLE = ("preflight_target_version", "preflight_current_version")
CHOSEN = ("preflight_fail_on", "remediation_auto_approve")


def answers() -> dict[str, tuple[str, Any, Any]]:
    """Every question with every answer: variable, what AWX is told, what it means."""
    asked: dict[str, tuple[str, Any, Any]] = {}
    for variable, question in QUESTIONS.items():
        if variable in OF_A_ROLE:
            continue
        option = SPECIFICATIONS[variable]
        usual = option.get("default")
        given = [(value, usual) for value in EMPTY.values()]
        given += ANSWERS[option["type"]]
        for choice in question.get("choices", "").splitlines() if variable in CHOSEN else []:
            given += [(choice, [choice]), ([choice], [choice])]
        if option["type"] in ("list", "raw"):
            given.append(([], []))
        for number, (value, meaning) in enumerate(given):
            asked[f"{variable}-{number}"] = (variable, value, meaning)
    return asked


PLAY = """
- hosts: all
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.include_role: {name: harvester_ops.remediation.settings, public: true, rolespec_validate: false}
    - harvester_ops.remediation.write_artifacts:
        directory: "{{ told }}"
        documents: "{{ {inventory_hostname ~ '.json': remediation_run.settings} }}"
"""


@pytest.mark.parametrize("core", CORES)
def test_every_answer_means_what_was_typed(core: str, tmp_path: Path) -> None:
    """One host for each answer; variables of hosts are read by the same YAML reader as extra variables."""
    asked = answers()
    (tmp_path / "host_vars").mkdir()
    (tmp_path / "told").mkdir()
    (tmp_path / "hosts").write_text("\n".join(asked))
    (tmp_path / "play.yml").write_text(PLAY)
    for host, (variable, value, _meaning) in asked.items():
        text = yaml.dump({variable: value}, Dumper=UnsafeDumper)
        (tmp_path / "host_vars" / f"{host}.yml").write_text(text)
    done = subprocess.run(
        ["ansible-playbook", "-i", "hosts", "play.yml", "-e", f"told={tmp_path}/told"],
        cwd=tmp_path,
        env={**os.environ, **path_of(CORES[core]), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = {}
    for host, (variable, value, meaning) in asked.items():
        settings = json.loads((tmp_path / "told" / f"{host}.json").read_text())
        read = settings.get(variable.removeprefix("remediation_"), "not there")
        if read != meaning:
            wrong[host] = (value, read)
    assert wrong == {}


@pytest.mark.parametrize("core", CORES)
def test_a_wrong_answer_ends_the_job_with_its_name(core: str, tmp_path: Path) -> None:
    given = {
        "remediation_artifacts_dir": str(tmp_path / "artifacts"),
        "remediation_verify_timeout": "soon",
        "remediation_auto_approve": "everything",
    }
    project = checked_out(tmp_path / "project")
    done = run_job(
        tmp_path / "job", project, "remediate", {"host": "https://none"}, given, CORES[core]
    )
    assert done.status == "failed", done
    assert "remediation_verify_timeout is 'soon', which is not a whole number" in done.output
    assert "everything is not one of low, medium, high" in done.output


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize(
    ("target", "current"), [("1.6", "v1.5.0"), ("v1.5.0", "1.4"), ("v1.5.0", "v1.4.2"), ("1", "2")]
)
def test_a_version_that_looks_like_a_number(
    core: str, target: str, current: str, tmp_path: Path
) -> None:
    given = {
        "remediation_artifacts_dir": str(tmp_path / "artifacts"),
        "preflight_offline": True,
        "preflight_target_version": target,
        "preflight_current_version": current,
        "preflight_fail_on": "",
    }
    project = checked_out(tmp_path / "project")
    done = run_job(
        tmp_path / "job", project, "preflight", {"host": "https://none"}, given, CORES[core]
    )
    assert "object has no attribute" not in done.output, done
    assert done.artifacts["preflight_verdict"] in ("blocked", "risky", "safe"), done
    assert target in done.artifacts["preflight_headline"], done
