# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from html.parser import HTMLParser

from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.clusters import (
    clusters_index,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.in_short import (
    cluster_outcome,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.pages.clusters import (
    clusters_page,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.html import (
    render_html,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.text import (
    WIDTH,
    render_text,
)

EVIL = '<script>alert("x")</script>'
WITHOUT_END = {"meta"}


class Page(HTMLParser):
    """What a browser makes of the page: its elements, and whether all of them are closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in WITHOUT_END:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page() -> Page:
    outcomes = {
        "edge": cluster_outcome(
            {"verdict": "needs_approval", "headline": EVIL, "plan": {"fingerprint": "3f9c"}},
            "clusters/edge/runs/1 a/report.html",
        ),
        EVIL: cluster_outcome({"verdict": f'x" {EVIL}', "headline": "odd"}),
        "shut": cluster_outcome({"error": {"code": "unauthorized", "message": "No entry."}}),
        "twin": cluster_outcome({"verdict": "healthy", "cluster": {"uid": "u"}}),
        "calm": cluster_outcome(
            {"verdict": "healthy", "cluster": {"uid": "u"}, "upgrade": {"version": "v1.5.0"}}
        ),
    }
    run = {"work": EVIL, "finished_at": "2026-01-01T00:00:00Z", "check_mode": True}
    return Page(render_html(clusters_page(clusters_index(outcomes, run))))


def test_every_value_is_escaped() -> None:
    assert page().all("script") == []
    assert EVIL in page().text


def test_nothing_is_loaded_from_elsewhere() -> None:
    links = [attributes["href"] for attributes in page().all("a")]
    assert links == [
        "#details",
        "plans-to-approve.json",
        "clusters/edge/runs/1%20a/report.html",
    ]
    assert {tag for tag, _attributes in page().elements} & {"link", "img", "iframe"} == set()


def test_it_can_be_read_without_eyes_and_without_a_mouse() -> None:
    found = page()
    assert found.all("html") == [{"lang": "en"}]
    assert len(found.all("h1")) == len(found.all("main")) == len(found.all("caption")) == 1
    scopes = [attributes.get("scope") for attributes in found.all("th")]
    assert scopes == ["col"] * 6 + ["row"] * 5
    scrolls = {"tabindex": "0", "role": "region", "class": "scroll"}.items()
    assert any(scrolls <= attributes.items() for attributes in found.all("div"))
    assert "needed" in found.text  # not by colour alone


def test_what_stands_in_it() -> None:
    text = page().text
    for words in (
        "3 of 5 clusters need attention.",
        "check mode: nothing was changed",
        "calm, twin are one and the same cluster",
        "? → v1.5.0",
        "unauthorized: No entry.",
        "-e @plans-to-approve.json",
    ):
        assert words in text
    assert [each["href"] for each in Page(render_html(clusters_page({}))).all("a")] == ["#details"]


LONG = "Rancher takes the installed release candidate for the release\nand does nothing. " * 4


def shown(check_mode: bool = False) -> str:
    outcomes = {
        "edge-north": cluster_outcome({"verdict": "healthy", "headline": "All is well."}),
        "edge-south": cluster_outcome({"verdict": "needs_approval", "headline": LONG}),
        "a" * 40: cluster_outcome({"error": {"code": "unauthorized", "message": "No entry."}}),
        "twin": cluster_outcome({"verdict": "healthy", "cluster": {"uid": "u"}}),
        "other": cluster_outcome({"verdict": "healthy", "cluster": {"uid": "u"}}),
    }
    return render_text(clusters_page(clusters_index(outcomes, {"check_mode": check_mode})))


def test_one_line_of_each_that_fits_the_terminal() -> None:
    lines = shown().splitlines()
    assert max(map(len, lines)) <= WIDTH
    rows = [line for line in lines if line[:1] in "! " and line[3:].strip()]
    assert rows[1].startswith("!  aaaa")
    assert "unauthorized: No" in rows[1]
    (south,) = (line for line in rows if "edge-south" in line)
    assert south.endswith("…")
    (north,) = (line for line in rows if "edge-north" in line)
    assert north.endswith("All is well.")


def test_counts_and_mode_are_said() -> None:
    text = shown(check_mode=True)
    assert "2 of 5 clusters need attention. (check mode: nothing was changed)" in text
    assert "1 failed, 1 needs_approval, 3 healthy" in text


def test_one_cluster_under_two_names_is_a_warning() -> None:
    assert "WARNING: other, twin are one and the same cluster" in shown()
    many = {
        f"h{number}": cluster_outcome({"verdict": "healthy", "cluster": {"uid": "u"}})
        for number in range(9)
    }
    assert "h5 and 3 more are one" in render_text(clusters_page(clusters_index(many, {})))


def test_an_empty_index_can_be_shown() -> None:
    assert "cluster" in render_text(clusters_page({}))
