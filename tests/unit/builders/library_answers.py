# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the libraries Rancher is built with answered (tests/tools/record_library_answers.py)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.chart_version import (
    SemverRelease,
)

RECORDED = Path(__file__).parents[1] / "data" / "library-answers.jsonl.gz"


@cache
def _recorded() -> tuple[dict[str, Any], ...]:
    with gzip.open(RECORDED, "rt", encoding="utf-8") as lines:
        return tuple(json.loads(line) for line in lines)


def recorded(ask: str) -> Iterator[tuple[SemverRelease, str, str, dict[str, Any]]]:
    """Every question of a kind with its answer, once for each release: release, a, b, answer."""
    for line in _recorded():
        if line["ask"] == ask:
            for release in SemverRelease:
                said = line["said"].get("all") or line["said"][release.value]
                yield release, line["a"], line.get("b", ""), said
