# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run does that has lost the cluster lock: nothing further."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.names import (
    LOCK_NAME,
    LOCK_NAMESPACE,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._module import ModuleContext
from ansible_collections.harvester_ops.remediation.plugins.module_utils._run.cluster_lock import (
    LockRequest,
    hold,
)
from ansible_collections.harvester_ops.remediation.plugins.modules import (
    helm_release,
    remediation_lock,
    remediation_wait,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster

MINE = "ops@jump1 run 1"


def context(cluster: Cluster, **params: Any) -> ModuleContext:
    made = SimpleNamespace(params=params, check_mode=False, client=lambda: cluster)
    return cast(ModuleContext, made)


def waits(cluster: Cluster) -> object:
    params = {"condition": "system_services_upgraded", "lock_holder": MINE, "observation": {}}
    return remediation_wait.handle(context(cluster, **params))


def starts_helm(cluster: Cluster) -> object:
    return helm_release._renew_lock(context(cluster, lock_holder=MINE))(60.0)


def begins_a_step(cluster: Cluster) -> object:
    lock = {"holder": MINE, "state": "renewed", "purpose": "", "process": "", "duration": 180}
    return remediation_lock.handle(
        context(cluster, **lock, namespace=LOCK_NAMESPACE, name=LOCK_NAME)
    )


@pytest.mark.parametrize("act", [waits, starts_helm, begins_a_step])
@pytest.mark.parametrize("holder", ["ci@runner run 2", None], ids=["another run", "nobody"])
def test_it_fails_for_good_and_takes_no_lock(
    act: Callable[[Cluster], object], holder: str | None
) -> None:
    cluster = Cluster()
    if holder:
        hold(cluster, LockRequest(holder))
    before = dict(cluster.objects)
    with pytest.raises(RemediationError) as caught:
        act(cluster)
    assert (caught.value.code, caught.value.retryable) == ("lock-lost", False)
    assert cluster.objects == before
