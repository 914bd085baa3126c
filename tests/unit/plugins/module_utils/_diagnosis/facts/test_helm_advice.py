# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.helm_advice import (
    AdvisedFailure,
    with_advice,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.helm_failures import (
    HelmFailure,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm import failure


def advice(words: str, chart: str | None = "rancher-turtles", cause: str = "") -> AdvisedFailure:
    failed = HelmFailure(
        namespace="cattle-turtles-system",
        release="rancher-turtles",
        chart=chart,
        count=1,
        first_at=None,
        last_at=None,
        first_age_seconds=None,
        last_age_seconds=None,
        pod=None,
        action=None,
        revision=None,
        cause=cause or failure.kind_of(words) or failure.UNKNOWN,
        meaning="",
        words=words,
        passes=False,
        lasting=True,
    )
    return with_advice(failed)


def commands(words: str, **more: Any) -> str:
    return "\n".join(advice(words, **more).commands)


@pytest.mark.parametrize("cause", [*failure.KINDS, "image", failure.UNKNOWN])
@pytest.mark.parametrize("words", ["", "{0} {x} %s {{ x }} $(reboot) `reboot`; 'reboot"])
def test_every_cause_has_advice_and_no_words_get_into_a_command(cause: str, words: str) -> None:
    told = advice(words, cause=cause)
    assert told.what_next.endswith(".")
    assert "reboot" not in "".join(told.commands)
    # Only an option for ansible-playbook has braces.
    assert "{" not in told.what_next.partition(" -e '{\"remediation_")[0]


def test_a_definition_of_another_release_is_handed_over() -> None:
    told = commands(
        'Unable to continue with install: CustomResourceDefinition "capiproviders.turtles-capi.cattle.io"'
        ' in namespace "" exists and cannot be imported into the current release: invalid ownership'
        ' metadata; annotation validation error: key "meta.helm.sh/release-namespace" must equal'
        ' "cattle-turtles-system": current value is "rancher-turtles-system"'
    )
    name = "customresourcedefinition capiproviders.turtles-capi.cattle.io"
    assert f"kubectl get {name} -o jsonpath" in told
    assert "helm -n rancher-turtles-system status RELEASE" in told
    assert f"kubectl annotate {name} --overwrite meta.helm.sh/release-name=rancher-turtles" in told
    assert "meta.helm.sh/release-namespace=cattle-turtles-system" in told
    assert f"kubectl label {name} --overwrite app.kubernetes.io/managed-by=Helm" in told
    assert "grep -F '.turtles-capi.cattle.io'" in told


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (
            'ConfigMap "x" in namespace "y" exists and cannot be imported into the current release',
            "kubectl -n y get configmap x",
        ),
        (
            'CustomResourceDefinition "x" exists and cannot be imported into the current release',
            "kubectl get customresourcedefinition x",
        ),
        (
            'cannot patch "gitjob" with kind Deployment: x: field is immutable',
            "kubectl -n cattle-turtles-system delete deployment gitjob",
        ),
        ('serviceaccounts "hook" already exists', "get serviceaccounts hook"),
        (
            "deployments is forbidden: unable to create new content in namespace doomed because it is"
            " being terminated",
            "kubectl get namespace doomed -o",
        ),
        (
            "pre-upgrade hooks failed: job rancher-turtles-hook failed: BackoffLimitExceeded",
            "logs job/rancher-turtles-hook",
        ),
        ("pre-upgrade hooks failed: timed out waiting for the condition", "shellImage.image.tag"),
        ('namespaces "rancher-turtles-system" not found', "namespace rancher-turtles-system"),
        ('no matches for kind "Bundle" in version "fleet.cattle.io/v1alpha1"', "fleet.cattle.io"),
        (
            'admission webhook "validator.harvesterhci.io" denied the request: no',
            "'validator.harvesterhci.io'",
        ),
        ("execution error at (x): no", "edit configmap rancher-config   # key rancher-turtles"),
        ("chart requires kubeVersion: < 1.33", "kubectl version"),
        ("exceeded quota: q", "describe resourcequotas"),
    ],
)
def test_what_helm_names_is_in_the_commands(words: str, command: str) -> None:
    assert command in commands(words)


def test_hooks_of_other_charts_have_images_of_their_own() -> None:
    assert "shellImage" not in commands("failed pre-install: job failed", chart="fleet")


@pytest.mark.parametrize("chart", ["fleet-crd", None])
@pytest.mark.parametrize("words", ["execution error at (x): no", "failed pre-install: job failed"])
def test_where_rancher_config_has_no_say_it_is_not_named(chart: str | None, words: str) -> None:
    told = advice(words, chart=chart)
    assert "rancher-config" not in "".join(told.commands)
    assert "key" not in told.what_next
