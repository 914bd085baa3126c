# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report page in a real browser: what is seen, read aloud, reached by keyboard, printed and loaded."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser.chromium import ChromiumMissingError, Page, chromium

from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.pages.report import (
    report_page,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.html import (
    render_html,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.report import (
    build_report,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.runs import report_of, run_of

SCREENSHOTS = Path(__file__).resolve().parents[2] / ".cache/test-results/screenshots"
HOSTILE = """<img src="https://example.invalid/x" onerror="document.title='owned'">"""
# Contrast of every piece of text with what lies behind it: WCAG 2, relative luminance.
CONTRAST = """
(() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((part) => {
      const value = part / 255;
      return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    const bar = node.closest("svg g")?.querySelector("rect.bar");
    if (bar && node.matches("text.version, text.state")) {
      const fill = getComputedStyle(bar).fill;
      if (fill !== "none") return rgb(fill);
    }
    for (let each = node; each; each = each.parentElement) {
      const colour = rgb(getComputedStyle(each).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((each) => each.nodeType === 3 && each.data.trim());
    const style = getComputedStyle(node);
    if (!own || ["TITLE", "DESC"].includes(node.tagName.toUpperCase())) continue;
    const ink = rgb(node.closest("svg") ? style.fill : style.color);
    const [a, b] = [light(ink), light(behind(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push(`${node.tagName}.${node.getAttribute("class")}: ${ratio.toFixed(2)}`);
  }
  return poor;
})()
"""
FOCUSED = """
(() => {
  const node = document.activeElement, style = getComputedStyle(node), box = node.getBoundingClientRect();
  return {tag: node.tagName, name: node.getAttribute("aria-label") || node.textContent.slice(0, 60),
          outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
          seen: box.right > 0 && box.width > 0};
})()
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A browser; where none can be installed the reason is told."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    try:
        with chromium() as opened:
            yield opened
    except ChromiumMissingError as missing:
        pytest.skip(str(missing))


def write(folder: Path, report: dict[str, Any], name: str = "report") -> Path:
    """The page as the role writes it."""
    path = folder / f"{name}.html"
    path.write_text(render_html(report_page(report)), encoding="utf-8")
    return path


def hostile(value: Any) -> Any:
    """The same document with markup in every text that can come from a cluster or a person."""
    if isinstance(value, dict):
        return {key: hostile(item) for key, item in value.items()}
    if isinstance(value, list):
        return [hostile(item) for item in value]
    return f"{value}{HOSTILE}" if isinstance(value, str) else value


@pytest.mark.parametrize(
    "verdict",
    [
        "healthy",
        "moving",
        "repaired",
        "needs_approval",
        "needs_human",
        "refused",
        "stalled",
        "failed",
    ],
)
def test_every_ending_looks_right(page: Page, tmp_path: Path, verdict: str) -> None:
    """Light, dark, narrow and on paper: readable, nothing cut off, nothing loaded. The pictures are kept."""
    path = write(tmp_path, report_of(verdict), verdict)
    for scheme in ("light", "dark"):
        page.look_like(scheme)
        page.open(path)
        assert page.run(CONTRAST) == []
        page.screenshot(SCREENSHOTS / f"{verdict}-{scheme}.png")
    page.look_like("light", width=390, height=844)
    page.open(path)
    assert page.run("document.documentElement.scrollWidth <= window.innerWidth")
    page.screenshot(SCREENSHOTS / f"{verdict}-narrow.png")
    page.print_to(SCREENSHOTS / f"{verdict}.pdf")
    assert (SCREENSHOTS / f"{verdict}.pdf").read_bytes().startswith(b"%PDF")
    assert page.requests == [path.as_uri()]
    assert page.messages == []


def test_is_grasped_without_scrolling(page: Page, tmp_path: Path) -> None:
    """Verdict, cause, what was done and what is next are in the first screen of a small laptop."""
    for verdict in ("repaired", "needs_approval", "needs_human", "stalled"):
        page.look_like("light", width=1280, height=720)
        page.open(write(tmp_path, report_of(verdict)))
        assert page.run("document.querySelector('.glance').getBoundingClientRect().bottom") < 720
        assert page.run("document.querySelectorAll('.glance dt').length") == 4


def test_a_screen_reader_finds_its_way(page: Page, tmp_path: Path) -> None:
    page.open(write(tmp_path, report_of("repaired")))
    nodes = page.accessibility_tree()
    roles: dict[str, list[str]] = {}
    for node in nodes:
        name = node.get("name", {}).get("value", "")
        roles.setdefault(node["role"]["value"], []).append(name)
    for landmark in ("banner", "main", "navigation", "contentinfo"):
        assert len(roles[landmark]) == 1, landmark
    assert all(roles["region"])
    levels = [level(node) for node in nodes if node["role"]["value"] == "heading"]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(roles["table"])
    assert {"columnheader", "rowheader"} <= set(roles)
    assert roles["image"] == ["Release history of every dependency"]
    assert page.run("document.documentElement.lang") == "en"


def level(heading: dict[str, Any]) -> int:
    """The level of a heading."""
    return next(
        int(each["value"]["value"]) for each in heading["properties"] if each["name"] == "level"
    )


def test_the_keyboard_reaches_everything_and_shows_where_it_is(page: Page, tmp_path: Path) -> None:
    page.look_like("light")
    page.open(write(tmp_path, report_of("needs_approval")))
    reached = []
    for _number in range(80):
        page.press("Tab")
        focused = page.run(FOCUSED)
        if focused["tag"] == "BODY":
            break
        assert focused["outline"], focused
        assert focused["seen"], focused
        reached.append(f"{focused['tag']} {focused['name']}")
    assert reached[0] == "A Skip to the details"
    links = page.run("document.querySelectorAll('a[href]').length")
    assert len([each for each in reached if each.startswith("A ")]) == links
    assert "DIV Picture of the release history" in reached
    assert any(each.startswith("PRE -e remediation_approved_plan=") for each in reached)


def test_markup_from_the_cluster_stays_text(page: Page, tmp_path: Path) -> None:
    """Whatever a name, a message or a version holds: no element of it, no script, no request."""
    run = copy.deepcopy(run_of("repaired"))
    clean, report = build_report(run), build_report(run)
    for key in ("findings", "dependencies", "releases", "plan", "instructions", "next", "glance"):
        report[key] = hostile(report[key])
    for key in ("upgrade", "backup", "approval", "cluster", "headline", "run_id", "artifacts_dir"):
        report[key] = hostile(report[key])
    report["findings"][0]["references"].append("javascript:document.title='owned'")
    path = write(tmp_path, report)
    page.open(path)
    assert page.run("document.querySelectorAll('img, script, [onerror]').length") == 0
    assert page.run("[...document.links].every((each) => /^(https:|file:)/.test(each.href))")
    assert page.run("document.title").startswith("Repaired: ")
    assert page.requests == [path.as_uri()]
    assert page.run("document.body.textContent.includes('onerror')")
    assert clean["verdict"] == "repaired"
