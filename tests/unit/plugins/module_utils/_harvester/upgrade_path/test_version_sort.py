# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester.upgrade_path.version_sort import (
    highest,
)

SORT = shutil.which("sort")


@pytest.mark.parametrize(
    ("versions", "first"),
    [
        # FM 1.6 (b): the candidate beats the release.
        (["109.0.0+up0.15.0", "109.0.0+up0.15.0-rc.6"], "109.0.0+up0.15.0-rc.6"),
        (["109.0.0+up0.15.0-rc.6", "109.0.0+up0.15.0-rc.10"], "109.0.0+up0.15.0-rc.10"),
        (["106.0.0+up0.12.0", "105.1.9+up0.11.9"], "106.0.0+up0.12.0"),
        (["109.0.2+up0.15.2", "109.0.10+up0.15.1"], "109.0.10+up0.15.1"),
        (["1.0.0~rc1", "1.0.0"], "1.0.0"),
        (["106.0.0"], "106.0.0"),
    ],
)
def test_what_the_build_of_an_iso_chooses(versions: list[str], first: str) -> None:
    assert highest(versions) == first
    assert highest(reversed(versions)) == first


def test_of_nothing_there_is_no_highest() -> None:
    assert highest([]) is None


PARTS = st.sampled_from(
    ["1", "10", "9", "0", "00", "109", ".", "+", "-", "up", "rc", "a", "Z", "~", "_"]
)
VERSIONS = st.lists(
    st.lists(PARTS, min_size=1, max_size=8)
    .map("".join)
    .filter(lambda text: not text.startswith((".", "-"))),
    min_size=1,
    max_size=6,
)  # fmt: skip


@pytest.mark.skipif(SORT is None, reason="there is no sort program")
@settings(max_examples=300)
@given(VERSIONS)
def test_it_agrees_with_the_real_sort(versions: list[str]) -> None:
    done = subprocess.run(
        [str(SORT), "-V", "-r"],
        input="\n".join(versions) + "\n",
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    assert highest(versions) == done.stdout.splitlines()[0]
