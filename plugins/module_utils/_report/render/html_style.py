# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the page of a report looks: light and dark, wide and narrow, on paper.

Every colour of text has a contrast of at least 4.5 to 1 on what lies behind it; a test in a browser
measures that.
"""

from __future__ import annotations

_COLOURS = """
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #16191d; --soft: #4d5763; --line: #d3d9e0; --link: #0b57a4;
  --code: #eef1f4; --good: #17693a; --good-tint: #d9f0e1; --ask: #7a4d00; --ask-tint: #ffedc7;
  --bad: #a3211c; --bad-tint: #fde0de; --rest: #5a6572; --rest-tint: #e4e8ed; --focus: #0b57a4;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #101317; --card: #1a1f25; --ink: #eceff3; --soft: #abb5c0; --line: #39424d; --link: #86bdf5;
    --code: #11151a; --good: #74d69b; --good-tint: #123723; --ask: #f4c560; --ask-tint: #443000;
    --bad: #ff9d97; --bad-tint: #4c1917; --rest: #aab4bf; --rest-tint: #2b333c; --focus: #86bdf5;
  }
}
"""

_TEXT = """
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
.wide { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
h1, h2, h3 { line-height: 1.25; }
h2 { font-size: 1.3rem; margin: 2.25rem 0 .75rem; }
h3 { font-size: 1.05rem; margin: 0 0 .35rem; }
p { margin: .35rem 0; max-width: 75ch; overflow-wrap: anywhere; }
a { color: var(--link); overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 3px; }
code, pre, .mono { font: 14px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
pre { background: var(--code); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem; margin: .4rem 0;
  white-space: pre-wrap; overflow-x: auto; }
.command { user-select: all; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem; z-index: 1; }
.soft { color: var(--soft); }
"""

_HEAD = """
header.verdict { border-top: 10px solid var(--tone); background: var(--tint); padding: 1.5rem 0 1.75rem; }
.good { --tone: var(--good); --tint: var(--good-tint); }
.ask { --tone: var(--ask); --tint: var(--ask-tint); }
.bad { --tone: var(--bad); --tint: var(--bad-tint); }
.verdict h1 { font-size: 2rem; margin: .15rem 0 .4rem; color: var(--tone); display: flex; gap: .7rem; align-items: center; }
.verdict .sign { flex: none; width: 2.6rem; height: 2.6rem; border-radius: 50%; border: 3px solid var(--tone);
  display: grid; place-items: center; font-size: 1.5rem; line-height: 1; }
.verdict .headline { font-size: 1.15rem; max-width: 105ch; }
.verdict p.which { color: var(--ink); }
.glance { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1rem; margin: 1.25rem 0 0; }
.glance > div { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; }
.glance dt { font-weight: 700; font-size: .8rem; letter-spacing: .04em; text-transform: uppercase; color: var(--soft); }
.glance dd { margin: .25rem 0 0; overflow-wrap: anywhere; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 1rem 0 0; padding: 0; }
nav a { display: inline-block; padding: .2rem 0; }
footer { margin: 3rem 0 2rem; color: var(--soft); border-top: 1px solid var(--line); padding-top: .75rem; }
"""

_PARTS = """
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem 1.15rem; margin: 0 0 1rem; }
.card.bad, .card.ask { border-left: 6px solid var(--tone); }
.tag { display: inline-block; font-size: .8rem; font-weight: 700; padding: .05rem .55rem; border-radius: 1rem;
  background: var(--rest-tint); color: var(--ink); border: 1px solid var(--rest); white-space: nowrap; }
.tag.good { background: var(--good-tint); color: var(--good); border-color: var(--good); }
.tag.ask { background: var(--ask-tint); color: var(--ask); border-color: var(--ask); }
.tag.bad { background: var(--bad-tint); color: var(--bad); border-color: var(--bad); }
ol.plain > li { margin: .4rem 0; max-width: 80ch; }
ol.steps > li { margin: 0 0 1rem; padding-left: .25rem; } ol.steps > li::marker, ol.steps > li > .title { font-weight: 700; }
ul.plain { margin: .3rem 0; padding-left: 1.2rem; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.25rem; margin: 0; }
dl.facts dt { color: var(--soft); } dl.facts dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 8px; margin: 0 0 1rem; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; font-weight: 700; padding: .7rem .9rem .2rem; }
th, td { text-align: left; vertical-align: top; padding: .45rem .9rem; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
thead th { color: var(--soft); font-size: .85rem; white-space: nowrap; }
tbody th { font-weight: 600; min-width: 8rem; } tbody tr:last-child > * { border-bottom: 0; }
td.mono, td .mono { white-space: nowrap; }
ol.times { list-style: none; margin: 0; padding: 0; border-left: 3px solid var(--line); }
ol.times li { padding: .25rem 0 .25rem 1.1rem; position: relative; display: grid; grid-template-columns: 11.5rem 1fr; gap: .75rem; }
ol.times li::before { content: ""; position: absolute; left: -7.5px; top: .7rem; width: 8px; height: 8px; border-radius: 50%;
  background: var(--card); border: 2px solid var(--rest); }
ol.times li.run::before { background: var(--link); border-color: var(--link); }
ol.times li.failed::before { background: var(--bad); border-color: var(--bad); }
ol.times time { color: var(--soft); font-variant-numeric: tabular-nums; }
"""

_PICTURE = """
.picture { padding: .9rem; }
svg.history { display: block; width: 100%; min-width: 58rem; height: auto; }
svg.history text { font: 12px ui-monospace, "DejaVu Sans Mono", monospace; fill: var(--ink); }
svg.history .axis { fill: var(--soft); }
svg.history .lane { font: 600 14px system-ui, "DejaVu Sans", sans-serif; }
svg.history .state { fill: var(--ink); }
svg.history .mark { stroke: var(--link); stroke-width: 2; stroke-dasharray: 2 4; }
svg.history .mark-name { fill: var(--link); font-weight: 700; }
svg.history .grid { stroke: var(--line); }
svg.history .reached { fill: var(--good); font-weight: 700; }
svg.history .missed { fill: var(--bad); font-weight: 700; }
svg.history .bar { stroke-width: 1.5; }
svg.history .deployed { fill: var(--good-tint); stroke: var(--good); }
svg.history .superseded { fill: var(--rest-tint); stroke: var(--rest); }
svg.history .behind { fill: var(--ask-tint); stroke: var(--ask); }
svg.history .pending { fill: var(--ask-tint); stroke: var(--ask); stroke-dasharray: 6 3; }
svg.history .failed { fill: var(--bad-tint); stroke: var(--bad); }
svg.history .removed { fill: none; stroke: var(--rest); stroke-dasharray: 2 3; }
svg.history .stripe { stroke: var(--ink); stroke-opacity: .1; stroke-width: 2; }
"""

_NARROW = """
@media (max-width: 46rem) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tbody tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line); }
  tbody th, tbody td { display: block; border: 0; padding: .15rem .9rem; }
  tbody td[data-label]::before { content: attr(data-label) ": "; color: var(--soft); }
  td.mono, td .mono { white-space: normal; }
  ol.times li, dl.facts { grid-template-columns: 1fr; gap: 0 .75rem; }
  dl.facts dd { margin-bottom: .5rem; }
  .verdict h1 { font-size: 1.6rem; }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
"""

_PAPER = """
@page { size: A4; margin: 14mm 12mm; }
@media print {
  body { background: #fff; font-size: 10pt; }
  nav, .skip { display: none; }
  .wide { max-width: none; padding: 0; }
  header.verdict { padding: .8rem; }
  .glance { grid-template-columns: 1fr 1fr; gap: .5rem; }
  .card, .picture, ol.steps > li, .glance > div, tr, ol.times li, .command { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
  h2 { margin-top: 1.2rem; }
  .scroll { overflow: visible; }
  svg.history { min-width: 0; }
  code, pre, .mono { font-size: 8.5pt; }
  th, td { padding: .25rem .5rem; }
  th, td, td .mono { overflow-wrap: break-word; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
"""

STYLE = "".join((_COLOURS, _TEXT, _HEAD, _PARTS, _PICTURE, _NARROW, _PAPER))
