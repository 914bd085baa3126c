# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which entry of a chart repository's index a wanted version stands for.

Helm's ``IndexFile.Get`` [helm v3.17.3 pkg/repo/index.go]: the constraint must parse, an entry whose
text is byte for byte the wanted one wins, else the first entry *in index order* that satisfies the
constraint; entries that are no versions are passed over (FM 2.4).
"""

from __future__ import annotations

from collections.abc import Sequence

from .chart_version import ChartVersion, SemverRelease, VersionError
from .version_constraint import Constraint

LATEST = ">=0-a"
NO_CHART_NAME = "no chart name found"


class ChartNotInIndexError(LookupError):
    """The index has no entry of that chart."""


class VersionNotInIndexError(LookupError):
    """The chart is there, but nothing satisfies the wanted version."""


def find_entry(
    chart: str, versions: Sequence[str], wanted: str, semver: SemverRelease = SemverRelease.V3_4
) -> str:
    """Return the version text of the entry that ``wanted`` stands for.

    Raises:
        ChartNotInIndexError: ``versions`` is empty.
        VersionError: ``wanted`` is no constraint.
        VersionNotInIndexError: nothing matches.
    """
    if not versions:
        raise ChartNotInIndexError(NO_CHART_NAME)
    constraint = Constraint.parse(wanted, semver)
    if wanted in versions:
        return wanted
    for text in versions:
        try:
            version = ChartVersion.parse(text, semver)
        except VersionError:
            continue
        if constraint.admits(version):
            return text
    raise VersionNotInIndexError(f"no chart version found for {chart}-{wanted}")
