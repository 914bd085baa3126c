# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.plugin_utils import _progress as progress


@pytest.mark.parametrize(
    ("hosts", "said"),
    [(["edge"], "It moves."), (["edge", "core"], "edge: It moves."), (None, "It moves.")],
)
def test_several_clusters_are_told_apart(
    monkeypatch: pytest.MonkeyPatch, hosts: list[str] | None, said: str
) -> None:
    lines: list[str] = []

    class Screen:
        def display(self, text: str) -> None:
            lines.append(text)

    monkeypatch.setattr(progress, "Display", Screen)
    variables: dict[str, Any] = {"inventory_hostname": "edge", "ansible_play_hosts_all": hosts}
    progress.tell("It moves.", variables)
    assert lines == [said]
