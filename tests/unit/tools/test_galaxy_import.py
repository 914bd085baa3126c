# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make lint`` fails when Galaxy would refuse the tarball."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "galaxy_import.sh"
META = {
    "namespace": "some",
    "name": "thing",
    "version": "1.0.0",
    "readme": "README.md",
    "authors": ["someone"],
    "description": "A thing.",
    "license": ["GPL-3.0-or-later"],
    "repository": "https://example.com/some/thing",
}


def imported(
    folder: Path, meta: dict[str, object], *, readme: bool
) -> subprocess.CompletedProcess[str]:
    """Import a collection with one role."""
    (folder / "roles/one/tasks").mkdir(parents=True)
    (folder / "roles/one/tasks/main.yml").write_text("---\n[]\n")
    (folder / "meta").mkdir()
    (folder / "meta/runtime.yml").write_text('---\nrequires_ansible: ">=2.17.0"\n')
    (folder / "galaxy.yml").write_text(yaml.safe_dump(meta))
    for path in ("README.md", "CHANGELOG.md", *(["roles/one/README.md"] if readme else [])):
        (folder / path).write_text("# A thing\n")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [SCRIPT, folder],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_complete_collection_passes(tmp_path: Path) -> None:
    done = imported(tmp_path, META, readme=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("without", "readme", "words"),
    [("repository", True, "'repository' is required"), (None, False, "No role readme found")],
)
def test_what_galaxy_refuses_fails(
    tmp_path: Path, without: str | None, readme: bool, words: str
) -> None:
    meta = {key: value for key, value in META.items() if key != without}
    done = imported(tmp_path, meta, readme=readme)
    assert done.returncode == 1
    assert words in done.stderr
