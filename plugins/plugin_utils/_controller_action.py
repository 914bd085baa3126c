# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the actions that run on the controller only have in common."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.plugins.loader import filter_loader
from ansible.utils.display import Display

from ..module_utils._core.errors import RemediationError
from ..module_utils._documents.artifacts import write_artifacts
from ._documented_action import DocumentedAction
from ._screen import say

# Ansible loads every filter of a collection to find one of them: here, in the process that forks the
# workers, once, and not in each of them again. Without Ansible's importer (a unit test) there is none.
with suppress(KeyError):
    filter_loader.get("harvester_ops.remediation.absolute_path")

# Callbacks whose standard output is one JSON document, or one for each line.
_FOR_PROGRAMS = frozenset({"json", "jsonl"})


def prints_for_programs() -> bool:
    """Whether standard output is to be read by a program, which a line of text would break."""
    return (
        str(constants.config.get_config_value("DEFAULT_STDOUT_CALLBACK")).rpartition(".")[2]
        in _FOR_PROGRAMS
    )


def display(text: str) -> dict[str, Any]:
    """Print a text on the terminal as it is; for programs it is part of the result that this returns."""
    lines = text.rstrip("\n").split("\n")
    if prints_for_programs():
        return {"lines": lines}
    for line in lines:
        say(Display(), line)
    return {}


def written(directory: str, run_id: str, documents: Mapping[str, Any]) -> dict[str, str]:
    """Write a run's documents and tell where its own copies are; raises artifacts-unwritable."""
    try:
        paths = write_artifacts(Path(directory), run_id, documents)
    except OSError as error:
        raise RemediationError(
            "artifacts-unwritable",
            f"Cannot write to the artifacts folder {directory}: {error.strerror or error}.",
            "Set remediation_artifacts_dir to a folder that you may write to.",
        ) from error
    return {name: str(path) for name, path in paths.items()}


class ControllerAction(DocumentedAction):
    """An action without a module process and without a connection."""

    _requires_connection = False
