# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal

import pytest

from ansible_collections.harvester_ops.remediation.plugins.plugin_utils._interruption import (
    InterruptedRunError,
    noticing_interruption,
)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_becomes_an_exception_that_nothing_takes_for_a_failure(
    number: signal.Signals,
) -> None:
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        with pytest.raises(InterruptedRunError), noticing_interruption():
            os.kill(os.getpid(), number)
        # The second Ctrl-C of an impatient person does not end the cleaning up.
        assert signal.getsignal(number) is signal.SIG_IGN
        assert not issubclass(InterruptedRunError, Exception)
    finally:
        for each in handlers:
            signal.signal(each, handlers[each])


def test_without_an_interruption_everything_is_as_before() -> None:
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    with noticing_interruption():
        pass
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before
