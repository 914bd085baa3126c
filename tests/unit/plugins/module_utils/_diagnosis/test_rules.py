# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rule files: the collection's own, people's own, and what is said about faulty ones."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.rules import (
    SHIPPED_RULES,
    document_problems,
    load_rules,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build

OWN: dict[str, Any] = {
    "id": "webhook-without-version",
    "failure_mode": "local",
    "title": "The webhook runs an image without a fixed version",
    "applies_to": "fleet.deployments",
    "subject": "Deployment/{{ namespace }}/{{ name }}",
    "severity": "warn",
    "priority": 5000,
    "only_when": "name == 'rancher-webhook'",
    "when": "contains(values(image_tags), 'latest')",
    "message": "Deployment {{ namespace }}/{{ name }} has no fixed version.",
    "what_next": "Pin the image.",
    "references": ["https://example.com/runbook"],
}


def write(directory: Path, name: str | None = None, **changes: Any) -> Path:
    path = directory / f"{name or changes.get('id') or OWN['id']}.yml"
    path.write_text(yaml.safe_dump({**OWN, **changes}), encoding="utf-8")
    return path


def refused(directory: Path) -> list[str]:
    with pytest.raises(RemediationError) as caught:
        load_rules([directory])
    assert caught.value.code == "rule-invalid"
    assert caught.value.remedy
    return list(caught.value.details["problems"])


def test_order() -> None:
    rules = load_rules()
    assert [rule.priority for rule in rules] == sorted(rule.priority for rule in rules)
    assert len(rules) == len(list(SHIPPED_RULES.glob("*.yml")))


def test_own_rule_is_judged_with_the_others(tmp_path: Path) -> None:
    write(tmp_path)
    deployments = [
        {"name": "rancher-webhook", "namespace": "cattle-system", "image_tags": {"a": "latest"}},
        {"name": "gitjob", "namespace": "cattle-fleet-system", "image_tags": {"a": "latest"}},
    ]
    found = diagnose(build({"set": {"fleet": {"deployments": deployments}}}), [tmp_path])
    own = [item for item in found["findings"] if item["id"] == OWN["id"]]
    assert [item["subject"] for item in own] == ["Deployment/cattle-system/rancher-webhook"]
    assert own[0]["message"] == "Deployment cattle-system/rancher-webhook has no fixed version."


def test_own_rule_may_exclude_a_shipped_one(tmp_path: Path) -> None:
    write(tmp_path, excludes=["still-moving"])
    assert load_rules([tmp_path])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"when": "a =="}, "when: is no condition"),
        ({"when": "!a"}, "when: is no condition: uses the operator '!'"),
        ({"applies_to": "a["}, "applies_to: is no JMESPath expression"),
        ({"proof": ["ok", "a["]}, "proof[1]: is no JMESPath expression"),
        ({"message": "{{ a"}, "message: is no Jinja2 template"),
        ({"subject": "{% if %}"}, "subject: is no Jinja2 template"),
        ({"excludes": ["no-such-rule"]}, "excludes: there is no rule 'no-such-rule'"),
        ({"severity": "fatal"}, "severity: 'fatal' is not one of"),
        (
            {"remedy": {"unattended": "yes", "risk": "low", "steps": [{"action": "nudge"}]}},
            "remedy.steps: only a rule of severity fail asks for steps, not warn",
        ),
        (
            {
                "remedy": {
                    "unattended": "yes",
                    "risk": "low",
                    "steps": [{"action": "nudge", "when": "!a"}],
                }
            },
            "remedy.steps[0].when: is no condition",
        ),
        (
            {
                "remedy": {
                    "unattended": "yes",
                    "risk": "low",
                    "steps": [{"action": "nudge", "with": {"release": "["}}],
                }
            },
            "remedy.steps[0].with.release: is no JMESPath",
        ),
        (
            {
                "remedy": {
                    "unattended": "yes",
                    "risk": "low",
                    "steps": [{"action": "upgrade_release", "with": {"version": "a"}}],
                }
            },
            "remedy.steps[0].with.version: is not a parameter of upgrade_release;"
            " known here: namespace, release",
        ),
        (
            {
                "remedy": {
                    "unattended": "no",
                    "risk": "low",
                    "instructions": {"why": "a", "danger": ["{{"], "commands": ["{{ x"]},
                }
            },
            "remedy.instructions.danger[0]: is no Jinja2",
        ),
        (
            {
                "remedy": {
                    "unattended": "no",
                    "risk": "low",
                    "instructions": {
                        "why": "a",
                        "danger": [],
                        "commands": ["x"],
                        "ways": [{"title": "a", "commands": ["{{ x"]}],
                    },
                }
            },
            "remedy.instructions.ways[0].commands[0]: is no Jinja2",
        ),
    ],
)
def test_faulty_rule(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    path = write(tmp_path, **changes)
    assert refused(tmp_path)[0].startswith(f"{path}: {problem}")


def test_all_problems_of_all_files_at_once(tmp_path: Path) -> None:
    write(tmp_path, when="a ==", message="{{")
    write(tmp_path, id="another-rule", severity="fatal")
    (tmp_path / "no-yaml.yml").write_text("a: [", encoding="utf-8")
    assert len(refused(tmp_path)) == 4


def test_name_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, name="other-name")
    assert refused(tmp_path) == [
        f"{path}: id: is 'webhook-without-version', so the file must be called webhook-without-version.yml"
    ]


def test_id_of_a_shipped_rule(tmp_path: Path) -> None:
    write(tmp_path, id="still-moving")
    assert "is the id of" in refused(tmp_path)[0]


@pytest.mark.parametrize(
    "content", [b"a: [", b"\xff\xfe\x00", b"- 1\n", b"", b"a: &a [*a]", b"[" * 5000, b"#" * 300_000]
)
def test_what_is_no_rule(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rule.yml"
    path.write_bytes(content)
    assert all(problem.startswith(f"{path}: ") for problem in refused(tmp_path))


def test_a_folder_called_like_a_rule(tmp_path: Path) -> None:
    (tmp_path / "folder.yml").mkdir()
    assert "cannot be read" in refused(tmp_path)[0]


def test_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RemediationError, match="cannot be read: No such file") as caught:
        load_rules([tmp_path / "missing"])
    assert caught.value.code == "rule-invalid"


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("words", encoding="utf-8")
    assert len(load_rules([tmp_path])) == len(load_rules())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_directory(tmp_path: Path) -> None:
    tmp_path.chmod(0)
    with pytest.raises(RemediationError, match="cannot be read"):
        load_rules([tmp_path])


@pytest.mark.parametrize("path", sorted(SHIPPED_RULES.glob("*.yml")), ids=lambda path: path.stem)
def test_shipped_rule(path: Path) -> None:
    document = yaml.safe_load(path.read_bytes())
    assert list(document_problems(document)) == []
    if document["severity"] != "info":
        assert document["remedy"]
        assert document["proof"]
        assert document["must_not"]
    remedy = document.get("remedy", {})
    if remedy.get("unattended") in ("ask", "no"):
        assert remedy.get("instructions") or remedy.get("steps")
    if remedy.get("unattended") == "no" and document["severity"] == "fail":
        assert not [step for step in remedy.get("steps", ()) if step.get("unattended") != "yes"]
        assert remedy["instructions"]["commands"]
