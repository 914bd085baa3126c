# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.pages.report import (
    report_page,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.html import (
    render_html,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.runs import report_of


def report_html(report: dict[str, Any]) -> str:
    return render_html(report_page(report))


# How it looks and behaves is tested in a browser: tests/integration/test_report_page.py.


def test_loads_nothing() -> None:
    page = report_html(report_of("repaired"))
    assert 'http-equiv="Content-Security-Policy" content="default-src &#x27;none&#x27;' in page
    assert not re.search(r"<(script|link|img|iframe|object)\b|@import|url\((?!&quot;?#|#)", page)


def test_shows_what_was_found_done_and_kept() -> None:
    page = report_html(report_of("repaired"))
    for part in ("106.0.0+up0.12.0-rc.3", "backup-20261123T145948Z-3f9c2a", "took 5 s", "removed"):
        assert part in page


def test_a_link_is_only_made_of_an_https_address() -> None:
    report = report_of("needs_human")
    report["findings"][0]["references"] = ["javascript:alert(1)", 'https://x/" onclick="y']
    page = report_html(report)
    assert 'href="javascript' not in page
    assert ' onclick="y' not in page


def test_a_report_of_almost_nothing_is_a_page_too() -> None:
    assert "Failed" in report_html({"verdict": "failed"})
    assert "<html" in report_html({"verdict": "failed", "releases": [{"revisions": [{}]}]})
