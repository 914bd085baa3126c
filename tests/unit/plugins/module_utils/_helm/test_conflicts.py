# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm import failure
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.conflicts import (
    Conflict,
    advice,
    conflicts_in,
    in_one_line,
    refusal,
    show_command,
    unapproved,
)

FLEET_CONFIG = Conflict("ConfigMap/cattle-fleet-system/fleet-controller", ".data.config", "rancher")
IMAGE = Conflict(
    "Deployment/cattle-fleet-system/gitjob",
    '.spec.template.spec.containers[name="gitjob"].image',
    "kubectl-edit",
)
# As Helm 4 prints it: several objects in one line, several fields of an object in one line each.
WORDS = (
    "Error: UPGRADE FAILED: conflict occurred while applying object cattle-fleet-system/fleet-controller /v1,"
    ' Kind=ConfigMap: Apply failed with 1 conflict: conflict with "rancher" using v1: .data.config && conflict'
    " occurred while applying object cattle-fleet-system/gitjob apps/v1, Kind=Deployment: Apply failed with 2"
    ' conflicts: conflicts with "kubectl" with subresource "scale" using apps/v1:\n- .spec.replicas\nconflicts with'
    ' "kubectl-edit" using apps/v1:\n- .spec.template.spec.containers[name="gitjob"].image && conflict occurred'
    " while applying object /rancher.cattle.io admissionregistration.k8s.io/v1, Kind=MutatingWebhookConfiguration:"
    ' Apply failed with 1 conflict: conflict with "webhook" using admissionregistration.k8s.io/v1:'
    ' .webhooks[name="a"].rules\n'
)
REPLICAS = Conflict("Deployment/cattle-fleet-system/gitjob", ".spec.replicas", "kubectl")
WEBHOOK = Conflict(
    "MutatingWebhookConfiguration/rancher.cattle.io", '.webhooks[name="a"].rules', "webhook"
)
ALL = (FLEET_CONFIG, REPLICAS, IMAGE, WEBHOOK)


def test_helms_words_name_every_field() -> None:
    assert conflicts_in(WORDS) == ALL
    assert conflicts_in(in_one_line(WORDS)) == ALL


def test_the_line_that_says_why_names_every_field() -> None:
    assert failure.kind_of(WORDS) == failure.CONFLICT
    assert "\n" not in failure.telling_line(WORDS)
    assert ".spec.replicas" in failure.telling_line(WORDS)


@pytest.mark.parametrize("words", ["", "Error: UPGRADE FAILED: timed out", 'conflict with "x"'])
def test_other_words_name_no_field(words: str) -> None:
    assert conflicts_in(words) == ()


@pytest.mark.parametrize(
    ("conflict", "shared", "put_back"),
    [
        (FLEET_CONFIG, True, False),
        (Conflict("ConfigMap/default/fleet-controller", ".data.config", "x"), False, False),
        (Conflict(FLEET_CONFIG.object, ".data.other", "x"), False, False),
        (REPLICAS, True, True),
        (Conflict("StatefulSet/a/b", ".spec.replicas", "x"), True, True),
        (Conflict("DaemonSet/a/b", ".spec.replicas", "x"), False, False),
        (Conflict("Job/a/b", ".spec.replicas", "x"), False, False),
        (WEBHOOK, True, False),
        (Conflict(WEBHOOK.object, '.webhooks[name="a"].clientConfig.caBundle', "x"), True, True),
        (Conflict("MutatingWebhookConfiguration/other", WEBHOOK.field, "x"), False, False),
        (
            Conflict(
                "ValidatingWebhookConfiguration/o", '.webhooks[name="a"].clientConfig.caBundle', "x"
            ),
            True,
            True,
        ),
        (
            Conflict(
                "CustomResourceDefinition/a.b",
                ".spec.conversion.webhook.clientConfig.caBundle",
                "x",
            ),
            True,
            True,
        ),
        (Conflict("APIService/v1.x", ".spec.caBundle", "x"), True, True),
        (IMAGE, False, False),
    ],
    ids=str,
)
def test_one_table_knows_what_is_shared(conflict: Conflict, shared: bool, put_back: bool) -> None:
    row = conflict.shared
    assert (row is not None, row is not None and row.put_back) == (shared, put_back)
    assert conflict.allowed == shared


@pytest.mark.parametrize("manager", ["helm", "harvester_ops.remediation"])
def test_what_helm_or_a_restoration_wrote_needs_no_word(manager: str) -> None:
    assert Conflict(IMAGE.object, IMAGE.field, manager).allowed


def test_a_refusal_names_the_exact_option() -> None:
    error = refusal("cattle-fleet-system", "fleet", ALL)
    assert error.code == "field-conflict"
    assert IMAGE.text in error.message
    assert ".data.config" not in error.message
    assert '-e \'{"remediation_force_releases": ["fleet"]}\'' in error.remedy
    assert show_command(IMAGE.object) in error.remedy
    assert len(error.details["conflicts"]) == len(ALL)


def test_shared_fields_alone_need_no_option() -> None:
    assert unapproved([FLEET_CONFIG, REPLICAS]) == ()
    assert "force" not in advice("fleet", [FLEET_CONFIG, REPLICAS])


def test_an_object_of_the_cluster_has_no_namespace_in_its_command() -> None:
    assert show_command("CustomResourceDefinition/a.b").startswith("kubectl get custom")
    assert show_command(IMAGE.object).startswith("kubectl -n cattle-fleet-system get deployment")
