# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The assets hold together, name nothing that the playbooks do not know, and are what AWX takes."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from awxkit.api import pages
from awxkit.api.pages.api import EXPORTABLE_RESOURCES
from awxkit.api.resources import resources
from jinja2 import Environment, StrictUndefined

from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.auth import (
    AUTH_ARGUMENT_SPEC,
    resolve,
)
from awx import assets
from awx.assets import (
    CHECKOUT,
    FOUNDATION,
    MANY,
    TEMPLATES,
    job_template,
    message,
    workflow_nodes,
)

PAGES = {
    "credential_types": pages.CredentialType,
    "execution_environments": pages.ExecutionEnvironment,
    "notification_templates": pages.NotificationTemplate,
    "projects": pages.Project,
    "inventory": pages.Inventory,
    "job_templates": pages.JobTemplate,
    "workflow_job_templates": pages.WorkflowJobTemplate,
    "workflow_nodes": pages.WorkflowJobTemplateNode,
    "hosts": pages.Host,
    "schedules": pages.Schedule,
}
# Fields that AWX's API has and awxkit's payloads do not mention, as no test of AWX sets them.
BEYOND_AWXKIT = {
    "execution_environments": {"description"},
    "projects": {"default_environment", "scm_url"},
    "job_templates": {"extra_vars", "execution_environment"},
    "hosts": {"enabled"},
    "schedules": {"name", "description", "rrule", "enabled", "extra_data", "unified_job_template"},
}
NOTIFICATIONS = {f"notification_templates_{event}" for event in ("started", "success", "error")}
RELATED = {
    "job_templates": {"credentials", "survey_spec", "schedules", *NOTIFICATIONS},
    "workflow_job_templates": {
        "workflow_nodes",
        "notification_templates_approvals",
        *NOTIFICATIONS,
    },
    "workflow_nodes": {
        "success_nodes",
        "failure_nodes",
        "always_nodes",
        "create_approval_template",
        "credentials",
    },
    "inventory": {"hosts"},
}


def every_asset() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Resource and asset, also of those inside another."""
    listed = [
        (name, each)
        for file in (FOUNDATION, TEMPLATES, MANY)
        for name, all_of in file.items()
        for each in all_of
    ]
    for resource, asset in listed:
        yield resource, asset
        for name, related in asset.get("related", {}).items():
            if name in PAGES:
                yield from ((name, each) for each in related)


def every_key(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every natural key anywhere."""
    if isinstance(value, list):
        for each in value:
            yield from every_key(each)
    if isinstance(value, Mapping):
        if "type" in value and {"name", "identifier"} & set(value):
            yield value
        for each in value.values():
            yield from every_key(each)


def words_of(page: type) -> set[str]:
    """Every text in the source of a page class: the names of the fields it can send are among them."""
    tree = ast.parse(inspect.getsource(inspect.getmodule(page) or page))
    words = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    keywords = {node.arg for node in ast.walk(tree) if isinstance(node, (ast.keyword, ast.arg))}
    return {str(word) for word in words | keywords}


@pytest.mark.parametrize(("resource", "asset"), list(every_asset()))
def test_fields_are_those_of_the_api(resource: str, asset: Mapping[str, Any]) -> None:
    fields = set(asset) - {"natural_key", "related"}
    assert fields <= words_of(PAGES[resource]) | BEYOND_AWXKIT.get(resource, set())
    assert set(asset.get("related", {})) <= RELATED.get(resource, set())


@pytest.mark.parametrize(("resource", "asset"), list(every_asset()))
def test_natural_keys_are_those_of_the_export_format(
    resource: str, asset: Mapping[str, Any]
) -> None:
    key = asset["natural_key"]
    assert set(key) == {"type", *PAGES[resource].NATURAL_KEY}
    for part, value in key.items():
        if part != "type" and part in asset:
            assert asset[part] == value


def test_resources_are_exportable_and_types_exist() -> None:
    assert {*FOUNDATION, *TEMPLATES, *MANY} <= set(EXPORTABLE_RESOURCES)
    for key in every_key([FOUNDATION, TEMPLATES, MANY]):
        assert getattr(resources, key["type"])


def test_every_reference_leads_somewhere() -> None:
    """To an asset, to the organization that AWX is installed with, or to the credential that is made by hand."""
    made = [asset["natural_key"] for _resource, asset in every_asset()]
    beyond = {
        key.get("name") for key in every_key([FOUNDATION, TEMPLATES, MANY]) if key not in made
    }
    assert beyond == {"Default", "Harvester cluster", "Harvester clusters", "Rancher"}


# What AWX checks a custom credential type with (awx/main/fields.py).
INPUTS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "required": {"type": "array", "items": {"type": "string"}},
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["id", "label"],
                "properties": {
                    "id": {"type": "string", "pattern": "^[a-zA-Z_]+[a-zA-Z0-9_]*$"},
                    "type": {"enum": ["string", "boolean"]},
                    "format": {"enum": ["ssh_private_key", "url"]},
                    "choices": {"type": "array", "minItems": 1, "items": {"type": "string"}},
                    "label": {"type": "string"},
                    "help_text": {"type": "string"},
                    "multiline": {"type": "boolean"},
                    "secret": {"type": "boolean"},
                    "ask_at_runtime": {"type": "boolean"},
                    "default": {},
                },
            },
        },
    },
}
TEXTS = {"type": "object", "additionalProperties": False}
INJECTORS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "file": {
            **TEXTS,
            "patternProperties": {r"^template(\.[a-zA-Z_]+[a-zA-Z0-9_]*)?$": {"type": "string"}},
        },
        "env": {**TEXTS, "patternProperties": {"^[a-zA-Z_]+[a-zA-Z0-9_]*$": {"type": "string"}}},
    },
}


def test_the_credential_type_is_one_that_awx_takes() -> None:
    (kind,) = FOUNDATION["credential_types"]
    jsonschema.validate(kind["inputs"], INPUTS)
    jsonschema.validate(kind["injectors"], INJECTORS)
    fields = kind["inputs"]["fields"]
    for field in fields:
        if field["type"] == "boolean":
            assert not {"choices", "multiline", "format", "secret"} & set(field)
    names = {name.partition(".")[2]: "EXAMPLE" for name in kind["injectors"]["file"]}
    known = {**{field["id"]: "EXAMPLE" for field in fields}, "tower": {"filename": names}}
    for injector in kind["injectors"].values():
        for template in injector.values():
            Environment(undefined=StrictUndefined).from_string(template).render(known)
    assert not [name for name in kind["injectors"]["env"] if name.startswith("ANSIBLE_")]


def test_secrets_are_secret() -> None:
    (kind,) = FOUNDATION["credential_types"]
    secret = {field["id"] for field in kind["inputs"]["fields"] if field.get("secret")}
    assert secret == {"kubeconfig", "token"}


def test_a_kubeconfig_is_injected_as_a_file(tmp_path: Path) -> None:
    variables = assets.inject({"kubeconfig": "apiVersion: v1\n", "context": "prod"}, tmp_path)
    path = tmp_path / "template.kubeconfig"
    assert variables["K8S_AUTH_KUBECONFIG"] == str(path)
    assert path.read_text().strip() == "apiVersion: v1"
    assert path.stat().st_mode & 0o777 == 0o600
    assert variables["K8S_AUTH_CONTEXT"] == "prod"
    assert variables["K8S_AUTH_HOST"] == variables["K8S_AUTH_SSL_CA_CERT"] == ""
    assert variables["K8S_AUTH_VERIFY_SSL"] == ""


KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://10.0.0.10:6443"%s}}]
users: [{name: u, user: {token: t}}]
"""
SERVER = {"host": "https://10.0.0.10:6443", "token": "t"}


@pytest.mark.parametrize(
    ("inputs", "verified"),
    [
        ({"kubeconfig": KUBECONFIG % ""}, True),
        ({"kubeconfig": KUBECONFIG % "", "insecure": True}, False),
        ({"kubeconfig": KUBECONFIG % ", insecure-skip-tls-verify: true"}, False),
        (SERVER, True),
        ({**SERVER, "insecure": True, "ca_cert": "PEM"}, False),
    ],
)
def test_a_kubeconfig_says_itself_whether_a_certificate_is_checked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, inputs: dict[str, Any], verified: bool
) -> None:
    """As it does for kubectl and helm."""
    for name, value in assets.inject(inputs, tmp_path).items():
        monkeypatch.setenv(name, value)
    validated = ArgumentSpecValidator(AUTH_ARGUMENT_SPEC).validate({})
    assert validated.error_messages == []
    connection = resolve(validated.validated_parameters, tmpdir=str(tmp_path))
    assert connection.configuration.verify_ssl is verified
    assert connection.server == "https://10.0.0.10:6443"


def test_server_and_token_are_injected_as_variables(tmp_path: Path) -> None:
    given = {"host": "https://10.0.0.10:6443", "token": "abc", "ca_cert": "PEM", "insecure": True}
    variables = assets.inject(given, tmp_path)
    assert variables["K8S_AUTH_KUBECONFIG"] == ""
    assert variables["K8S_AUTH_HOST"] == "https://10.0.0.10:6443"
    assert variables["K8S_AUTH_API_KEY"] == "abc"
    assert Path(variables["K8S_AUTH_SSL_CA_CERT"]).read_text() == "PEM"
    assert variables["K8S_AUTH_VERIFY_SSL"] == "false"


def options(roles: Iterator[str] | list[str]) -> dict[str, dict[str, Any]]:
    """Name to specification of every option of the roles."""
    found: dict[str, dict[str, Any]] = {}
    for role in roles:
        path = CHECKOUT / f"roles/{role}/meta/argument_specs.yml"
        found.update(yaml.safe_load(path.read_text())["argument_specs"]["main"]["options"])
    return found


SETTINGS = options(["settings", "detect", "preflight"])
SURVEY_TYPES = {
    "str": {"text", "textarea", "multiplechoice"},
    "raw": {"textarea", "multiselect"},  # a list, or a text with an item in each line
    "int": {"integer"},
    "list": {"multiselect"},
    "bool": {"multiplechoice"},  # AWX has no question with yes or no
}
TEMPLATE_NAMES = [each["name"].partition(": ")[2] for each in TEMPLATES["job_templates"]]


def choices(variable: str) -> list[str]:
    """What a list may hold; the settings of a run leave some to the role that takes them."""
    if "choices" in SETTINGS[variable]:
        return list(SETTINGS[variable]["choices"])
    return list(options(["restore"])[variable.removeprefix("remediation_")]["choices"])


def values(specification: Mapping[str, Any], value: Any) -> None:
    """A value has the type and is among the choices of its option."""
    types = {"int": int, "str": str, "list": list, "path": str, "bool": bool, "dict": dict}
    assert isinstance(value, types[specification["type"]])
    chosen = value if isinstance(value, list) else [value]
    if "choices" in specification:
        assert set(chosen) <= set(specification["choices"])


@pytest.mark.parametrize("name", TEMPLATE_NAMES)
def test_playbooks_exist_and_extra_vars_are_their_settings(name: str) -> None:
    template = job_template(name)
    assert (CHECKOUT / template["playbook"]).is_file()
    for variable, value in yaml.safe_load(template["extra_vars"]).items():
        values(SETTINGS[variable], value)
    # AWX can be set to hand expressions over as they are.
    assert "{{" not in template["extra_vars"]


@pytest.mark.parametrize("name", TEMPLATE_NAMES)
def test_survey_questions_are_settings_of_the_playbook(name: str) -> None:
    template = job_template(name)
    questions = template.get("related", {}).get("survey_spec", {}).get("spec", [])
    assert template.get("survey_enabled", False) == bool(questions)
    for question in questions:
        specification = SETTINGS[question["variable"]]
        assert question["type"] in SURVEY_TYPES[specification["type"]]
        assert {"question_name", "required", "default", "min", "max"} <= set(question)
        if question["type"] == "multiselect":
            assert question["choices"].split("\n") == choices(question["variable"])
            assert question["default"] == "\n".join(specification["default"])
        elif specification["type"] == "bool":
            assert question["choices"].split("\n") == ["false", "true"]
            assert question["default"] == str(specification["default"]).lower()
        elif specification["type"] == "raw":
            assert (question["default"], specification["default"]) == ("", [])
        elif not question["required"]:
            assert question["default"] == specification["default"]


def test_nodes_hand_over_what_their_templates_take() -> None:
    for node in workflow_nodes().values():
        for variable, value in node.get("extra_data", {}).items():
            template = job_template(node["unified_job_template"]["name"].partition(": ")[2])
            assert template["ask_variables_on_launch"]
            values(SETTINGS[variable], value)


def test_every_node_of_a_copied_workflow_takes_another_credential() -> None:
    templates = [
        node["unified_job_template"]["name"].partition(": ")[2]
        for name, node in workflow_nodes().items()
        if name != "approve"
    ]
    asking = {name: job_template(name).get("ask_credential_on_launch") for name in templates}
    assert set(asking.values()) == {True}, asking


def test_only_the_templates_for_a_look_and_the_approved_one_are_in_the_workflow() -> None:
    """What may change a cluster can only be reached through the approval."""
    nodes = workflow_nodes()
    follows = {
        name: {
            key["identifier"]
            for edge in ("success_nodes", "failure_nodes")
            for key in node.get("related", {}).get(edge, [])
        }
        for name, node in nodes.items()
    }
    reached, ahead = set(), {"diagnose"}
    while ahead:
        name = ahead.pop()
        reached.add(name)
        ahead |= follows[name] - {"approve"}  # as if nobody ever approved
    changing = {
        name
        for name in reached
        if job_template(nodes[name]["unified_job_template"]["name"].partition(": ")[2])["playbook"]
        != "playbooks/diagnose.yml"
    }
    assert changing == {"plan"}
    assert job_template("plan")["job_type"] == "check"
    assert nodes["approve"]["related"]["success_nodes"][0]["identifier"] == "remediate"
    assert follows["remediate"] == {"verify", "look again after a failure"}


def test_the_workflow_over_many_clusters_changes_nothing_before_its_approval() -> None:
    nodes = workflow_nodes(MANY)
    leads = {
        name: [
            (edge, key["identifier"])
            for edge in ("success_nodes", "failure_nodes", "always_nodes")
            for key in node["related"].get(edge, [])
        ]
        for name, node in nodes.items()
        if "related" in node
    }
    assert leads == {
        "diagnose": [("failure_nodes", "plan")],
        "plan": [("always_nodes", "sum up")],
        "sum up": [("success_nodes", "approve")],
        "approve": [("success_nodes", "remediate")],
        "remediate": [("always_nodes", "verify")],
    }
    assert job_template("Harvester clusters: plan")["job_type"] == "check"
    (workflow,) = MANY["workflow_job_templates"]
    assert not workflow.get("ask_variables_on_launch"), "variables of a launch outrank artifacts"


@pytest.mark.parametrize("template", MANY["job_templates"], ids=lambda each: each["name"])
def test_templates_of_many_clusters_run_over_their_inventory(template: Mapping[str, Any]) -> None:
    assert (CHECKOUT / template["playbook"]).is_file()
    variables = yaml.safe_load(template["extra_vars"])
    over_all = template["inventory"]["name"] == "Harvester clusters"
    assert variables.pop("remediation_hosts", None) == ("all" if over_all else None)
    assert ("job_slice_count" in template) == over_all
    # AWX notifies for each slice of a job, and for the job that they are slices of not at all.
    notifies = any(name.startswith("notification") for name in template["related"])
    assert notifies is not over_all
    for variable, value in variables.items():
        values(SETTINGS[variable], value)


def test_the_approval_is_of_no_use_outside_the_workflow() -> None:
    text = (CHECKOUT / "playbooks/awx/carry_out_approved_plan.yml").read_text()
    (play,) = yaml.safe_load(text)
    assert play["ansible.builtin.import_playbook"] == "../remediate_stuck_upgrade.yml"
    assert play["vars"] == {
        "remediation_approved_plan": "{{ remediation_plan_fingerprint | default('none', true) }}",
        "remediation_approved_plans": "{{ remediation_plans_to_approve | default({}, true) }}",
    }


JOB = {
    "job_friendly_name": "Job",
    "url": "https://awx.example.com/#/jobs/playbook/7",
    "job": {
        "name": "Harvester upgrade: plan",
        "status": "successful",
        "artifacts": {
            "remediation_verdict": "needs_approval",
            "remediation_headline": 'A "quoted" headline.',
            "remediation_plan_fingerprint": "3f9c2a71d0b84e56",
            "remediation_plan_summary": "Plan 3f9c2a71d0b84e56: 1 step\n1. [low] Upgrade fleet.",
            "remediation_next": "",
        },
    },
}


def test_the_message_of_a_plan_holds_summary_and_fingerprint() -> None:
    told = message("success", JOB)
    assert told["plan"] == "3f9c2a71d0b84e56"
    assert "1. [low] Upgrade fleet." in told["text"]
    assert 'A "quoted" headline.' in told["text"]


@pytest.mark.parametrize(
    "job", [{"name": "x", "status": "failed"}, {"name": "x", "status": "failed", "artifacts": {}}]
)
def test_the_message_of_a_job_without_artifacts_is_whole(job: dict[str, Any]) -> None:
    """A workflow has none, and AWX checks messages with a job that has handed over nothing."""
    assert message("error", {**JOB, "job": job})["verdict"] == ""


@pytest.mark.parametrize("event", ["running", "approved", "denied", "timed_out"])
def test_the_message_of_an_approval(event: str) -> None:
    context = {"approval_node_name": "Carry out?", "approval_status": event, "workflow_url": "u"}
    assert event in message(f"workflow_approval.{event}", context)["text"]


def test_the_watch_is_a_rule_that_awx_takes() -> None:
    (watch,) = job_template("diagnose")["related"]["schedules"]
    start, rule = watch["rrule"].split(" ")
    assert start.startswith("DTSTART:")
    assert "INTERVAL=" in rule
    assert "SECONDLY" not in rule


def test_the_survey_of_a_restoration_offers_all_that_can_be_chosen() -> None:
    questions = job_template("restore")["related"]["survey_spec"]["spec"]
    asked = {question["variable"] for question in questions}
    chosen = {name for name in SETTINGS if name.startswith("remediation_restore_")}
    assert chosen - asked == {"remediation_restore_path"}  # a folder is gone with its job
