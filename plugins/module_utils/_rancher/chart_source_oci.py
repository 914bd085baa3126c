# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Charts out of an OCI registry, pulled by helm."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.harvester_ops.remediation.plugins.module_utils._errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.chart_archive import (
    MAX_ARCHIVE_BYTES,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.chart_request import (
    ChartRequest,
    FetchedChart,
    not_found,
)

if TYPE_CHECKING:
    from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.cli import HelmCli


def chart_address(registry: str, chart: str) -> str:
    """The address of a chart below a registry path that may already end in its name."""
    address = registry.rstrip("/")
    return address if address.rpartition("/")[2] == chart else f"{address}/{chart}"


def fetch_from_registry(
    registry: str,
    request: ChartRequest,
    cli: HelmCli,
    tmpdir: str | None,
    *,
    credentials: tuple[str, str] | None = None,
) -> FetchedChart:
    """The chart out of C(oci://host/path). Raises C(chart-not-found) with what helm said.

    C(credentials), user name and password, are used for this pull only and not kept.
    """
    address = chart_address(registry, request.chart)
    with tempfile.TemporaryDirectory(prefix="chart-", dir=tmpdir) as directory:
        try:
            if credentials is not None:
                config = Path(directory) / "registry.json"
                asyncio.run(cli.log_in(address, *credentials, config=config))
            asyncio.run(cli.pull_archive(address, request.version, Path(directory)))
        except RemediationError as error:
            if error.code != "helm-failed":
                raise
            line = str(error.details.get("line") or error.message)
            raise not_found(request, f"at {address}: {line}") from error
        pulled = sorted(Path(directory).glob("*.tgz"))
        if len(pulled) != 1:
            raise not_found(request, f"at {address}: helm pull left {len(pulled)} archives")
        with pulled[0].open("rb") as stream:
            content = stream.read(MAX_ARCHIVE_BYTES + 1)
    return FetchedChart(content=content, source="oci", origin=address)
