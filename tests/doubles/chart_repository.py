# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The git repository with the charts that a Rancher image carries (FM 3.4)."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from doubles.chart_package import (
    ChartPackage,
    package,
)

CHARTS_URL = "https://git.rancher.io/charts"
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "charts",
    "GIT_AUTHOR_EMAIL": "charts@example.com",
    "GIT_COMMITTER_NAME": "charts",
    "GIT_COMMITTER_EMAIL": "charts@example.com",
}


def bundled_directory(name: str, url: str = CHARTS_URL) -> str:
    """Where a Rancher pod keeps the clone of a repository."""
    digest = hashlib.sha256(url.encode()).hexdigest()
    return f"/var/lib/rancher-data/local-catalogs/v2/{name}/{digest}"


def git(directory: Path, *arguments: str) -> bytes:
    """Run git in a repository; CalledProcessError with its stderr when it fails."""
    return subprocess.run(
        ["git", "-C", str(directory), *arguments],
        env={**os.environ, **_ENVIRONMENT},
        check=True,
        capture_output=True,
    ).stdout


def head(directory: Path) -> str:
    """The commit of HEAD."""
    return git(directory, "rev-parse", "HEAD").decode().strip()


def commit_charts(
    directory: Path, charts: Mapping[str, Sequence[str]], other_charts: int = 2600
) -> str:
    """Make the repository hold exactly these chart versions, in this index order; the new commit.

    ``other_charts`` are entries of charts nobody asks for: the real index is long enough to be cut
    over several ConfigMaps. The repository is made when it does not exist.
    """
    if not (directory / ".git").is_dir():
        directory.mkdir(parents=True, exist_ok=True)
        git(directory, "init", "--quiet", "--initial-branch=charts")
    elif (directory / "assets").is_dir():
        git(directory, "rm", "-r", "--quiet", "assets")
    packages = [package(name, version) for name, versions in charts.items() for version in versions]
    for chart in packages:
        path = directory / chart.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(chart.archive)
    # JSON is YAML too, and much quicker to write and read.
    index = json.dumps(_index(packages, other_charts), indent=1)
    (directory / "index.yaml").write_text(index, encoding="utf-8")
    git(directory, "add", "--all")
    git(directory, "commit", "--quiet", "--allow-empty", "--message", "Charts of this release")
    return head(directory)


def read_index(directory: Path, commit: str = "HEAD") -> dict[str, Any]:
    """The index at a commit, from the tree: the working copy need not be checked out."""
    index: dict[str, Any] = json.loads(git(directory, "show", f"{commit}:index.yaml"))
    return index


def clone(source: Path, target: Path, checkout: bool) -> None:
    """Clone as the image build does; without a checkout only ``.git`` exists (Rancher >= 2.12).

    A clone that is there already stays: the double may be stopped and come back to its pod.
    """
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    options = [] if checkout else ["--no-checkout"]
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    command = ["git", "clone", "--quiet", "--no-hardlinks", *options, str(source), str(partial)]
    subprocess.run(command, env={**os.environ, **_ENVIRONMENT}, check=True, capture_output=True)
    partial.rename(target)


def _index(packages: Sequence[ChartPackage], other_charts: int) -> dict[str, Any]:
    entries: dict[str, list[dict[str, Any]]] = {}
    for number in range(other_charts):
        name, version = f"other-{number % 40}", f"1.{number}.0"
        digest = hashlib.sha256(f"{name}-{version}".encode()).hexdigest()
        url = f"assets/{name}/{name}-{version}.tgz"
        other = {"name": name, "version": version, "appVersion": version, "digest": digest}
        entries.setdefault(name, []).append({"apiVersion": "v2", **other, "urls": [url]})
    for chart in packages:
        described: dict[str, Any] = {
            "apiVersion": "v2",
            "annotations": {"catalog.cattle.io/hidden": "true"},
            "name": chart.name,
            "version": chart.version,
            "appVersion": chart.app_version,
            "created": "2025-04-01T08:00:00Z",
            "digest": chart.digest,
            "urls": [chart.path],
        }
        entries.setdefault(chart.name, []).append(described)
    return {"apiVersion": "v1", "entries": entries, "generated": "2025-04-01T08:00:00Z"}
