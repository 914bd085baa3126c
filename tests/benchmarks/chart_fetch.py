# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure what rancher_chart needs for a chart of 20 MiB out of a repository of 200 MiB.

In one run, beside each other: the peak memory of the module with a chart of a few kilobytes (the
floor: Python, its libraries, the connection) and with the big one, from every source; and the time
beside what a person would type, ``kubectl exec ... git show``.

    make benchmark
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.harvester_ops.remediation.tests.unit.builders.web_site import (
    RancherApi,
    Registry,
    Site,
)
from controlplane.handle import ControlPlane
from doubles import chart_repository
from doubles.cluster import Illness, StuckCluster

MIB = 1024 * 1024
CHART_BYTES, REPOSITORY_BYTES = 20 * MIB, 200 * MIB
# What the budget allows above the floor.
MOST_MEMORY = 100 * MIB
VERSION = "1.0.0"
TOKEN = "benchmark"
# Runs the module as Ansible does, and says last how much memory it had at most.
_MEASURED = """
import re, runpy, sys
module = "ansible_collections.harvester_ops.remediation.plugins.modules.rancher_chart"
try:
    runpy.run_module(module, run_name="__main__", alter_sys=True)
finally:
    sys.stdout.flush()
    status = open("/proc/self/status").read()
    print(re.search(r"VmHWM:\\s+(\\d+) kB", status).group(1), file=sys.stderr)
"""


@dataclass(frozen=True)
class Measured:
    """One run of the module: bytes of memory at most, seconds, its result."""

    memory: int
    seconds: float
    result: dict[str, Any]


def main() -> int:
    """Measure and print; the exit code says whether the budget holds."""
    with tempfile.TemporaryDirectory(prefix="remediation-benchmark-") as folder:
        plane = ControlPlane.up(Path(folder) / "controlplane", "--helm", "3")
        try:
            illness = Illness("v2.12.2", play_job=False, play_fleet=False)
            stuck = StuckCluster.create(plane, Path(folder) / "cluster", illness)
            try:
                return measure(plane, stuck, Path(folder))
            finally:
                stuck.stop()
        finally:
            plane.down()


def measure(plane: ControlPlane, stuck: StuckCluster, folder: Path) -> int:
    """Fetch the small and the big chart from each source, print the figures."""
    charts = {"small": _chart("small", 1024), "big": _chart("big", CHART_BYTES)}
    tree = folder / "tree"
    for name, archive in charts.items():
        path = tree / "assets" / name / f"{name}-{VERSION}.tgz"
        path.parent.mkdir(parents=True)
        path.write_bytes(archive)
    (clone,) = stuck.directory.glob(
        "**/root/var/lib/rancher-data/local-catalogs/v2/rancher-charts/*"
    )
    _commit(clone, charts)
    print(f"chart {len(charts['big']) / MIB:.1f} MiB, repository {_size(clone) / MIB:.0f} MiB")
    with _servers(charts) as addresses:
        sources: dict[str, dict[str, Any]] = {"rancher_pod": {}, **addresses}
        sources["path"] = {"path": str(tree)}
        over = [
            _one_source(plane, folder, name, options) > MOST_MEMORY
            for name, options in sources.items()
        ]
    seconds = _by_hand(plane, folder, hashlib.sha256(charts["big"]).hexdigest())
    print(f"{'kubectl exec ... git show':<26}{'':>36}{seconds:>8.2f} s")
    print(f"budget: {MOST_MEMORY // MIB} MiB above the floor")
    return 1 if any(over) else 0


def _one_source(plane: ControlPlane, folder: Path, name: str, options: dict[str, Any]) -> int:
    """Measure one source; the bytes above the floor."""
    runs = {
        chart: _run_module(
            {
                "kubeconfig": str(plane.kubeconfig),
                "chart": chart,
                "version": VERSION,
                "source": name,
                "dest": str(folder / "fetched" / name),
                **options,
            }
        )
        for chart in ("small", "big")
    }
    above = runs["big"].memory - runs["small"].memory
    print(
        f"{name:<26}floor {runs['small'].memory / MIB:>4.0f} MiB, big +{above / MIB:>5.1f} MiB,"
        f"{runs['big'].seconds:>13.2f} s"
    )
    return above


def _run_module(arguments: dict[str, Any]) -> Measured:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode(),
        capture_output=True,
        check=False,
    )
    seconds = time.monotonic() - started
    result = json.loads(done.stdout)
    if result.get("failed"):
        raise RuntimeError(result["msg"])
    return Measured(int(done.stderr.split()[-1]) * 1024, seconds, result)


def _by_hand(plane: ControlPlane, folder: Path, digest: str) -> float:
    """Seconds of what the documentation of Rancher's charts would have a person type."""
    pod = plane.get("pods", "-n", "cattle-system", "-l", "app=rancher")["items"][0]
    clone = chart_repository.bundled_directory("rancher-charts")
    show = (
        "git",
        "-c",
        "safe.directory=*",
        "-C",
        clone,
        "show",
        f"HEAD:assets/big/big-{VERSION}.tgz",
    )
    command = (
        *(str(plane.kubectl_program), "-n", "cattle-system", "exec"),
        *(pod["metadata"]["name"], "-c", "rancher", "--", *show),
    )
    target = folder / "by-hand.tgz"
    started = time.monotonic()
    with target.open("wb") as stream:
        subprocess.run(command, stdout=stream, env=plane.environment(), check=True)
    seconds = time.monotonic() - started
    if hashlib.sha256(target.read_bytes()).hexdigest() != digest:
        raise RuntimeError("kubectl exec brought another archive")
    return seconds


@contextlib.contextmanager
def _servers(charts: dict[str, bytes]) -> Iterator[dict[str, dict[str, Any]]]:
    listed = {(name, VERSION): archive for name, archive in charts.items()}
    entries = {
        name: [{"version": VERSION, "urls": [f"{name}.tgz"], "digest": _digest(archive)}]
        for name, archive in charts.items()
    }
    with RancherApi(TOKEN, listed) as rancher, Site() as site, Registry() as registry:
        site.pages["/index.yaml"] = json.dumps({"entries": entries}).encode()
        for name, archive in charts.items():
            site.pages[f"/{name}.tgz"] = archive
            registry.push(f"charts/{name}", VERSION, archive)
        yield {
            "cluster_repo": {"rancher_url": rancher.url, "rancher_token": TOKEN},
            "helm_repo": {"repository": site.url},
            "oci": {"repository": f"oci://{registry.host}/charts", "repository_plain_http": True},
        }


def _digest(archive: bytes) -> str:
    return hashlib.sha256(archive).hexdigest()


def _chart(name: str, size: int) -> bytes:
    """A chart archive of about so many bytes; what is in it cannot be packed any smaller."""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=1, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        text = f"apiVersion: v2\nname: {name}\nversion: {VERSION}\n".encode()
        for path, content in ((f"{name}/Chart.yaml", text), (f"{name}/files/x", os.urandom(size))):
            member = tarfile.TarInfo(path)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _commit(clone: Path, charts: dict[str, bytes]) -> None:
    """Add the charts to a clone without a checkout, and random files until it is as large as wanted."""
    blobs = {f"assets/{name}/{name}-{VERSION}.tgz": content for name, content in charts.items()}
    chart_repository.git(clone, "config", "core.compression", "0")
    chart_repository.git(clone, "read-tree", "HEAD")
    for number in range((REPOSITORY_BYTES - _size(clone)) // CHART_BYTES):
        blobs[f"assets/filler/filler-{number}.0.0.tgz"] = os.urandom(CHART_BYTES)
    for path, content in blobs.items():
        scratch = clone / "scratch"
        scratch.write_bytes(content)
        blob = chart_repository.git(clone, "hash-object", "-w", "scratch").decode().strip()
        scratch.unlink()
        chart_repository.git(clone, "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    tree = chart_repository.git(clone, "write-tree").decode().strip()
    commit = chart_repository.git(clone, "commit-tree", "-p", "HEAD", "-m", "More", tree)
    chart_repository.git(clone, "update-ref", "HEAD", commit.decode().strip())


def _size(directory: Path) -> int:
    return sum(each.stat().st_size for each in directory.rglob("*") if each.is_file())


if __name__ == "__main__":
    sys.exit(main())
