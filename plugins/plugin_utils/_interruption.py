# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ctrl-C while an action waits: some seconds to leave the cluster as one would want to find it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class InterruptedRunError(BaseException):
    """The run is being ended. No Exception, so that nothing on the way takes it for a failure of its own."""


@contextmanager
def noticing_interruption() -> Iterator[None]:
    """Raise InterruptedRunError where the run is interrupted within.

    ansible-core tells its worker by a signal, and would end it there and then. It waits some seconds
    for workers that are not done.
    """

    def interrupted(_number: int, _frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise InterruptedRunError

    before = {each: signal.signal(each, interrupted) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            if signal.getsignal(each) is interrupted:
                signal.signal(each, handler)


def end_children() -> None:
    """End what this worker has started. It leads a process group of its own (ansible-core 2.19 and later)."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGINT)
