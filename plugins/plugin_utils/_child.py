# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Work in a child process, so that what ends the child does not end the worker of the task.

A fork has all libraries already: it costs a hundredth of a module that Ansible packs and starts.
"""

from __future__ import annotations

import json
import os
import signal
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn


def in_child(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The result of C(work), which must be JSON; a failed result when the child ends without one."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _end_with(work, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        answer = stream.read()
    _child, status = os.waitpid(child, 0)
    try:
        result: dict[str, Any] = json.loads(answer)
    except ValueError:
        code = os.waitstatus_to_exitcode(status)
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return {"failed": True, "msg": f"The process of the module {how} without a result."}
    return result


def _end_with(work: Callable[[], dict[str, Any]], writing: int) -> NoReturn:
    """Never returns: above this frame is the program of the parent."""
    try:
        # The worker's own handlers pass a signal on to its whole process group.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        try:
            answer = json.dumps(work())
        except (
            BaseException
        ) as error:  # pylint: disable=broad-exception-caught # told to the parent
            told = "The process of the module failed: " + repr(error)
            answer = json.dumps({"failed": True, "msg": told, "exception": traceback.format_exc()})
        # Nobody listens any more when the run was ended.
        with suppress(OSError), os.fdopen(writing, "wb") as stream:
            stream.write(answer.encode())
    finally:
        os._exit(0)
