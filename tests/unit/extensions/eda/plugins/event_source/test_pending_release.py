# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source as ansible-rulebook runs it: the file by its path, a coroutine, a queue."""

from __future__ import annotations

import asyncio
import inspect
import runpy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from jinja2 import StrictUndefined
from jinja2.nativetypes import NativeEnvironment

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.api_server import (
    Answer,
    ApiServer,
    Request,
    failure,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    release_secret,
)
from awx.assets import TEMPLATES

EDA = Path(__file__).resolve().parents[6] / "extensions/eda"
SOURCE = runpy.run_path(str(EDA / "plugins/event_source/pending_release.py"))
SECRET = release_secret("fleet", 7, status="pending-upgrade")


def pending(request: Request) -> Answer:
    """A cluster with one lock, from long ago."""
    if request.path.endswith("/secrets"):
        return Answer({"metadata": {}, "items": [{"metadata": SECRET["metadata"]}]})
    return Answer(SECRET if "/secrets/" in request.path else {"metadata": {"uid": "u"}})


def first_event(args: dict[str, Any]) -> dict[str, Any]:
    """Run the source until it has sent something, and cancel it as ansible-rulebook does."""

    async def run() -> dict[str, Any]:
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        task = asyncio.create_task(SOURCE["main"](queue, {"interval": 0.01, **args}))
        event = asyncio.create_task(queue.get())
        await asyncio.wait({task, event}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return event.result()

    return asyncio.run(run())


def test_main_is_what_ansible_rulebook_calls() -> None:
    assert inspect.iscoroutinefunction(SOURCE["main"])


def test_an_event_is_sent() -> None:
    with ApiServer(pending) as server:
        event = first_event({"host": server.url, "api_key": "t"})
    assert event["pending_release"]["release"] == "fleet"


def test_the_environment_says_where_the_cluster_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with ApiServer(pending) as server:
        monkeypatch.setenv("K8S_AUTH_HOST", server.url)
        monkeypatch.setenv("K8S_AUTH_API_KEY", "t")
        monkeypatch.setenv("K8S_AUTH_VERIFY_SSL", "false")
        monkeypatch.setenv("K8S_AUTH_KUBECONFIG", "")
        assert first_event({})["cluster"]["server"] == server.url


def test_an_outage_is_waited_out() -> None:
    turns = iter([failure(503, "ServiceUnavailable"), failure(500, "InternalError")])

    def script(request: Request) -> Answer:
        return next(turns, None) or pending(request)

    with ApiServer(script) as server:
        assert first_event({"host": server.url, "api_key": "t"})["pending_release"]


def test_a_namespace_that_may_not_be_read_is_told_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lists: list[str] = []

    def script(request: Request) -> Answer:
        if request.path == "/api/v1/namespaces":
            return Answer({"items": [{"metadata": {"name": "cattle-turtles-system"}}]})
        if request.path.startswith("/api/v1/namespaces/cattle-turtles-system/"):
            return failure(403, "Forbidden")
        if not request.path.endswith("/cattle-fleet-system/secrets"):
            return pending(request)
        lists.append(request.path)
        return pending(request) if len(lists) > 2 else Answer({"metadata": {}, "items": []})

    with ApiServer(script) as server:
        assert first_event({"host": server.url, "api_key": "t"})["pending_release"]
    told = [each.getMessage() for each in caplog.records if "cattle-turtles" in each.getMessage()]
    assert len(told) == 1
    assert "files/rbac/diagnose.yml" in told[0]


def test_wrong_credentials_end_it() -> None:
    denied = ApiServer(lambda _request: failure(401, "Unauthorized"))
    with denied as server, pytest.raises(RemediationError) as caught:
        first_event({"host": server.url, "api_key": "t"})
    assert caught.value.code == "unauthorized"


RULEBOOK = EDA / "rulebooks/pending_release.yml"
# What ansible-rulebook 1.3.2 takes (ansible_rulebook/schema/ruleset_schema.json), as far as this rulebook goes.
SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["hosts", "sources", "rules"],
        "properties": {
            "name": {"type": "string"},
            "hosts": {"type": "string"},
            "sources": {"type": "array", "items": {"type": "object"}},
            "rules": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["name", "condition", "action"],
                    "properties": {
                        "name": {"type": "string"},
                        "condition": {"type": ["string", "boolean", "object"]},
                        "throttle": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["group_by_attributes"],
                            "properties": {
                                "once_within": {
                                    "type": "string",
                                    "pattern": r"^\d+\s(milliseconds?|seconds?|minutes?|hours?|days?)$",
                                },
                                "group_by_attributes": {
                                    "type": "array",
                                    "items": {"type": "string"},
                                },
                            },
                        },
                        "action": {
                            "type": "object",
                            "additionalProperties": False,
                            "properties": {
                                "run_job_template": {
                                    "type": "object",
                                    "additionalProperties": False,
                                    "required": ["name", "organization"],
                                    "properties": {
                                        "name": {"type": "string"},
                                        "organization": {"type": "string"},
                                        "job_args": {"type": "object"},
                                    },
                                }
                            },
                        },
                    },
                },
            },
        },
    },
}


def substituted(value: Any, variables: dict[str, Any]) -> Any:
    """As ansible-rulebook fills in the arguments of sources and actions (ansible_rulebook/util.py)."""
    if isinstance(value, dict):
        return {key: substituted(each, variables) for key, each in value.items()}
    if isinstance(value, str) and "{{" in value:
        environment = NativeEnvironment(undefined=StrictUndefined)
        return environment.from_string(value).render(variables)
    return value


def test_the_rulebook_is_one_that_ansible_rulebook_takes() -> None:
    jsonschema.validate(yaml.safe_load(RULEBOOK.read_text()), SCHEMA)


@pytest.mark.parametrize(
    ("variables", "template", "organization", "age"),
    [
        ({}, "Harvester upgrade: diagnose", "Default", 600),
        (
            {
                "pending_release_job_template": "Harvester upgrade: plan",
                "pending_release_organization": "Operations",
                "pending_release_stale_after": 1800,
            },
            "Harvester upgrade: plan",
            "Operations",
            1800,
        ),
    ],
)
def test_the_rulebook_has_no_fixed_names(
    variables: dict[str, Any], template: str, organization: str, age: int
) -> None:
    (ruleset,) = yaml.safe_load(RULEBOOK.read_text())
    options = yaml.safe_load(SOURCE["DOCUMENTATION"])["options"]
    (source,) = ruleset["sources"]
    given = substituted(source["harvester_ops.remediation.pending_release"], variables)
    assert set(given) <= set(options)
    assert (given["stale_after"], given["interval"]) == (age, 60)
    (rule,) = ruleset["rules"]
    action = substituted(rule["action"]["run_job_template"], variables)
    assert (action["name"], action["organization"]) == (template, organization)
    assert action["job_args"]["extra_vars"] == {"remediation_stale_after": age}


def test_the_rulebook_starts_a_template_that_exists() -> None:
    (ruleset,) = yaml.safe_load(RULEBOOK.read_text())
    action = substituted(ruleset["rules"][0]["action"]["run_job_template"], {})
    (template,) = (each for each in TEMPLATES["job_templates"] if each["name"] == action["name"])
    questions = {each["variable"] for each in template["related"]["survey_spec"]["spec"]}
    assert set(action["job_args"]["extra_vars"]) <= questions
