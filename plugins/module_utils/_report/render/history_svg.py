# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The release history as a picture: a lane for each release, a bar for each revision, in its state.

An upgrade that hangs has revisions months apart and then some within minutes. So the axis is not to
scale: every moment at which something happened gets a column of its own, in their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..._core.lenient import moment
from ..._documents.report import ReleaseHistory, Report, RevisionHistory
from ..._documents.vocabulary import Fate
from ..words import FATE_WORDS
from .html_parts import EMPTY, Html, element

_NAME_WIDTH, _COLUMN_WIDTH, _AWAITED_WIDTH = 165, 186, 210
_LEAST_WIDTH = 1160  # of the whole: few columns are drawn wider, not larger
_TOP, _LANE, _BAR = 70, 60, 44
_MOST_COLUMNS = 7
# Moments this close are one: a chart's helm takes some seconds, three charts about a minute.
_SAME_SECONDS = 90
_MARK_NAME_WIDTH = 230
_LETTER = 7.3  # width of a monospaced letter of 12 px

# What a status looks like; all others look like a failure.
_LOOKS = {
    "deployed": "deployed",
    "superseded": "superseded",
    "pending-install": "pending",
    "pending-upgrade": "pending",
    "pending-rollback": "pending",
}


@dataclass(frozen=True)
class _Revision:
    document: RevisionHistory
    at: datetime

    @property
    def status(self) -> str:
        return self.document.status or "unknown"

    @property
    def version(self) -> str:
        return self.document.chart_version or "version unknown"

    @property
    def removed(self) -> bool:
        return self.document.fate == Fate.REMOVED

    def told(self) -> str:
        number, when = self.document.revision, shown_time(self.at)
        words = f"revision {number}, {self.version}, {self.status}, {when}"
        fate = FATE_WORDS.get(self.document.fate or "")
        return f"{words}, {fate}" if fate else words


@dataclass(frozen=True)
class _Lane:
    history: ReleaseHistory
    revisions: tuple[_Revision, ...]

    @property
    def name(self) -> str:
        return str(self.history.release)


@dataclass(frozen=True)
class _Axis:
    """The columns, each from its first moment on."""

    starts: tuple[datetime, ...]

    @property
    def column(self) -> int:
        """The width of a column."""
        room = _LEAST_WIDTH - _NAME_WIDTH - _AWAITED_WIDTH
        return max(_COLUMN_WIDTH, room // len(self.starts))

    @property
    def end(self) -> int:
        """The right edge of the last column."""
        return _NAME_WIDTH + self.column * len(self.starts)

    def x(self, at: datetime) -> int:
        """The left edge of the column a moment lies in; older ones begin at the first."""
        column = sum(start <= at for start in self.starts) - 1
        return _NAME_WIDTH + self.column * max(0, column)

    def edge(self, at: datetime) -> int:
        """The edge between the columns of before a moment and those from it on."""
        return _NAME_WIDTH + self.column * sum(start < at for start in self.starts)


def shown_time(at: datetime) -> str:
    """A moment as everything here shows it: UTC, to the second."""
    return at.strftime("%Y-%m-%d %H:%M:%S")


def history_picture(report: Report) -> Html:
    """The picture of a report's C(releases); nothing when there is nothing to draw."""
    lanes = [lane for lane in map(_lane, report.releases) if lane.revisions]
    if not lanes:
        return EMPTY
    axis = _axis(lanes)
    width, height = axis.end + _AWAITED_WIDTH, _TOP + _LANE * len(lanes) + 8
    marks = _marks(report, axis, height)
    drawn = [_lane_of(lane, axis, number) for number, lane in enumerate(lanes)]
    told = "; ".join(
        f"{lane.name}: {', then '.join(each.told() for each in lane.revisions)}" for lane in lanes
    )
    return element(
        "svg",
        element("title", "Release history of every dependency", id="picture-title"),
        element("desc", f"{told}.", id="picture-text"),
        _patterns(),
        *_columns(axis, height),
        *drawn,
        *marks,
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        aria_labelledby="picture-title",
        aria_describedby="picture-text",
        class_="history",
    )


def _lane(history: ReleaseHistory) -> _Lane:
    dated = [(each, moment(each.at)) for each in history.revisions]
    return _Lane(history, tuple(_Revision(each, at) for each, at in dated if at is not None))


def _axis(lanes: Sequence[_Lane]) -> _Axis:
    """Columns that hold no two revisions of one release, so that each of them is seen."""
    moments = sorted(
        (each.at, number) for number, lane in enumerate(lanes) for each in lane.revisions
    )
    starts: list[datetime] = []
    taken: set[int] = set()
    for at, number in moments:
        near = bool(starts) and (at - starts[-1]).total_seconds() <= _SAME_SECONDS
        if not near or number in taken:
            starts.append(at)
            taken = set()
        taken.add(number)
    return _Axis(tuple(starts[-_MOST_COLUMNS:]))


def _columns(axis: _Axis, height: int) -> list[Html]:
    drawn = []
    for start in axis.starts:
        x = axis.x(start)
        drawn.append(element("line", x1=x, x2=x, y1=_TOP - 22, y2=height, class_="grid"))
        drawn.append(_words(x + 6, _TOP - 10, start.strftime("%Y-%m-%d %H:%M UTC"), "axis"))
    drawn.append(_words(axis.end + 12, _TOP - 10, "awaited", "axis"))
    return drawn


def _lane_of(lane: _Lane, axis: _Axis, number: int) -> Html:
    top = _TOP + _LANE * number + (_LANE - _BAR) // 2
    ends = [each.at for each in lane.revisions[1:]]
    bars = []
    for index, revision in enumerate(lane.revisions):
        left = axis.x(revision.at)
        right = axis.x(ends[index]) if index < len(ends) else axis.end
        if right > left:
            bars.append(_bar(revision, _look(revision, lane), left, right - left, top))
    name = _words(0, top + 20, _fit(lane.name, _NAME_WIDTH - 8), "lane")
    where = _words(0, top + 36, _fit(str(lane.history.namespace), _NAME_WIDTH - 8), "axis")
    return element("g", name, where, *bars, _awaited(lane, axis, top))


def _look(revision: _Revision, lane: _Lane) -> str:
    """The class of a bar: deployed is good only at the version that is awaited."""
    if revision.removed:
        return "removed"
    look = _LOOKS.get(revision.status, "failed")
    wrong = lane.history.expected not in (None, revision.version)
    return "behind" if look == "deployed" and wrong else look


def _bar(revision: _Revision, look: str, left: int, width: int, top: int) -> Html:
    inner = width - 20
    state = f"{revision.document.revision}: {revision.status}"
    if revision.removed:
        state += ", removed"
    place = {"x": left + 3, "y": top, "width": width - 6, "height": _BAR, "rx": 5}
    striped = look not in ("deployed", "behind", "superseded")
    return element(
        "g",
        element("title", revision.told()),
        element("rect", class_=f"bar {look}", **place),
        element("rect", fill="url(#stripes)", **place) if striped else None,
        _words(left + 12, top + 19, _fit(revision.version, inner), "version"),
        _words(left + 12, top + 36, _fit(state, inner), "state"),
    )


def _awaited(lane: _Lane, axis: _Axis, top: int) -> Html:
    expected = lane.history.expected
    if expected is None:
        return _words(axis.end + 12, top + 20, "not awaited", "axis")
    there = [each for each in lane.revisions if not each.removed]
    reached = bool(there) and (there[-1].status, there[-1].version) == ("deployed", expected)
    sign, look = ("✓ reached", "reached") if reached else ("✗ not reached", "missed")
    return element(
        "g",
        _words(axis.end + 12, top + 19, _fit(expected, _AWAITED_WIDTH - 16), "version"),
        _words(axis.end + 12, top + 36, sign, look),
    )


def _marks(report: Report, axis: _Axis, height: int) -> list[Html]:
    """Where the wait began and where this run did, between the columns they fall between."""
    known = (("the job waits", report.waits_since), ("this run", report.started_at))
    found = [(name, at) for name, value in known if (at := moment(value)) is not None]
    places = [(name, at, axis.edge(at)) for name, at in found]
    drawn = []
    for number, (name, at, x) in enumerate(places):
        # Names of marks that stand close together go into two rows.
        row = 14 + 16 * any(abs(x - other[2]) < _MARK_NAME_WIDTH for other in places[:number])
        drawn.append(element("line", x1=x, x2=x, y1=row - 10, y2=height, class_="mark"))
        drawn.append(_words(x + 6, row, f"▸ {name} from {at.strftime('%H:%M')}", "mark-name"))
    return drawn


def _patterns() -> Html:
    """Stripes, so that a pending or failed revision is told by more than its colour."""
    stripes = element("path", d="M0 8 L8 0", class_="stripe")
    pattern = element(
        "pattern",
        stripes,
        id="stripes",
        width=8,
        height=8,
        patternUnits="userSpaceOnUse",
    )
    return element("defs", pattern)


def _words(x: int, y: int, words: str, look: str) -> Html:
    return element("text", words, x=x, y=y, class_=look)


def _fit(words: str, width: int) -> str:
    letters = max(4, int(width / _LETTER))
    return words if len(words) <= letters else words[: letters - 1] + "…"
