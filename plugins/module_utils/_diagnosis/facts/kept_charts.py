# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The charts that the running Rancher keeps installed, each with its release (FM 2.2)."""

from __future__ import annotations

from dataclasses import dataclass

from ..._documents.evidence import Evidence
from ..._rancher.decision.rancher_version import RancherVersion
from ..._rancher.decision.settings import SUC_NAME_VARIABLE
from ..._rancher.decision.system_charts import SystemChart, system_charts
from . import decisions

_NEWEST_KNOWN_RANCHER = RancherVersion(2, 15, 0)


@dataclass(frozen=True)
class KeptChart:
    """A chart of Rancher and the name of its release."""

    chart: SystemChart
    release: str

    @property
    def namespace(self) -> str:
        """The namespace of the release."""
        return self.chart.namespace


def kept_charts(evidence: Evidence) -> list[KeptChart]:
    """The charts in the order they are repaired in."""
    rancher = rancher_of(evidence)
    override = decisions.environment_of(evidence).get(SUC_NAME_VARIABLE, "")
    return [
        KeptChart(chart, chart.release_name(rancher, override)) for chart in system_charts(rancher)
    ]


def rancher_of(evidence: Evidence) -> RancherVersion:
    """The Rancher whose table of charts counts. Where its version is unknown the newest table names the releases to
    look at; what Rancher decides about them is then unknown all the same."""
    target = evidence.upgrade.target_rancher_version if evidence.upgrade else None
    for version in (decisions.server_version(evidence), target):
        parsed = RancherVersion.parse(version)
        if parsed is not None:
            return parsed
    return _NEWEST_KNOWN_RANCHER
