# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Actions whose options are those that the documentation of their module states, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, ClassVar

import yaml
from ansible.plugins.action import ActionBase

from ..module_utils._core.errors import RemediationError
from ..module_utils._kube.auth import AUTH_ARGUMENT_SPEC

COLLECTION = "harvester_ops.remediation"
PLUGINS = "ansible_collections.harvester_ops.remediation.plugins"
Result = dict[str, Any]
Options = dict[str, dict[str, Any]]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What an argument spec takes from a documented option.
_STATED = ("type", "elements", "required", "default", "choices")


class ModuleFailedError(Exception):
    """The module failed otherwise than with one of the collection's errors."""

    def __init__(self, result: Result) -> None:
        super().__init__(str(result.get("msg")))
        self.result = result


class DocumentedAction(ActionBase):
    """An action of the collection: subclasses give C(act), and in C(FURTHER) what no documentation can state.

    The connection options of the action group are taken by all, so that its defaults in a play fit every task.
    """

    TRANSFERS_FILES = False
    FURTHER: ClassVar[Options] = {}

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Result:
        """Check the options and act; a RemediationError becomes a failure of the common shape."""
        super().run(tmp, task_vars)
        self._variables = dict(task_vars or {})
        stated = documented_options(type(self).__module__.rpartition(".")[2])
        further = {name: {**stated[name], **spec} for name, spec in self.FURTHER.items()}
        _result, self._options = self.validate_argument_spec(
            argument_spec={**stated, **further, **AUTH_ARGUMENT_SPEC}
        )
        try:
            return {"changed": False, **self.act(self._options)}
        except ModuleFailedError as failed:
            return failed.result
        except RemediationError as error:
            return failure(error)

    def act(self, options: dict[str, Any]) -> Result:
        """Do the work and return what the task registers."""
        raise NotImplementedError


def failure(error: RemediationError) -> Result:
    """A failed result of the collection's shape."""
    return {"changed": False, "failed": True, "msg": str(error), "error": error.to_dict()}


def documented_options(name: str) -> Options:
    """The options of a module of the collection as an argument spec, those of its fragments included."""
    documentation = import_module(f"{PLUGINS}.modules.{name}").DOCUMENTATION
    return {
        option: {key: stated[key] for key in _STATED if key in stated}
        for document in _documents(yaml.load(documentation, Loader=_LOADER))
        for option, stated in document.get("options", {}).items()
    }


def _documents(documentation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield documentation
    for fragment in documentation.get("extends_documentation_fragment", ()):
        file, _dot, section = fragment.removeprefix(f"{COLLECTION}.").partition(".")
        found = import_module(f"{PLUGINS}.doc_fragments.{file}").ModuleDocFragment
        yield yaml.load(getattr(found, (section or "documentation").upper()), Loader=_LOADER)
