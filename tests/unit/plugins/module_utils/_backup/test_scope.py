# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup.scope import (
    Wanted,
    scope,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.actions import (
    ACTIONS,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.plan import (
    ObjectRef,
    Plan,
    Step,
)

PARTNERS = ObjectRef("catalog.cattle.io/v1", "ClusterRepo", None, "rancher-partner-charts")


def step(action: str, reference: ObjectRef, **params: str) -> Step:
    """A step of that action on that object."""
    module = ACTIONS[action].module if action in ACTIONS else "cluster_repo"
    return Step(action, module, "Do it", "finding", reference, params, id="01-it")


def plan_of(*steps: Step) -> dict[str, object]:
    """A plan of these steps."""
    return Plan("cluster", "digest", {}, steps).to_dict()


def labels(plan: dict[str, object] | None = None) -> dict[str, Wanted]:
    found = scope(plan or {})
    return {
        f"{each.resource.api_version} {each.label} {each.label_selector or ''}{each.name_suffix}".strip(): each
        for each in found
    }


@pytest.mark.parametrize(
    "wanted",
    [
        # P-BACKUP
        "harvesterhci.io/v1beta1 Upgrade/harvester-system/* harvesterhci.io/latestUpgrade=true",
        "batch/v1 Job/harvester-system/* harvesterhci.io/upgradeComponent=manifest",
        "v1 Pod/harvester-system/* harvesterhci.io/upgradeComponent=manifest",
        "management.harvesterhci.io/v1beta1 UpgradePlan/*",
        "batch/v1 Job/harvester-system/* management.harvesterhci.io/upgrade-component=cluster-upgrade",
        "v1 Pod/harvester-system/* management.harvesterhci.io/upgrade-component=cluster-upgrade",
        "v1 ConfigMap/cattle-fleet-system/fleet-controller",
        "v1 ConfigMap/cattle-system/rancher-config",
        "catalog.cattle.io/v1 ClusterRepo/rancher-charts",
        "v1 ConfigMap/cattle-system/rancher-charts-*",
        "management.cattle.io/v3 Setting/fleet-version",
        "management.cattle.io/v3 Setting/internal-cacerts",
        "fleet.cattle.io/v1alpha1 Cluster/*",
        "fleet.cattle.io/v1alpha1 Bundle/*",
        "management.cattle.io/v3 ManagedChart/*",
        "apiextensions.k8s.io/v1 CustomResourceDefinition/* .fleet.cattle.io",
        # 6.40, by failure mode
        "v1 Secret/cattle-fleet-system/* owner=helm,name=fleet-crd",  # 6.1, 6.3
        "v1 Secret/cattle-system/* owner=helm,name=rancher-webhook",  # 6.2
        "admissionregistration.k8s.io/v1 MutatingWebhookConfiguration/*",  # 6.2, 6.19, 6.20
        "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration/*",
        "v1 Secret/cattle-system/* owner=helm,name=rancher",  # 6.12
        "management.cattle.io/v3 Setting/shell-image",  # 6.13
        "v1 Secret/harvester-system/* owner=helm,name=harvester",  # 6.17
        "fleet.cattle.io/v1alpha1 BundleDeployment/*",  # 6.18, 6.32
        "cluster.x-k8s.io/v1beta1 Cluster/fleet-local/local",  # 6.21
        "apps/v1 Deployment/cattle-fleet-local-system/fleet-agent",  # 6.27
        "v1 Secret/cattle-fleet-local-system/fleet-agent-bootstrap",  # 6.28
        "v1 Secret/fleet-local/local-rke-state",  # 6.31
        "provisioning.cattle.io/v1 Cluster/fleet-local/local",  # 6.38
    ],
)
def test_holds_what_the_failure_modes_ask_for(wanted: str) -> None:
    assert wanted in labels()


def test_only_what_a_step_changes_is_required() -> None:
    assert not any(each.required for each in scope({}))
    release = {"namespace": "cattle-fleet-system", "release": "fleet"}
    fleet = ObjectRef("v1", "Secret", "cattle-fleet-system", "sh.helm.release.v1.fleet.v3")
    found = labels(plan_of(step("upgrade_release", fleet, **release), step("nudge", PARTNERS)))
    assert {name for name, each in found.items() if each.required} == {
        "v1 Secret/cattle-fleet-system/* owner=helm,name=fleet",
        "catalog.cattle.io/v1 ClusterRepo/rancher-partner-charts",
    }
    assert "v1 ConfigMap/cattle-system/rancher-partner-charts-*" in found


def test_what_a_chart_has_made_is_saved_where_fields_of_it_may_be_removed() -> None:
    fleet = ObjectRef("v1", "Secret", "cattle-fleet-system", "sh.helm.release.v1.fleet.v3")
    release = {"namespace": "cattle-fleet-system", "release": "fleet"}
    made = "apps/v1 Deployment/cattle-fleet-system/* app.kubernetes.io/managed-by=Helm"
    required = {
        action: labels(plan_of(step(action, fleet, **release)))[made].required
        for action in ("upgrade_release", "roll_back_release", "remove_leftovers")
    }
    assert required == {
        "upgrade_release": False,
        "roll_back_release": False,
        "remove_leftovers": True,
    }
    assert made not in labels(plan_of(step("unlock_release", fleet, **release)))


def test_nothing_is_read_twice() -> None:
    assert len(labels()) == len(scope({}))


@pytest.mark.parametrize(
    ("action", "reference"),
    [
        ("nudge", ObjectRef("v1", "ConfigMap", "cattle-system", "rancher-config")),
        ("resync_bundle", ObjectRef("apps/v1", "DaemonSet", "cattle-system", "agent")),
        ("polish", PARTNERS),
    ],
    ids=["another-kind", "unknown-kind", "unknown-action"],
)
def test_a_step_that_the_backup_does_not_know_is_refused(action: str, reference: ObjectRef) -> None:
    """Left out, its object would be changed without a copy of it."""
    with pytest.raises(RemediationError) as caught:
        scope(plan_of(step(action, reference)))
    assert caught.value.code == "plan-invalid"
    assert "01-it" in caught.value.message
