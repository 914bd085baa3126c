# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The helm program, driven through pyhelm3 with what pyhelm3 lacks.

pyhelm3 0.5.8 runs a shell, puts the token on the command line and into its log, ends helm with the
module, and spells write flags for one Helm version. Here C(run) is replaced: no shell, credentials
by environment, a supervised process of its own, and flags by the capability table.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from .._core.errors import RemediationError
from . import failure, supervisor
from .capabilities import Capabilities
from .change import SHORT_DEADLINE, ReleaseChange
from .conflicts import conflicts_in, in_one_line

PYHELM3_IMPORT_ERROR: ImportError | None = None
if TYPE_CHECKING:
    from pyhelm3.command import Command
else:
    try:
        from pyhelm3.command import Command
    except ImportError as error:
        Command = object
        PYHELM3_IMPORT_ERROR = error

LOOK_EVERY = 5.0
GRACE = 20.0
MAX_OUTPUT_BYTES = 1024 * 1024
# A dry run prints the whole release, chart and all.
MAX_RENDERED_BYTES = 64 * 1024 * 1024

# Set for the user's own helm, these would change what our helm does.
_FOREIGN_VARIABLES = (
    "HELM_NAMESPACE",
    "HELM_DEBUG",
    "HELM_MAX_HISTORY",
    "HELM_KUBECONTEXT",
    "HELM_KUBEAPISERVER",
    "HELM_KUBETOKEN",
    "HELM_KUBECAFILE",
    "HELM_KUBEASUSER",
    "HELM_KUBEASGROUPS",
    "HELM_KUBEINSECURE_SKIP_TLS_VERIFY",
    "HELM_KUBETLS_SERVER_NAME",
)
_HELD_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class HelmFailedError(RemediationError):
    """helm ended with an error. C(kinds) are those of C(_helm.failure), the reason first."""

    def __init__(self, command: str, exit_code: int, stderr: str) -> None:
        self.kinds = failure.kinds_of(stderr)
        self.kind = self.kinds[0] if self.kinds else None
        self.line = failure.telling_line(stderr) or f"it ended with exit code {exit_code}"
        fields = conflicts_in(in_one_line(stderr)) if self.kind == failure.CONFLICT else ()
        super().__init__(
            "helm-failed",
            f"helm {command} failed: {self.line.rstrip('.')}.",
            failure.remedy_of(self.kind),
            retryable=failure.is_retryable(self.kind),
            details={
                "reason": self.kind or "unknown",
                "line": self.line,
                "exit_code": exit_code,
                **({"conflicts": [each.to_dict() for each in fields]} if fields else {}),
            },
        )


@dataclass
class HeldSignals:
    """Signals that came while helm was running, and were kept from ending us."""

    received: list[int] = field(default_factory=list)


@contextlib.contextmanager
def hold_signals() -> Iterator[HeldSignals]:
    """Note the signals that would end us instead of ending: helm is to be waited for, and re-read after.

    Only the main thread can, elsewhere nothing is held.
    """
    held = HeldSignals()
    if threading.current_thread() is not threading.main_thread():
        yield held
        return
    previous = {
        number: signal.signal(number, lambda got, _frame: held.received.append(got))
        for number in _HELD_SIGNALS
    }
    try:
        yield held
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def find_helm(name: str = "helm") -> str:
    """The path of the helm program: C(name) is a path or is looked for in PATH.

    Raises RemediationError C(helm-missing).
    """
    found = shutil.which(Path(name).expanduser() if os.sep in name else name)
    if found is None:
        raise RemediationError(
            "helm-missing",
            f"There is no helm program {name}" + ("." if os.sep in name else " in PATH."),
            "Install Helm 3 or 4, or name its path (option helm_binary, "
            "variable remediation_helm_binary).",
            details={"helm": name},
        )
    return str(Path(found).absolute())


class HelmCli(Command):
    """One helm program with the credentials of one cluster.

    C(environment) holds what C(helm_environment) of the connection gave. C(before_change) is called
    ahead of every helm that is to change a release, with the seconds after which nothing of that helm
    is left, whatever becomes of us. C(watch) gives for such a change a function that says while helm waits why it
    need not wait any longer. C(runs) counts the helm processes started, C(interrupted) tells that
    a signal asked us to end.
    """

    def __init__(
        self,
        executable: str,
        environment: Mapping[str, str],
        *,
        tmpdir: str | None = None,
        before_change: Callable[[float], object] = lambda _seconds: None,
        watch: Callable[[ReleaseChange], Callable[[], str]] = lambda _change: lambda: "",
    ) -> None:
        if PYHELM3_IMPORT_ERROR is not None:
            raise RemediationError(
                "library-missing",
                "The Python library pyhelm3 is not installed for the Python that runs this module.",
                "Install the collection's requirements.txt there.",
                details={"library": "pyhelm3", "error": str(PYHELM3_IMPORT_ERROR)},
            )
        super().__init__(executable=executable, unpack_directory=tmpdir)
        self.program = executable
        self.runs = 0
        self.interrupted = False
        self._before_change = before_change
        self._watch = watch
        self._tmpdir = tmpdir
        self._capabilities: Capabilities | None = None
        self._environment = {
            **{k: v for k, v in os.environ.items() if k not in _FOREIGN_VARIABLES},
            "LC_ALL": "C",
            "HELM_DRIVER": "secret",
            **environment,
        }

    async def run(
        self,
        command: Sequence[Any],
        input: bytes | None = None,  # noqa: A002 - the name of the method overridden
        *,
        deadline: float = SHORT_DEADLINE,
        limit: int = MAX_OUTPUT_BYTES,
        ends: Callable[[], str] | None = None,
    ) -> bytes:
        """Run helm; what it printed on stdout.

        C(ends) is asked every few seconds, and once it has a reason helm is stopped for it.
        Output and input are unnamed files, not pipes: helm must be able to write when we are gone.
        Raises HelmFailedError, or RemediationError C(helm-timeout) or C(helm-missing).
        """
        arguments = [str(part) for part in command]
        with contextlib.ExitStack() as files:
            stdin, stdout, stderr = (
                files.enter_context(tempfile.TemporaryFile(dir=self._tmpdir))
                for _stream in range(3)
            )
            stdin.write(input or b"")
            stdin.seek(0)
            with hold_signals() as held:
                process = await self._start(arguments, stdin, stdout, stderr, deadline)
                reason, returncode = await _until_ended(process, ends)
            self.interrupted = self.interrupted or bool(held.received)
            if returncode != 0 and reason:
                raise _given_up(arguments[0], reason, _tail(stderr))
            if returncode != 0:
                raise self._failed(arguments[0], returncode, _tail(stderr), deadline)
            stdout.seek(0)
            return stdout.read(limit)

    async def _start(
        self,
        arguments: Sequence[str],
        stdin: IO[bytes],
        stdout: IO[bytes],
        stderr: IO[bytes],
        deadline: float,
    ) -> asyncio.subprocess.Process:
        self.runs += 1
        return await asyncio.create_subprocess_exec(
            *supervisor.command_line([self.program, *arguments], deadline=deadline, grace=GRACE),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=self._environment,
            start_new_session=True,
        )

    def _failed(
        self, command: str, returncode: int, stderr: str, deadline: float
    ) -> RemediationError:
        if returncode == supervisor.EXIT_NOT_STARTED:
            return RemediationError(
                "helm-missing",
                f"The helm program {self.program} cannot be started: {stderr.strip()[-200:]}.",
                "Name an executable Helm 3 or 4 program for this machine.",
                details={"helm": self.program},
            )
        locked = "The release may be locked now (status pending): diagnose again before all else."
        said = failure.telling_line(stderr) or "it said nothing"
        details: dict[str, Any] = {"exit_code": returncode, "line": said}
        if returncode == supervisor.EXIT_DEADLINE:
            return RemediationError(
                "helm-timeout",
                f"helm {command} did not end within {deadline:.0f} s and was stopped: {said}.",
                locked,
                details={**details, "reason": "deadline", "deadline_seconds": deadline},
            )
        if returncode < 0 or returncode > 128:
            return RemediationError(
                "helm-failed",
                f"helm {command} was killed in the middle of its work: {said}.",
                locked,
                details={**details, "reason": "killed"},
            )
        return HelmFailedError(command, returncode, stderr)

    @property
    def known_version(self) -> str | None:
        """The version helm told; null when it was not asked."""
        return self._capabilities.version if self._capabilities else None

    async def capabilities(self) -> Capabilities:
        """What this helm can do; asks it for its version once."""
        if self._capabilities is None:
            self._capabilities = Capabilities.of_version(await self.version())
        return self._capabilities

    async def upgrade(
        self,
        change: ReleaseChange,
        chart: str | Path,
        values: bytes,
        *,
        take_ownership: bool = False,
    ) -> str | None:
        """Upgrade an existing release to a chart archive with exactly the values given (JSON or YAML).

        Values of earlier revisions are never reused (C(--reset-values)). A dry run gives the manifest it
        has rendered, Secrets and all; null when helm did not say.
        """
        able = await self.capabilities()
        arguments = ["upgrade", change.release, str(chart), *change.common_arguments()]
        arguments += ["--reset-values", "--values", "-"]
        arguments += able.wait_flags() if change.wait else []
        arguments += able.take_ownership_flags() if take_ownership else []
        arguments += able.force_flags(change.apply_method) if change.force else []
        if not change.dry_run:
            await self._run_change(change, arguments, values)
            return None
        arguments += [*able.upgrade_dry_run_flags(), "--output", "json"]
        printed = await self.run(
            arguments, values, deadline=change.deadline, limit=MAX_RENDERED_BYTES
        )
        return _manifest_in(printed)

    async def render(self, change: ReleaseChange, chart: str | Path, values: bytes) -> str:
        """The manifest that an upgrade to a chart would apply, without its hooks. Nothing is written, and unlike a dry
        run of the upgrade it is not refused for a release that is locked.
        """
        able = await self.capabilities()
        arguments = ["template", change.release, str(chart), "--namespace", change.namespace]
        arguments += ["--values", "-", *able.render_flags()]
        printed = await self.run(
            arguments, values, deadline=change.deadline, limit=MAX_RENDERED_BYTES
        )
        return printed.decode("utf-8", "replace")

    async def roll_back(self, change: ReleaseChange, revision: int) -> None:
        """Roll a release back to a revision, which is always named (FM 4)."""
        able = await self.capabilities()
        arguments = ["rollback", change.release, str(revision), *change.common_arguments()]
        arguments += able.wait_flags() if change.wait else []
        arguments += able.force_flags(change.apply_method) if change.force else []
        arguments += able.rollback_dry_run_flags() if change.dry_run else []
        await self._run_change(change, arguments)

    async def _run_change(
        self, change: ReleaseChange, arguments: Sequence[str], values: bytes | None = None
    ) -> None:
        ends = None
        if not change.dry_run:
            self._before_change(change.deadline + GRACE)
            ends = self._watch(change) if change.wait else None
        await self.run(arguments, values, deadline=change.deadline, ends=ends)


async def _until_ended(
    process: asyncio.subprocess.Process, ends: Callable[[], str] | None
) -> tuple[str, int]:
    """Why it was stopped ("" where it was not), and its exit code."""
    ended = asyncio.ensure_future(process.wait())
    reason = ""
    try:
        while not ended.done():
            await asyncio.wait({ended}, timeout=LOOK_EVERY if ends and not reason else None)
            if ends and not reason and not ended.done():
                reason = await asyncio.to_thread(ends)
                if reason:
                    _terminate(process)
    except asyncio.CancelledError:
        _terminate(process)
        await process.wait()
        raise
    return reason, ended.result()


def _terminate(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()


def _given_up(command: str, reason: str, stderr: str) -> RemediationError:
    return RemediationError(
        "helm-timeout",
        f"helm {command} was stopped because the release cannot become ready: {reason}.",
        "Remove the cause that is named, then run again.",
        details={
            "reason": "not-ready",
            "given_up": reason,
            "line": failure.telling_line(stderr) or "",
        },
    )


def _manifest_in(printed: bytes) -> str | None:
    try:
        manifest = json.loads(printed).get("manifest")
    except (ValueError, AttributeError):
        return None
    return manifest if isinstance(manifest, str) else None


def _tail(stream: IO[bytes]) -> str:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - MAX_OUTPUT_BYTES))
    return stream.read().decode("utf-8", "replace")
