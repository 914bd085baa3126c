# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import io

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts.sink import (
    ChartSink,
)


def test_what_arrived_before_a_restart_is_forgotten() -> None:
    content, digest = io.BytesIO(), hashlib.sha256()
    sink = ChartSink(content)
    sink.write(b"half an arch")
    sink.restart(digest)
    sink.write(b"ab")
    sink.write(b"c")
    assert (content.getvalue(), sink.size) == (b"abc", 3)
    assert digest.hexdigest() == hashlib.sha256(b"abc").hexdigest()


def test_no_more_than_the_limit_is_taken() -> None:
    content = io.BytesIO()
    sink = ChartSink(content, limit=3)
    sink.write(b"abc")
    with pytest.raises(RemediationError, match="larger than 3 bytes") as caught:
        sink.write(b"d")
    assert caught.value.code == "chart-archive-unsafe"
    assert content.getvalue() == b"abc"
