# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packing the charts under charts/ in any version, as the archives Rancher's chart repository has."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SOURCES = Path(__file__).resolve().parent / "charts"
# The same archive for the same version on every machine, so that digests can be compared.
_EPOCH = 1_700_000_000


def app_version(chart_version: str) -> str:
    """The version of the program in a chart version: what follows ``+up``, else the whole."""
    return chart_version.partition("+up")[2] or chart_version


@dataclass(frozen=True)
class ChartPackage:
    """One packed chart."""

    name: str
    version: str
    archive: bytes

    @property
    def app_version(self) -> str:
        """The appVersion in Chart.yaml."""
        return app_version(self.version)

    @property
    def path(self) -> str:
        """Its place in the repository: ``assets/<chart>/<chart>-<version>.tgz`` (FM 3.4)."""
        return f"assets/{self.name}/{self.name}-{self.version}.tgz"

    @property
    def digest(self) -> str:
        """SHA-256 of the archive in hex, as index.yaml records it."""
        return hashlib.sha256(self.archive).hexdigest()

    def write(self, directory: Path) -> Path:
        """Write the archive into a folder; its path."""
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{self.name}-{self.version}.tgz"
        path.write_bytes(self.archive)
        return path


@cache
def package(name: str, version: str, chart: str = "") -> ChartPackage:
    """Pack the chart source ``chart`` (default: ``name``) under a version; KeyError if unknown."""
    source = SOURCES / (chart or name)
    if not source.is_dir():
        raise KeyError(f"{SOURCES} has no chart {source.name}")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted(source.rglob("*.in")):
            text = path.read_text(encoding="utf-8")
            text = text.replace("@VERSION@", version).replace("@APP_VERSION@", app_version(version))
            member = tarfile.TarInfo(f"{name}/{path.relative_to(source).as_posix()[:-3]}")
            data = text.encode()
            member.size, member.mode, member.mtime = len(data), 0o644, _EPOCH
            archive.addfile(member, io.BytesIO(data))
    return ChartPackage(name, version, gzip.compress(buffer.getvalue(), mtime=0))
