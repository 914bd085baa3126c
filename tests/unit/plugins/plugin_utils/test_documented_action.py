# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.harvester_ops.remediation.plugins.plugin_utils._documented_action import (
    PLUGINS,
    documented_options,
)

MODULES = Path(__file__).parents[4] / "plugins/modules"
WITH_A_SPEC = sorted(
    path.stem for path in MODULES.glob("*.py") if "\nARGUMENT_SPEC" in path.read_text("utf-8")
)


def test_the_options_of_a_fragment_are_there_too() -> None:
    options = documented_options("remediation_step")
    assert options["step"] == {"type": "dict", "required": True}
    assert options["helm_binary"] == {"type": "str", "default": "helm"}
    assert options["directory"] == {"type": "path", "required": True}
    assert "kubeconfig" in options


def test_what_is_left_out_has_its_documented_default() -> None:
    given = {"plan": {"steps": []}}
    checked = ArgumentSpecValidator(documented_options("plan_approval")).validate(given)
    assert checked.error_messages == []
    assert checked.validated_parameters["ask"] is True
    assert checked.validated_parameters["auto_approve"] == []


def test_a_required_option_is_missed() -> None:
    checked = ArgumentSpecValidator(documented_options("remediation_step")).validate({"step": {}})
    assert "directory, holder, run_id" in checked.error_messages[0]


@pytest.mark.parametrize("name", WITH_A_SPEC)
def test_a_module_documents_what_it_takes(name: str) -> None:
    taken = import_module(f"{PLUGINS}.modules.{name}").ARGUMENT_SPEC
    stated = documented_options(name)
    for option, spec in taken.items():
        wanted = {key: spec[key] for key in ("type", "elements", "default") if key in spec}
        assert {key: stated[option].get(key) for key in wanted} == wanted, option
        assert bool(stated[option].get("required")) == bool(spec.get("required")), option
