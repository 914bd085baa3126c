# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.evidence import (
    Evidence,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._preflight.catalog_checks import (
    catalog_checks,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._preflight.check import (
    Check,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.resting_cluster import (
    bad,
    only,
    release,
    resting_cluster,
)


def checks(overlay: dict[str, Any] | None = None, target: str = "v1.6.1") -> list[Check]:
    return catalog_checks(Evidence.from_dict(resting_cluster(overlay)), release(target))


def pinned(image: str) -> dict[str, Any]:
    return {"set": {"settings": {"shell-image": {"value": image, "effective": image}}}}


def test_a_cluster_at_rest() -> None:
    assert bad(checks()) == []
    assert {check.id for check in checks()} == {
        "catalog-objects",
        "chart-index",
        "shell-image",
        "rancher-config",
    }


@pytest.mark.parametrize(
    "name", ["rancher-charts", "rancher-rke2-charts", "rancher-partner-charts"]
)
@pytest.mark.parametrize("left", [None, {"deleted": True}])
def test_a_clusterrepo_the_job_cannot_delete(name: str, left: dict[str, Any] | None) -> None:
    found = only(checks({"set": {"cluster_repos": {name: left}}}))
    assert (found.outcome, found.id, found.failure_mode) == ("fail", "catalog-objects", "6.25")
    assert found.subject == f"ClusterRepo/{name}"


def test_a_setting_the_job_cannot_delete() -> None:
    evidence = resting_cluster()
    del evidence["settings"]["chart-default-branch"]
    found = only(catalog_checks(Evidence.from_dict(evidence), release("v1.6.1")))
    assert found.subject == "Setting/chart-default-branch"


def test_what_the_job_does_not_delete_need_not_be_there() -> None:
    """With the same Rancher the job skips the step."""
    overlay = {"set": {"cluster_repos": {"rancher-rke2-charts": None}}}
    assert bad(checks(overlay, target="v1.5.0")) == []


def test_repos_that_could_not_be_read_are_not_missing() -> None:
    overlay = {"set": {"cluster_repos": None}, "sources": {"cluster_repos": "forbidden"}}
    assert bad(checks(overlay)) == []


@pytest.mark.parametrize("state", ["absent", "corrupt", "foreign-owner"])
def test_an_index_that_is_not_there(state: str) -> None:
    found = only(checks({"set": {"chart_index": {"state": state, "charts": {}}}}))
    assert (found.outcome, found.id, found.failure_mode) == ("warn", "chart-index", "6.9")


@pytest.mark.parametrize(
    ("image", "target", "outcome", "said"),
    [
        # FM 7.3: v1.6.1 carries v0.3.0 and v0.5.0, its Rancher 2.12 uses v0.5.0
        ("rancher/shell:v0.5.0", "v1.6.1", "pass", "the default of Rancher v2.12.2"),
        ("rancher/shell:v0.3.0", "v1.6.1", "warn", "carries it"),
        ("rancher/shell:v0.4.0", "v1.6.1", "fail", "an air-gapped node cannot pull it"),
        ("rancher/shell:v0.9.0", "v1.6.1", "warn", "an air-gapped node cannot pull it"),
        ("mirror.local/tools:latest", "v1.6.1", "warn", "an air-gapped node cannot pull it"),
        # what a target carries is not always known
        ("rancher/shell:v0.4.0", "v1.6.0", "fail", "it may not be on the nodes"),
        # v1.3.2 pinned it, the scripts of 1.4 to 1.6 undo it, later ones do not (FM 6.13)
        ("rancher/shell:v0.1.26", "v1.6.1", "pass", "undo by themselves"),
        ("rancher/shell:v0.1.26", "v1.7.1", "fail", "its helm is older"),
        ("rancher/shell:v0.7.0", "v1.8.2", "unknown", "is not known"),
    ],
)
def test_a_pinned_shell_image(image: str, target: str, outcome: str, said: str) -> None:
    (found,) = [check for check in checks(pinned(image), target) if check.id == "shell-image"]
    assert found.outcome == outcome
    assert said in found.message
    assert ("kubectl patch" in found.what_next) == (outcome != "pass")


def test_a_shell_image_that_the_environment_overrules() -> None:
    of_the_image = {"overruled": True, "environment": "rancher/shell:v0.4.0", "source": "env"}
    overlay = pinned("rancher/shell:v0.4.0")
    overlay["set"]["settings"]["shell-image"] |= of_the_image
    (found,) = [check for check in checks(overlay, "v1.6.1") if check.id == "shell-image"]
    assert (found.outcome, found.message) == ("pass", "The shell image is not pinned.")
    overlay["set"]["settings"]["shell-image"]["doubt"] = "kubectl-edit has changed its value"
    (found,) = [check for check in checks(overlay, "v1.6.1") if check.id == "shell-image"]
    assert found.outcome == "unknown"
    assert "kubectl-edit" in found.message


def test_a_shell_image_in_the_environment() -> None:
    overlay = {"set": {"rancher": {"env": {"CATTLE_SHELL_IMAGE": "rancher/shell:v0.1.26"}}}}
    found = only(checks(overlay))
    assert (found.outcome, found.subject) == ("warn", "Deployment/cattle-system/rancher")


def test_a_priority_class_that_does_not_exist() -> None:
    overlay = {"set": {"rancher_config": {"priority_class_name": "gone"}}}
    found = only(checks(overlay))
    assert (found.outcome, found.id, found.failure_mode) == ("fail", "rancher-config", "6.23")


def test_a_rancher_config_that_is_no_yaml() -> None:
    overlay = {"set": {"rancher_config": {"errors": {"fleet": "line 2: mapping values"}}}}
    found = only(checks(overlay))
    assert "values for fleet are no YAML mapping (line 2" in found.message
