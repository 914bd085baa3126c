# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure what diagnosing a large support bundle costs: 1 GiB unpacked, 30,000 members.

A generated bundle of a stuck cluster is read in a process of its own, as a zip archive, a tar.gz archive and a folder;
its peak of memory and its time are compared with the budget. Lists of tens of megabytes and long logs are where the
collectors read; the rest is what a bundle has besides.

    make benchmark
    PYTHONPATH=tests .venv/bin/python tests/benchmarks/bundle_reading.py --mib 100 --members 3000
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.harvester_ops.remediation.tests.unit.builders import support_bundle as kit
from ansible_collections.harvester_ops.remediation.tests.unit.builders.bundled_clusters import (
    cluster_of,
)

MIB = 1024 * 1024
MOST_MEMORY = 300 * MIB
MOST_SECONDS = 60.0
_NAMESPACES = ("longhorn-system", "harvester-system", "cattle-monitoring-system", "kube-system")
_READ = """
import resource, sys
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import diagnose
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.bundle.load import load_evidence
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.live.collector import CollectOptions
findings = diagnose(load_evidence(sys.argv[1:], CollectOptions(parallelism=1)))
print(findings["headline"])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
Member = tuple[str, list[bytes]]  # a path and blocks of content; the same block may come often


def main() -> int:
    """Measure and print; the exit code says whether the budget holds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=1024, help="size unpacked")
    parser.add_argument("--members", type=int, default=30_000)
    parser.add_argument("--forms", nargs="*", default=["zip", "tar.gz"])
    chosen = parser.parse_args()
    fits = []
    with tempfile.TemporaryDirectory(prefix="remediation-benchmark-") as folder:
        for form in chosen.forms:
            path = Path(folder) / "given"
            write = {"zip": _write_zip, "tar.gz": _write_tar}[form]
            write(path, _members(chosen.mib * MIB, chosen.members))
            fits.append(_one(form, path))
    print(f"budget: {MOST_MEMORY // MIB} MiB, {MOST_SECONDS:.0f} s")
    return 0 if all(fits) else 1


def _one(form: str, path: Path) -> bool:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _READ, str(path)], capture_output=True, text=True, check=True
    )
    seconds = time.monotonic() - started
    headline, peak = done.stdout.splitlines()
    memory = int(peak) * 1024
    size = path.stat().st_size / MIB
    print(
        f"{form:<8}{size:>8.1f} MiB packed{memory / MIB:>8.0f} MiB{seconds:>8.1f} s  {headline}",
        flush=True,
    )
    return memory <= MOST_MEMORY and seconds <= MOST_SECONDS


def _members(size: int, count: int) -> Iterator[Member]:
    """A stuck cluster, large where the collectors read, and enough of everything else."""
    cluster = cluster_of("locked")
    given = 0
    for name, content in kit.members(cluster.objects, cluster.logs).items():
        blocks = [content]
        if name in _LONG:
            blocks = _LONG[name](content, size // 40)
        given += sum(map(len, blocks))
        yield f"{kit.NAME}/{name}", blocks
    line = b'2026-11-23T14:00:00.123456789Z time="2026-11-23" level=info msg="a line like any other, of some length"\n'
    block = line * (64 * 1024 // len(line))
    each = max(1, (size - given) // count // len(line))
    for number in range(count):
        namespace = _NAMESPACES[number % len(_NAMESPACES)]
        few, rest = divmod(each, 64 * 1024 // len(line))
        yield f"{kit.NAME}/logs/{namespace}/pod-{number}/main.log", [block] * few + [line * rest]


def _more_items(content: bytes, size: int) -> list[bytes]:
    """The list with many more items: each of its items over and over, under other names."""
    head, _items, rest = content.partition(b"items:\n")
    items, _kind, tail = rest.partition(b"kind: List")
    blocks, given, number = [head + b"items:\n", items], 0, 0
    while given < size:
        number += 1
        block = items.replace(b"    name: ", b"    name: z%d-" % number)
        blocks.append(block)
        given += len(block)
    return [*blocks, b"kind: List", tail]


def _more_lines(content: bytes, size: int) -> list[bytes]:
    line = b"2026-11-23T12:00:00.1Z 2026/11/23 12:00:00 [INFO] a line of Rancher like any other, of some length\n"
    return [line * 1000] * (size // (1000 * len(line))) + [content]


_LONG = {
    "yamls/namespaced/cattle-system/v1/pods.yaml": _more_items,
    "yamls/namespaced/cattle-system/v1/configmaps.yaml": _more_items,
    "yamls/namespaced/fleet-local/fleet.cattle.io/v1alpha1/bundles.yaml": _more_items,
    "logs/cattle-system/rancher-1/rancher.log": _more_lines,
}


def _write_zip(path: Path, members: Iterator[Member]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, blocks in members:
            with archive.open(name, "w") as stream:
                for block in blocks:
                    stream.write(block)


def _write_tar(path: Path, members: Iterator[Member]) -> None:
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, blocks in members:
            entry = tarfile.TarInfo(name)
            entry.size = sum(map(len, blocks))
            archive.addfile(entry, _Blocks(blocks))  # type: ignore[arg-type]


class _Blocks:
    """The blocks as a stream."""

    def __init__(self, blocks: list[bytes]) -> None:
        self._blocks, self._waiting = iter(blocks), b""

    def read(self, size: int) -> bytes:
        """The next bytes."""
        while len(self._waiting) < size and (block := next(self._blocks, b"")):
            self._waiting += block
        given, self._waiting = self._waiting[:size], self._waiting[size:]
        return given


if __name__ == "__main__":
    sys.exit(main())
