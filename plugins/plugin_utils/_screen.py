# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines on the terminal from a worker process, without what ansible-runner 2.4.0 puts around them.

Its callback, which awx-ee brings along, wraps C(Display.display) and writes the beginning and the end of an event to
standard output around each call, in worker processes, too. ansible-core 2.19 warns of every worker that writes there
itself. The process that the worker hands the line over to writes the event.
"""

from __future__ import annotations

from typing import Any

from ansible.utils import display as core
from ansible.utils.multiprocessing import context


def say(screen: Any, text: str) -> None:
    """Print a line with C(screen), a C(Display)."""
    function = type(screen).display
    if context.parent_process() is not None:
        while function.__globals__ is not vars(core) and hasattr(function, "__wrapped__"):
            function = function.__wrapped__
    function(screen, text)
