# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be waited for: the closed list, with the options each needs and what it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .._kube.client import KubeClient
from .chart_index import index_has
from .observation import Observation
from .release import actor_finished, release_version
from .rollout import rollout
from .upgrade_job import system_services_upgraded

Look = Callable[[KubeClient, Mapping[str, Any], Mapping[str, Any]], Observation]


@dataclass(frozen=True)
class Condition:
    """One look at it, a text with the options' names in braces, and what to do when time is up."""

    look: Look
    title: str
    remedy: str
    needs: tuple[str, ...] = ()


CONDITIONS: dict[str, Condition] = {
    "actor_finished": Condition(
        actor_finished,
        "nobody to work on release {namespace}/{release}",
        "Look at the log of the pod that is named; when it is done or dead, diagnose again.",
        ("namespace", "release"),
    ),
    "release_version": Condition(
        release_version,
        "release {namespace}/{release} at {chart_version}",
        "Diagnose again: it says what holds the release now.",
        ("namespace", "release", "chart_version"),
    ),
    "rollout": Condition(
        rollout,
        "the rollout of {kind}/{namespace}/{name}",
        "Look at the events of its pods, repair what they lack, then run again.",
        ("namespace", "name"),
    ),
    "system_services_upgraded": Condition(
        system_services_upgraded,
        "the upgrade job to end",
        "The job still runs. Diagnose again: it says whether it moves and what it waits for.",
    ),
    "index_has": Condition(
        index_has,
        "the chart index of ClusterRepo/{name}",
        "Diagnose again: it says whether the index has to be rebuilt.",
        ("charts",),
    ),
}


def title_of(condition: str, params: Mapping[str, Any]) -> str:
    """What is waited for, in words."""
    return CONDITIONS[condition].title.format_map(params)
