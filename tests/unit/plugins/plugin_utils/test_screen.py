# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A worker process writes nothing to its standard output, whatever a callback wraps the terminal with."""

from __future__ import annotations

import functools
import io
import sys
from multiprocessing.connection import Connection
from typing import Any

import pytest
from ansible.utils.display import Display
from ansible.utils.multiprocessing import context

from ansible_collections.harvester_ops.remediation.plugins.plugin_utils._screen import say


class Queue:
    """Where a worker hands lines over."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def send_display(self, _method: str, text: str, **_options: Any) -> None:
        self.lines.append(text)


@pytest.fixture
def old_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    """As ansible-runner 2.4.0 wraps it."""
    wrapped = Display.display

    @functools.wraps(wrapped)
    def display(*arguments: Any, **options: Any) -> Any:
        sys.stdout.write("\x1b[Kthe beginning of an event\x1b[K")
        return wrapped(*arguments, **options)

    monkeypatch.setattr(Display, "display", display)


def worker(answer: Connection) -> None:
    queue, sys.stdout = Queue(), io.StringIO()
    screen = Display()
    screen._final_q = queue
    say(screen, "It moves.")
    answer.send((queue.lines, sys.stdout.getvalue()))


@pytest.mark.usefixtures("old_runner")
def test_a_worker_hands_the_line_over_and_writes_nothing() -> None:
    ours, theirs = context.Pipe()
    process = context.Process(target=worker, args=(theirs,))
    process.start()
    lines, written = ours.recv()
    process.join()
    assert (lines, written) == (["It moves."], "")


@pytest.mark.usefixtures("old_runner")
def test_elsewhere_the_event_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    say(Display(), "It moves.")
    assert "the beginning of an event" in capsys.readouterr().out
