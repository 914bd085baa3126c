# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._module import (
    ModuleContext,
    run_module,
)


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("K8S_AUTH_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict[str, Any]]]:
    def run(handler: Any, **args: Any) -> tuple[int, dict[str, Any]]:
        with patch_module_args(args), pytest.raises(SystemExit) as ended:
            run_module({"count": {"type": "int"}}, handler)
        code = ended.value.code
        return (code if isinstance(code, int) else 1), json.loads(capsys.readouterr().out)

    return run


def test_a_result_passes_through(run: Any) -> None:
    def handler(context: ModuleContext) -> dict[str, Any]:
        return {"changed": False, "count": context.params["count"], "check": context.check_mode}

    code, result = run(handler, count="3", _ansible_check_mode=True)
    assert code == 0
    assert (result["count"], result["check"], result["changed"]) == (3, True, False)


def test_an_expected_failure_has_one_shape(run: Any) -> None:
    def handler(_context: ModuleContext) -> dict[str, Any]:
        raise RemediationError("forbidden", "No permission.", "Ask for it.", details={"a": 1})

    code, result = run(handler)
    assert code == 1
    assert result["failed"] is True
    assert result["msg"] == "No permission. Ask for it."
    assert result["error"] == {
        "code": "forbidden",
        "message": "No permission.",
        "remedy": "Ask for it.",
        "retryable": False,
        "details": {"a": 1},
    }


@pytest.mark.parametrize("outcome", [ZeroDivisionError("password=hunter2222"), {}])
def test_a_defect_is_never_a_bare_crash(run: Any, outcome: Any) -> None:
    def handler(_context: ModuleContext) -> dict[str, Any]:
        if isinstance(outcome, Exception):
            raise outcome
        return dict(outcome)

    code, result = run(handler)
    assert code == 1
    assert result["error"]["code"] == "internal"
    assert "Traceback" in result["error"]["details"]["traceback"]
    assert "hunter2222" not in str(result)


def test_connection_options_come_from_arguments_aliases_and_environment(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("K8S_AUTH_HOST", "https://from-environment")
    monkeypatch.setenv("K8S_AUTH_VERIFY_SSL", "no")
    monkeypatch.setenv("K8S_AUTH_IMPERSONATE_GROUPS", "a,b")
    seen: dict[str, Any] = {}

    def handler(context: ModuleContext) -> dict[str, Any]:
        seen.update(context.params)
        assert context.client() is context.client()
        return {"changed": False, "requests": context.api_requests}

    code, result = run(handler, api_key="k", ssl_ca_cert=None, cert_file="/c", context="x")
    assert (code, result["requests"]) == (0, 0)
    assert seen["host"] == "https://from-environment"
    assert seen["validate_certs"] is False
    assert seen["impersonate_groups"] == ["a", "b"]
    assert (seen["client_cert"], seen["context"]) == ("/c", "x")


def test_an_option_taken_is_neither_shown_nor_masked_everywhere(
    capsys: pytest.CaptureFixture[str],
) -> None:
    spec = {
        "values": {"type": "dict", "no_log": True},
        "other": {"type": "str", "no_log": True},
    }

    def handler(context: ModuleContext) -> dict[str, Any]:
        taken = context.take("values")
        return {
            "changed": False,
            "said": "this is a true story of swordfish",
            "port": taken["port"],
        }

    values = {"port": 9443, "enabled": "true", "nested": [{"is": "this"}], "same": "swordfish"}
    with (
        patch_module_args({"values": values, "other": "swordfish"}),
        pytest.raises(SystemExit),
    ):
        run_module(spec, handler)
    output = capsys.readouterr().out
    result = json.loads(output)
    assert result["said"] == "this is a true story of ********"
    assert result["port"] == 9443
    assert result["invocation"]["module_args"]["values"] is None
    assert "swordfish" not in output
