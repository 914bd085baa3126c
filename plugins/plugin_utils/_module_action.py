# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the collection's modules, without a process of their own where that makes no difference.

A module is a Python program that Ansible packs, starts and waits for: half a second of CPU before its first line
of work. Where it would run on the controller, as the same user and with the same Python, the worker of the task
calls it instead, with the same options, checks, masking and shape of results.
"""

from __future__ import annotations

import os
import shutil
import sys
import syslog
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any, ClassVar, NoReturn

from ansible import constants
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase

from ..module_utils._core.errors import RemediationError
from ..module_utils._documents.plan import Step
from ..module_utils._kube.auth import AUTH_ARGUMENT_SPEC
from ..module_utils._module import framed_by
from ..modules import rancher_chart
from ._child import in_child
from ._documented_action import (
    COLLECTION,
    PLUGINS,
    DocumentedAction,
    ModuleFailedError,
    Result,
)

# Ansible loads the plugin in the process that forks the workers, so they all have the libraries already.
with suppress(ImportError):
    import_module("kubernetes.client")
    import_module("kubernetes.config")


class ModuleAction(DocumentedAction):
    """Has modules of the collection do the work."""

    _supports_check_mode = True
    _supports_async = False

    def fetch(self, step: Step, chart_options: Mapping[str, Any]) -> str:
        """The path of the chart of a step; fetching changes nothing in the cluster, so check mode does it, too."""
        wanted = {
            "chart": step.params["chart"],
            "version": step.params["chart_version"],
            "digest": step.params.get("chart_digest"),
        }
        before, self._task.check_mode = self._task.check_mode, False
        try:
            return str(self.call(name_of(rancher_chart), {**chart_options, **wanted})["path"])
        finally:
            self._task.check_mode = before

    def call(self, name: str, arguments: Mapping[str, Any], *, apart: bool = False) -> Result:
        """The result of a module on the cluster of this task, without the options that are None.

        Raises what it failed with: RemediationError, or ModuleFailedError.
        """
        given = {key: value for key, value in arguments.items() if value is not None}
        own = connection_of(self._task.args)
        return succeeded(self.run_module(name, {**own, **given}, apart=apart))

    def run_module(self, name: str, arguments: Mapping[str, Any], *, apart: bool = False) -> Result:
        """Run a module of the collection: here if that makes no difference, `apart` in a process of its own."""
        if not self._runs_here():
            result: Result = self._execute_module(
                module_name=f"{COLLECTION}.{name}",
                module_args=dict(arguments),
                task_vars=self._variables,
            )
            return result
        environment: dict[str, str] = {}
        self._compute_environment_string(environment)
        work = partial(
            call_module,
            name,
            arguments,
            check_mode=bool(self._task.check_mode),
            diff=bool(self._task.diff),
        )
        with _environment(environment):
            return in_child(work) if apart else work()

    def _runs_here(self) -> bool:
        """Whether a module process would run on this machine, as this user and with this Python."""
        connection = self._connection
        interpreter = self._variables.get("ansible_python_interpreter")
        return (
            connection.transport == "local"
            and connection.become is None
            and not self._task.delegate_to
            and self._templar.template(interpreter) == sys.executable
        )


class OwnModuleAction(ModuleAction):
    """Runs the module of its own name, which subclasses give as C(MODULE).

    Imported with the plugin, it is loaded once for all workers. The module checks its options itself.
    """

    MODULE: ClassVar[ModuleType]

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Result:
        """The module's result."""
        ActionBase.run(self, tmp, task_vars)
        self._variables = dict(task_vars or {})
        return self.run_module(name_of(self.MODULE), self.arguments())

    def arguments(self) -> dict[str, Any]:
        """The module's options."""
        return dict(self._task.args)


def name_of(module: ModuleType) -> str:
    """The name of a module of the collection."""
    return module.__name__.rpartition(".")[2]


def connection_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The options that say where the cluster is."""
    return {key: value for key, value in arguments.items() if key in AUTH_ARGUMENT_SPEC}


def succeeded(result: Result) -> Result:
    """The result of a module; raises the RemediationError it failed with, else ModuleFailedError."""
    if not result.get("failed"):
        return result
    error = result.get("error")
    if not isinstance(error, dict):
        raise ModuleFailedError(result)
    raise RemediationError(**error)


def call_module(
    name: str, arguments: Mapping[str, Any], *, check_mode: bool = False, diff: bool = False
) -> Result:
    """The result of a module that is called instead of started."""

    def frame(argument_spec: Mapping[str, Any], **rules: Any) -> _HereModule:
        return _HereModule(arguments, argument_spec, check_mode=check_mode, diff=diff, **rules)

    with framed_by(frame):
        try:
            import_module(f"{PLUGINS}.modules.{name}").main()
        except _EndedError as ended:
            return ended.result
    raise AssertionError(f"the module {name} ended without a result")


class _EndedError(Exception):
    """A module has its result."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result


class _HereModule:
    """What AnsibleModule is to a module, without a process."""

    def __init__(
        self,
        arguments: Mapping[str, Any],
        argument_spec: Mapping[str, Any],
        *,
        check_mode: bool,
        diff: bool,
        supports_check_mode: bool = True,
        **rules: Any,
    ) -> None:
        self.check_mode, self._diff = check_mode, diff
        self._warnings: list[str] = []
        self._folder = ""
        checked = ArgumentSpecValidator(argument_spec, **rules).validate(dict(arguments))
        self.no_log_values: set[str] = checked._no_log_values
        self.params: dict[str, Any] = checked.validated_parameters
        if checked.error_messages:
            self.fail_json(msg="; ".join(checked.error_messages))
        if check_mode and not supports_check_mode:
            self._end({"changed": False, "skipped": True})

    @property
    def tmpdir(self) -> str:
        """A folder for this call, gone when it ends."""
        if not self._folder:
            self._folder = tempfile.mkdtemp(
                # Only as a name of the module is the setting a path; the configuration has its template.
                prefix="ansible-moduletmp-",
                dir=vars(constants)["DEFAULT_LOCAL_TMP"],
            )
        return self._folder

    def log(self, msg: str) -> None:
        """Write to the system log."""
        syslog.openlog(f"ansible-{COLLECTION}", 0, syslog.LOG_USER)
        syslog.syslog(syslog.LOG_INFO, str(remove_values(msg, self.no_log_values)))

    def warn(self, warning: str) -> None:
        """Show a warning with the result."""
        self._warnings.append(warning)

    def fail_json(self, msg: str, **kwargs: Any) -> NoReturn:
        """End in failure."""
        self._end({"failed": True, "msg": msg, **kwargs})

    def exit_json(self, **kwargs: Any) -> NoReturn:
        """End with a result."""
        self._end(kwargs)

    def _end(self, result: Result) -> NoReturn:
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._warnings:
            result["warnings"] = self._warnings
        raise _EndedError(remove_values(result, self.no_log_values))


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """The environment that the play gives its modules."""
    before = dict(os.environ)
    os.environ.update({name: str(value) for name, value in variables.items()})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
