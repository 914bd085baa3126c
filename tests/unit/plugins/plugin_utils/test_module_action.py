# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that is called gives what the same module gives as a process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible import constants

from ansible_collections.harvester_ops.remediation.plugins.module_utils._module import framed_by
from ansible_collections.harvester_ops.remediation.plugins.modules import helm_info
from ansible_collections.harvester_ops.remediation.plugins.plugin_utils._module_action import (
    _EndedError,
    _HereModule,
    call_module,
)


def test_a_failure_has_the_collection_s_error(tmp_path: Path) -> None:
    result = call_module("helm_info", {"helm_binary": str(tmp_path / "helm")})
    assert (result["failed"], result["error"]["code"]) == (True, "helm-missing")


def test_options_are_checked_as_ever() -> None:
    result = call_module("remediation_lock", {"holder": "me", "polish": True})
    assert result["failed"]
    assert "polish" in result["msg"]


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_LOCAL_TEMP", str(tmp_path))
    entry = {"event": "step-done", "title": "Bearer token: abc"}
    told = {"directory": str(tmp_path / "a"), "run_id": "r", "holder": "me", "entry": entry}
    assert call_module("remediation_journal", told, check_mode=True)["changed"]
    assert not (tmp_path / "a").exists()
    written = call_module("remediation_journal", told)
    assert Path(written["path"]).exists()
    assert written["event"] is None


def test_what_is_secret_is_masked() -> None:
    result = call_module("helm_info", {"helm_binary": "/no/hush-hush/helm", "api_key": "hush-hush"})
    assert "hush-hush" not in str(result)


def test_temporary_files_are_where_ansible_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in the folder the command was given in, and gone when the module has ended."""
    monkeypatch.chdir(tmp_path)
    folders: list[Path] = []

    def looking(argument_spec: dict[str, Any], **rules: Any) -> _HereModule:
        module = _HereModule({}, argument_spec, check_mode=False, diff=False, **rules)
        folders.append(Path(module.tmpdir))
        assert folders[0].is_dir()
        return module

    with framed_by(looking), pytest.raises(_EndedError):
        helm_info.main()
    assert folders[0].parent == Path(vars(constants)["DEFAULT_LOCAL_TMP"])
    assert not folders[0].exists()
    assert list(tmp_path.iterdir()) == []
