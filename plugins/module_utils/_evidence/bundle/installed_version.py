# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The installed Harvester version where a bundle lacks the Setting that has it: those before Harvester 1.2 leave it out.

The files of the nodes say it first, then the latest Upgrade, then the App of release harvester, which is the first of
them that an upgrade changes. What says otherwise is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from ..._core.lenient import dig, mapping, text
from ..._core.listing import first_of
from ..._documents.evidence import OK, Source, Upgrade
from ..._harvester.upgrade import NAMESPACE, VERSION_SETTING
from ..live import upgrade
from ..live.reading import Context, Found, Group, Parts
from .node_files import NodeFiles
from .releases import apps_of

_SOURCE = "harvester_version"
_APP = "harvester"
_MOST_NODES = 5


def group(nodes: NodeFiles) -> Group:
    """The group of the latest Upgrade, with the version from elsewhere where the Setting is missing."""
    return replace(upgrade.GROUP, parts=partial(_parts, nodes))


def _parts(nodes: NodeFiles, context: Context, found: Found) -> Parts:
    parts = upgrade.GROUP.parts(context, found)
    if parts.fields.get(_SOURCE):
        return parts
    said = list(_said(nodes, parts.fields.get("upgrade"), found))
    chosen = next(((version, where) for version, where in said if version), None)
    if chosen is None:
        return parts
    version, where = chosen
    others = [
        f"{place} has {each or 'several versions'}" for each, place in said if each != version
    ]
    but = f" But {', and '.join(others)}." if others else ""
    reason = f"From {where}, for the Setting {VERSION_SETTING} is not in the support bundle.{but}"
    return Parts({**parts.fields, _SOURCE: version}, {**parts.sources, _SOURCE: Source(OK, reason)})


def _said(nodes: NodeFiles, latest: Upgrade | None, found: Found) -> Iterator[tuple[str, str]]:
    """Version and where it is from, the best first; an empty version where nodes differ."""
    versions = nodes.versions()
    if len(set(versions.values())) == 1:
        some = list(versions)
        yield versions[some[0]], f"harvester-release.yaml of {first_of(some, _MOST_NODES)}"
    elif versions:
        told = ", ".join(f"{node} {version}" for node, version in versions.items())
        yield "", f"harvester-release.yaml of the nodes ({told})"
    if latest is not None:
        where = f"Upgrade/{latest.namespace}/{latest.name}"
        done = any(each.type == "Completed" and each.status == "True" for each in latest.conditions)
        version = latest.version if done else latest.previous_version
        if version:
            yield version, f"{where}, {'its version' if done else 'status.previousVersion'}"
    app = apps_of(found).get((NAMESPACE, _APP))
    chart = mapping(dig(app, "spec", "chart", "metadata"))
    version = text(chart.get("appVersion")) or text(chart.get("version"))
    if version:
        yield _as_tag(version), f"App/{NAMESPACE}/{_APP}"


def _as_tag(version: str) -> str:
    """Charts of some releases have the version without the letter that Harvester's own versions begin with."""
    return f"v{version}" if version[:1].isdigit() else version
