# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a path that somebody gave on a command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.filter.absolute_path import absolute_path


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("harvester.yaml", "/here/harvester.yaml"),
        ("./charts/../charts", "/here/charts"),
        ("/elsewhere/harvester.yaml", "/elsewhere/harvester.yaml"),
        ("~/harvester.yaml", "/home/me/harvester.yaml"),
        ("backup-a:b", "/here/backup-a:b"),
        (["rules", "/rules"], ["/here/rules", "/rules"]),
        ("", ""),
        (None, None),
        ([], []),
        ({"apiVersion": "v1", "kind": "Config"}, {"apiVersion": "v1", "kind": "Config"}),
    ],
)
def test_it_is_taken_from_the_folder_of_the_command(
    monkeypatch: pytest.MonkeyPatch, given: Any, expected: Any
) -> None:
    monkeypatch.setattr("os.getcwd", lambda: "/here")
    monkeypatch.setenv("HOME", "/home/me")
    assert absolute_path(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a.yaml:~/b.yaml:/c.yaml", "/here/a.yaml:/home/me/b.yaml:/c.yaml"),
        (":a.yaml", "/here/a.yaml"),
        ("", ""),
        ({"kind": "Config"}, {"kind": "Config"}),
    ],
)
def test_each_part_of_a_search_path_is(
    monkeypatch: pytest.MonkeyPatch, given: Any, expected: Any
) -> None:
    monkeypatch.setattr("os.getcwd", lambda: "/here")
    monkeypatch.setenv("HOME", "/home/me")
    assert absolute_path(given, "search_path") == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("helm", "helm"),
        ("./helm", "/here/helm"),
        ("bin/helm", "/here/bin/helm"),
        ("/bin/helm", "/bin/helm"),
    ],
)
def test_a_program_without_a_slash_is_looked_for_on_the_search_path(
    monkeypatch: pytest.MonkeyPatch, given: str, expected: str
) -> None:
    monkeypatch.setattr("os.getcwd", lambda: "/here")
    assert absolute_path(given, "program") == expected


def test_a_folder_reached_through_a_link_keeps_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path)
    assert absolute_path("link/a.yaml") == str(tmp_path / "link" / "a.yaml")
