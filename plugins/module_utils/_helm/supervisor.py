# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process between us and helm, which outlives us.

A helm that is cut off in the middle leaves a locked release (FM 6.3), so helm must not share the fate
of the module that started it: not the terminal's Ctrl-C, not a broken pipe, not a killed module. This
process runs in a session of its own, gives helm another one, and ends helm when its deadline passes,
also when nobody is left to ask for it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence

EXIT_DEADLINE = 124
EXIT_NOT_STARTED = 127


def command_line(argv: Sequence[str], *, deadline: float, grace: float) -> list[str]:
    """The command that runs C(argv) under supervision.

    After C(deadline) seconds helm gets SIGTERM, on which it marks the release failed, and C(grace)
    seconds later SIGKILL.
    """
    # The import path is handed on because a module runs out of a temporary archive.
    code = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import main; sys.exit(main())"
    return [sys.executable, "-I", "-S", "-c", code, str(deadline), str(grace), *argv]


def _end(process: subprocess.Popen[bytes], grace: float) -> None:
    """End helm and whatever it started: politely first, so that it can leave a clean release."""
    for signal_number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal_number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            return


class _StopError(Exception):
    """Somebody asked this process to end."""


def _stop(_signal_number: int, _frame: object) -> None:
    raise _StopError


def main() -> int:
    """Run the command in C(sys.argv); its exit code, 128 + N when signal N ended it, or an C(EXIT_) code."""
    deadline, grace, argv = float(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    # A handler, not SIG_IGN: what is ignored stays ignored in the child, and helm needs its SIGINT.
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(ignored, lambda _signal_number, _frame: None)
    try:
        process = subprocess.Popen(argv, start_new_session=True)
    except OSError as error:
        sys.stderr.write(f"{argv[0]}: {error.strerror}\n")
        return EXIT_NOT_STARTED
    try:
        signal.signal(signal.SIGTERM, _stop)
        returncode = process.wait(deadline)
    except (subprocess.TimeoutExpired, _StopError):
        _end(process, grace)
        return EXIT_DEADLINE
    return returncode if returncode >= 0 else 128 - returncode
