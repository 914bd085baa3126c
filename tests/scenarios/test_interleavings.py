# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rancher at its nastiest: nudged, frozen and resumed by chance while a run works, from a seed that says when.

Whatever happens in between: never two operations on a release at once, no revision lost, and no verdict that later
proves false. ``REMEDIATION_SEEDS=100`` runs as many seeds, a hundred take about two hours.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.tests.scenarios.audit import AuditLog
from ansible_collections.harvester_ops.remediation.tests.scenarios.playbook import REMEDIATE
from ansible_collections.harvester_ops.remediation.tests.scenarios.sick_cluster import (
    AWAITED,
    SickCluster,
    sick_cluster,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.walk import (
    APPROVED,
    become_old,
)
from doubles import clusterrepo, helm_storage
from doubles.cluster import RELEASE_NAMESPACES
from doubles.scenarios import scenario

SEEDS = range(int(os.environ.get("REMEDIATION_SEEDS", "6")))
ILLNESSES = (
    "pending-upgrade-lock",
    "rc-to-ga-skip-fleet",
    "lock-and-skip-and-lost-url",
    "pending-but-right-version",
)
REVISION = re.compile(
    r"(?P<namespace>[^/]+)/sh\.helm\.release\.v1\.(?P<release>.+)\.v(?P<number>\d+)"
)
HONEST = {"repaired", "healthy", "moving", "needs_approval", "stalled", "refused"}


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_rancher_does_meanwhile(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    illness = ILLNESSES[seed % len(ILLNESSES)]
    with sick_cluster(scenario(illness), tmp_path, helm=3 + seed % 2) as sick:
        become_old(sick, "fleet")
        everyone = AuditLog(sick.control_plane.audit_log, "").mark()
        with restless_rancher(sick, chance):
            run = sick.operator.with_options(**APPROVED).start(REMEDIATE).finish()
        assert run.report["verdict"] in HONEST, run
        assert overlaps(everyone) == [], run
        if run.report["verdict"] == "repaired":
            proves_true(sick)
        become_old(sick)
        again = sick.operator.writing_to(tmp_path / "again").remediate(**APPROVED)
        assert again.report["verdict"] in ("repaired", "healthy"), again
        proves_true(sick)
        assert overlaps(everyone) == []


def proves_true(sick: SickCluster) -> None:
    """The releases are as wanted, no revision is locked or unreadable, and Rancher changes nothing any more."""
    assert sick.is_as_wanted(), sick.revisions()
    for release in AWAITED:
        namespace = RELEASE_NAMESPACES[release]
        found = helm_storage.revisions(sick.stuck.cluster, namespace, release)
        assert [each.status for each in found].count("deployed") == 1, release
        assert not [each for each in found if each.status.startswith("pending-")], release
    before = sick.revisions()
    sick.let_rancher_look()
    assert sick.revisions() == before


@contextlib.contextmanager
def restless_rancher(sick: SickCluster, chance: random.Random) -> Iterator[None]:
    """Nudge Rancher up to five times a second, and freeze it now and then for some seconds."""
    over = threading.Event()

    def act() -> None:
        while not over.wait(chance.uniform(0.2, 2.0)):
            if chance.random() < 0.2:
                with frozen(sick):
                    over.wait(chance.uniform(0.5, 12.0))
            else:
                patch = {"metadata": {"annotations": {"repair/nudge": str(time.time_ns())}}}
                with contextlib.suppress(Exception):
                    sick.stuck.cluster.patch(clusterrepo.KIND, clusterrepo.CHARTS, patch)

    actor = threading.Thread(target=act)
    actor.start()
    try:
        yield
    finally:
        over.set()
        actor.join()


@contextlib.contextmanager
def frozen(sick: SickCluster) -> Iterator[None]:
    """Rancher's process stands still, and so does what it has started in its own group."""
    group = os.getpgid(sick.stuck.pid_of("rancher"))
    os.killpg(group, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(group, signal.SIGCONT)


def overlaps(log: AuditLog) -> list[str]:
    """Operations that began on a release before the one before them had written its end."""
    open_operations: dict[tuple[str, str], int] = {}
    found = []
    for request in log.requests():
        match = REVISION.fullmatch(request.name)
        if request.resource != "secrets" or not request.writes or match is None:
            continue
        release, number = (match["namespace"], match["release"]), int(match["number"])
        if request.verb == "create":
            if release in open_operations:
                found.append(f"{match['release']} {open_operations[release]} and {number}")
            open_operations[release] = number
        elif open_operations.get(release) == number:
            del open_operations[release]
    return found
