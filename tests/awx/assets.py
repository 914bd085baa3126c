# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The assets as the tests use them, and how AWX makes environment, files and messages of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from jinja2 import StrictUndefined, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

CHECKOUT = Path(__file__).resolve().parents[2]
ASSETS = CHECKOUT / "playbooks/awx/assets"
Document = dict[str, Any]


def load(name: str) -> dict[str, list[Document]]:
    """``foundation``, ``templates`` or ``many_clusters``."""
    loaded: dict[str, list[Document]] = yaml.safe_load(
        (ASSETS / f"{name}.yml").read_text(encoding="utf-8")
    )
    return loaded


FOUNDATION, TEMPLATES, MANY = load("foundation"), load("templates"), load("many_clusters")


def job_template(short: str) -> Document:
    """By the last word of its name: ``diagnose``; one of many clusters by its whole name."""
    names = (short, f"Harvester upgrade: {short}")
    listed = TEMPLATES["job_templates"] + MANY["job_templates"]
    (found,) = (each for each in listed if each["name"] in names)
    return found


def workflow_nodes(assets: Mapping[str, list[Document]] = TEMPLATES) -> dict[str, Document]:
    """The nodes of the workflow by their identifiers."""
    (workflow,) = (
        each
        for each in assets["workflow_job_templates"]
        if each["name"].endswith("repair with approval")
    )
    return {node["identifier"]: node for node in workflow["related"]["workflow_nodes"]}


def inject(inputs: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """The environment that the credential type makes of inputs; its files are written to `folder`.

    As AWX does it: fields left empty are not known to the templates, a checkbox left alone is false, every file
    is written with mode 0600, and its path is known as ``tower.filename``.
    """
    (kind,) = FOUNDATION["credential_types"]
    booleans = {each["id"]: False for each in kind["inputs"]["fields"] if each["type"] == "boolean"}
    known: Document = {**booleans, **{key: value for key, value in inputs.items() if value != ""}}
    known["tower"] = SimpleNamespace(filename=SimpleNamespace())
    environment = ImmutableSandboxedEnvironment(undefined=Undefined)
    for name, template in kind["injectors"]["file"].items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(environment.from_string(template).render(known), encoding="utf-8")
        setattr(known["tower"].filename, name.partition(".")[2], str(path))
    return {
        name: environment.from_string(template).render(known)
        for name, template in kind["injectors"]["env"].items()
    }


def message(event: str, context: Mapping[str, Any]) -> Document:
    """What the notification template posts for ``success``, ``error`` or ``workflow_approval.running``."""
    (template,) = FOUNDATION["notification_templates"]
    entry: Any = template["messages"]
    for part in event.split("."):
        entry = entry[part]
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    rendered: Document = json.loads(environment.from_string(entry["body"]).render(context))
    return rendered
