# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame around every module: options, errors, one shape of results.

This is the only file below plugins/modules that knows AnsibleModule.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn, Protocol

from ansible.module_utils.basic import AnsibleModule

from ._core.errors import RemediationError
from ._core.redaction import redact_text
from ._kube.auth import AUTH_ARGUMENT_SPEC, resolve
from ._kube.change import Change
from ._kube.client import KubeClient


class _Module(Protocol):
    """What is used of AnsibleModule, which comes without types."""

    params: dict[str, Any]
    check_mode: bool
    _diff: bool
    no_log_values: set[str]

    @property
    def tmpdir(self) -> str: ...

    def log(self, msg: str) -> None: ...

    def warn(self, warning: str) -> None: ...

    def fail_json(self, msg: str, **kwargs: Any) -> NoReturn: ...

    def exit_json(self, **kwargs: Any) -> NoReturn: ...


Handler = Callable[["ModuleContext"], dict[str, Any]]
_frame: ContextVar[Callable[..., _Module]] = ContextVar("frame", default=AnsibleModule)


@contextmanager
def framed_by(frame: Callable[..., _Module]) -> Iterator[None]:
    """Have modules run within something else than the process that AnsibleModule stands for."""
    token = _frame.set(frame)
    try:
        yield
    finally:
        _frame.reset(token)


class ModuleContext:
    """What a handler gets of the module that runs it."""

    def __init__(self, module: _Module) -> None:
        self._module = module
        self._client: KubeClient | None = None
        self.params: dict[str, Any] = module.params
        self.check_mode: bool = module.check_mode
        self.diff: bool = module._diff
        self.tmpdir: str = module.tmpdir

    def log(self, text: str) -> None:
        """Write to the system log of the machine the module runs on."""
        self._module.log(text)

    def warn(self, text: str) -> None:
        """Show a warning to the person who runs the playbook."""
        self._module.warn(text)

    def client(self, **limits: Any) -> KubeClient:
        """The API client of the module's connection options; the same one at every call.

        `limits` (parallelism and timeouts of `KubeClient`) count at the first call.
        """
        if self._client is None:
            self._client = KubeClient(resolve(self.params, tmpdir=self.tmpdir), **limits)
        return self._client

    def take(self, option: str) -> Any:
        """The value of an option that is kept out of logs (no_log), taken out of what the module shows.

        Ansible masks every text of such an option wherever it occurs in the result. Of a whole tree of
        values, with texts like ``true``, that would leave nothing legible: so they are not masked from now
        on, and whatever is returned of them must be redacted by the handler.
        """
        value, self.params[option] = self.params[option], None
        others = {text for each in self.params.values() for text in _texts(each)}
        self._module.no_log_values -= set(_texts(value)) - others
        return value

    @property
    def api_requests(self) -> int:
        """API requests sent so far."""
        return 0 if self._client is None else self._client.request_count


def _texts(value: Any) -> Iterator[str]:
    """Every text in a tree of values, as Ansible collects what it masks."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from (str(key), *_texts(item))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif value is not None:
        yield str(value)


def run_module(
    argument_spec: Mapping[str, Any],
    handler: Handler,
    **am_kwargs: Any,
) -> NoReturn:
    """Run `handler` as an Ansible module with the connection options merged in.

    `handler` answers the result, which must hold ``changed``. A `RemediationError` becomes a failure with
    ``error: {code, message, remedy, retryable, details}``; any other exception becomes the code `internal`.
    """
    module = _frame.get()(
        argument_spec={**AUTH_ARGUMENT_SPEC, **argument_spec},
        supports_check_mode=True,
        **am_kwargs,
    )
    try:
        context = ModuleContext(module)
        result = handler(context)
        if "changed" not in result:
            raise KeyError("the module's handler returned no 'changed'")
    except RemediationError as exc:
        module.fail_json(msg=str(exc), error=exc.to_dict())
    except Exception as exc:
        error = RemediationError(
            "internal",
            redact_text(f"The module met a defect of its own: {type(exc).__name__}: {exc}."),
            "Nothing is known to be wrong with the cluster. Please report it with the traceback "
            "in error.details.",
            details={"traceback": redact_text(traceback.format_exc())},
        )
        module.fail_json(msg=str(error), error=error.to_dict())
    module.exit_json(**result)


def run_change(argument_spec: Mapping[str, Any], make: Callable[..., Change]) -> NoReturn:
    """Run a module that makes one guarded change of one object.

    `make` gets the client and every option by its name but C(state), which has one value only.
    """

    def handle(context: ModuleContext) -> dict[str, Any]:
        given = {name: context.params[name] for name in argument_spec if name != "state"}
        change = make(context.client(), **given, dry_run=context.check_mode)
        return change.to_result(diff=context.diff)

    run_module(argument_spec, handle)
