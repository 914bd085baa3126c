# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a chart is made for the Kubernetes at hand (FM 5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..decision.chart_version import ChartVersion, VersionError
from ..decision.version_constraint import Constraint
from .archive import ChartArchive

ANNOTATION = "catalog.cattle.io/kube-version"


@dataclass(frozen=True)
class KubernetesFit:
    """What a chart says about Kubernetes versions; C(fits) is null where nothing can be said.

    C(binding) tells that helm refuses a chart that does not fit: it looks at C(kubeVersion). The
    annotation is Rancher's, which passes over it for its own charts (FM 0.15).
    """

    server: str | None
    wants: str | None
    binding: bool
    fits: bool | None

    def to_dict(self) -> dict[str, Any]:
        """The answer as a document."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def kubernetes_fit(archive: ChartArchive, server: str | None) -> KubernetesFit:
    """Compare a chart with a server's version. Pure and total."""
    binding = archive.kube_version is not None
    wants = archive.kube_version if binding else archive.annotations.get(ANNOTATION)
    fits: bool | None = None
    if wants and server:
        try:
            fits = Constraint.parse(wants).admits(ChartVersion.parse(server))
        except VersionError:
            fits = None
    return KubernetesFit(server, wants, binding, fits)
