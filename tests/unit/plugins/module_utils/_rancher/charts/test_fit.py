# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts.archive import (
    ChartArchive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts.fit import (
    kubernetes_fit,
)


@pytest.mark.parametrize(
    ("kube_version", "annotation", "server", "binding", "fits"),
    [
        (None, ">= 1.28.0-0 < 1.33.0-0", "v1.32.3+rke2r1", False, True),
        (None, ">= 1.28.0-0 < 1.33.0-0", "v1.33.0", False, False),
        (">= 1.28.0-0", ">= 1.40.0-0", "v1.32.3", True, True),
        (">= 1.40.0-0", None, "v1.32.3", True, False),
        (None, None, "v1.32.3", False, None),
        (None, "anything", "v1.32.3", False, None),
        (None, ">= 1.28.0-0", None, False, None),
        (None, ">= 1.28.0-0", "unknown", False, None),
    ],
)
def test_what_a_chart_wants_of_kubernetes_is_compared(
    kube_version: str | None,
    annotation: str | None,
    server: str | None,
    binding: bool,
    fits: bool | None,
) -> None:
    annotations = {"catalog.cattle.io/kube-version": annotation} if annotation else {}
    archive = ChartArchive("fleet", "1", "1", "", 1, 1, 1, kube_version, annotations)
    found = kubernetes_fit(archive, server)
    assert (found.binding, found.fits) == (binding, fits)
    assert found.to_dict()["wants"] == (kube_version or annotation)
