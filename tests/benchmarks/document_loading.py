# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the memory that diagnose needs for evidence files of any size and kind.

In one run, beside each other: the peak of the largest process of ``diagnose`` with the evidence of a small cluster
(the floor), with that of a large one, and with files of 150 MiB that it has to refuse. The size of a large
cluster's evidence is the reason for the limit.

    make benchmark
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.loading import (
    MOST_BYTES,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build

MIB = 1024 * 1024
HUGE_BYTES = 150 * MIB
# What refusing a file may cost above the floor.
MOST_MEMORY = 32 * MIB
NODES, BUNDLES, REVISIONS = 1000, 1000, 5000
ANSIBLE_PLAYBOOK = Path(__file__).resolve().parents[2] / ".venv" / "bin" / "ansible-playbook"
PLAYBOOK = "harvester_ops.remediation.diagnose"
# Runs a command and reports how much memory the largest of its processes had at most.
_MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
sys.stdout.buffer.write(done.stdout)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
"""


def main() -> int:
    """Measure and print; the exit code says whether the budget holds."""
    with tempfile.TemporaryDirectory(prefix="remediation-benchmark-") as folder:
        small, large = build({}), large_evidence()
        floor = _one(Path(folder), "evidence of a small cluster", _written(small), 0)
        _one(Path(folder), "evidence of a large cluster", _written(large), floor)
        refused = {
            "150 MiB of JSON": _huge_json,
            "150 MiB of gzip": lambda path: _repeated(path, b"\x1f\x8b\x08"),
            "150 MiB of zip": lambda path: _repeated(path, b"PK\x03\x04"),
            "150 MiB of anything": lambda path: _repeated(path, b""),
        }
        peaks = [_one(Path(folder), name, write, floor) for name, write in refused.items()]
    print(
        f"budget: {MOST_MEMORY // MIB} MiB above the floor; limit: {MOST_BYTES // MIB} MiB a file"
    )
    fits = len(json.dumps(large, indent=2)) < MOST_BYTES / 4
    return 0 if fits and max(peaks) - floor <= MOST_MEMORY else 1


def large_evidence() -> dict[str, Any]:
    """Evidence with as many nodes, Bundles and revisions as no cluster is known to have."""
    evidence = build({})
    for name, count in (("nodes", NODES), ("bundles", BUNDLES)):
        evidence[name] = list(_copies(evidence[name], count))
    release = evidence["releases"][0]
    release["revisions"] = list(_copies(release["revisions"], REVISIONS))
    return evidence


def _copies(items: list[dict[str, Any]], count: int) -> Iterator[dict[str, Any]]:
    """``count`` items made of the given ones, told apart by name or number."""
    for number in range(count):
        item = copy.deepcopy(items[number % len(items)])
        if "name" in item:
            item["name"] = f"{item['name']}-{number}"
        if "revision" in item:
            item["revision"] = number + 1
        yield item


def _written(document: dict[str, Any]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_text(json.dumps(document, indent=2), encoding="utf-8")

    return write


def _huge_json(path: Path) -> None:
    """A document of the right schema that is one long list."""
    entry = json.dumps({"kind": "Pod", "name": "x" * 200}).encode()
    with path.open("wb") as stream:
        stream.write(b'{"schema": "harvester_ops.remediation/evidence/v1", "pods": [')
        for _line in range(HUGE_BYTES // (len(entry) + 1)):
            stream.write(entry + b",")
        stream.write(entry + b"]}")


def _repeated(path: Path, start: bytes) -> None:
    block = os.urandom(MIB)
    with path.open("wb") as stream:
        stream.write(start)
        for _block in range(HUGE_BYTES // MIB):
            stream.write(block)


def _one(folder: Path, name: str, write: Callable[[Path], None], floor: int) -> int:
    """Diagnose one file; the peak memory in bytes."""
    path = folder / "given"
    write(path)
    command = (
        *(sys.executable, "-c", _MEASURED, str(ANSIBLE_PLAYBOOK), PLAYBOOK),
        *("-e", f"remediation_evidence_file={path}"),
        *("-e", f"remediation_artifacts_dir={folder / 'artifacts'}"),
    )
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, check=False)
    seconds = time.monotonic() - started
    peak = int(done.stderr.split()[-1]) * 1024
    above = f"+{(peak - floor) / MIB:.0f} MiB" if floor else ""
    size = path.stat().st_size / MIB
    print(
        f"{name:<30}{size:>8.1f} MiB{peak / MIB:>8.0f} MiB {above:>10}{seconds:>8.2f} s", flush=True
    )
    return peak


if __name__ == "__main__":
    sys.exit(main())
