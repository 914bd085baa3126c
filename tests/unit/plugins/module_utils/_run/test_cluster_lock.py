# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._run import cluster_lock
from ansible_collections.harvester_ops.remediation.plugins.module_utils._run.cluster_lock import (
    LockRequest,
    hold,
    renew,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._run.process import (
    RunProcess,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster


def here() -> RunProcess:
    process = RunProcess.of(os.getpid())
    assert process is not None
    return process


DEAD = replace(here(), started=1)
OTHER = LockRequest("ops@jump1 run 1", purpose="plan 1f2e", process=DEAD.text())
MINE = LockRequest("ops@jump1 run 2", process=here().text())


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What dead runs have left behind, by their lock."""
    found: dict[str, int] = {}
    monkeypatch.setattr(cluster_lock, "left_behind", found.get)
    return found


def refused(cluster: Cluster) -> RemediationError:
    with pytest.raises(RemediationError) as caught:
        hold(cluster, MINE)
    assert caught.value.code == "lock-held"
    return caught.value


def annotations(cluster: Cluster) -> dict[str, Any]:
    (lease,) = cluster.objects.values()
    return dict(lease["metadata"]["annotations"])


@pytest.mark.usefixtures("left")
def test_the_lock_of_a_run_that_died_here_is_taken_over_at_once() -> None:
    cluster = Cluster()
    hold(cluster, OTHER)
    taken = hold(cluster, MINE)
    assert taken["lock"]["holder"] == MINE.holder
    assert taken["taken_over_from"]["holder"] == OTHER.holder
    assert annotations(cluster) == {cluster_lock.PROCESS: MINE.process}


@pytest.mark.parametrize(
    "process",
    [here().text(), replace(DEAD, boot="of-another-machine").text(), ""],
    ids=["alive", "elsewhere", "unknown"],
)
@pytest.mark.usefixtures("left")
def test_one_that_may_live_keeps_it(process: str) -> None:
    cluster = Cluster()
    hold(cluster, replace(OTHER, process=process))
    error = refused(cluster)
    assert "plan 1f2e" in error.message
    assert "kubectl -n harvester-system delete lease harvester-ops-remediation" in error.remedy


def test_its_helm_is_waited_for(left: dict[str, int]) -> None:
    cluster = Cluster()
    hold(cluster, OTHER)
    left[OTHER.holder] = 4711
    assert "process 4711" in refused(cluster).message
    del left[OTHER.holder]
    assert hold(cluster, MINE)["changed"]


@pytest.mark.usefixtures("left")
def test_renewing_keeps_the_process_and_the_next_holder_does_not_inherit_it() -> None:
    cluster = Cluster()
    hold(cluster, OTHER)
    hold(cluster, LockRequest(OTHER.holder))
    assert annotations(cluster)[cluster_lock.PROCESS] == OTHER.process
    hold(cluster, replace(MINE, process=""))
    assert annotations(cluster) == {}


@pytest.mark.usefixtures("left")
def test_a_lost_lock_names_who_has_it_and_what_for() -> None:
    cluster = Cluster()
    hold(cluster, OTHER)
    with pytest.raises(RemediationError) as caught:
        renew(cluster, MINE)
    assert caught.value.code == "lock-lost"
    assert OTHER.holder in caught.value.message
    assert "plan 1f2e" in caught.value.message


@pytest.mark.usefixtures("left")
def test_renewing_is_no_change() -> None:
    cluster = Cluster()
    hold(cluster, MINE)
    renewed = renew(cluster, replace(MINE, process="", duration_seconds=480))
    assert (renewed["changed"], renewed["lock"]["holder"]) == (False, MINE.holder)
    assert annotations(cluster) == {cluster_lock.PROCESS: MINE.process}
