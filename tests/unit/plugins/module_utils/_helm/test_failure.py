# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm import failure

FAILED = "Error: UPGRADE FAILED: "

# What helm 3.22 and 4.3 print, or what issues quote.
SAMPLES = [
    (
        FAILED + "another operation (install/upgrade/rollback) is in progress",
        "another-operation",
    ),
    (FAILED + "release: already exists", "another-operation"),
    ("Error: unknown flag: --take-ownership", "unknown-flag"),
    (FAILED + '"fleet" has no deployed releases', "no-deployed-releases"),
    ("Error: release: not found", "release-not-found"),
    ("Error: release has no 0 version", "release-not-found"),
    (
        FAILED + "chart requires kubeVersion: < 1.33.0-0 which is incompatible with v1.35.4",
        "kube-version",
    ),
    (
        FAILED + 'Unable to continue with update: ConfigMap "x" in namespace "y" exists and cannot '
        "be imported into the current release: invalid ownership metadata; label validation error",
        "ownership",
    ),
    (
        FAILED + 'cannot patch "gitjob" with kind Deployment: Deployment.apps "gitjob" is invalid: '
        "spec.selector: Invalid value: v1.LabelSelector{}: field is immutable",
        "immutable",
    ),
    (
        FAILED + 'cannot patch "x" with kind StatefulSet: StatefulSet.apps "x" is invalid: spec: '
        "Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden",
        "immutable",
    ),
    (
        FAILED + 'cannot patch "x" with kind Cluster: admission webhook "rancher.cattle.io" denied '
        "the request: no",
        "webhook-denied",
    ),
    (
        FAILED + 'failed calling webhook "rancher.cattle.io.secrets": Post "https://x": '
        "context deadline exceeded",
        "webhook-unreachable",
    ),
    (
        FAILED + "conflict occurred while applying object a/b: Apply failed with 1 conflict: "
        'conflict with "kubectl" using v1: .data.x',
        "conflict",
    ),
    (
        FAILED + "post-upgrade hooks failed: 1 error occurred: timed out waiting for the condition",
        "hook-timed-out",
    ),
    (FAILED + "pre-upgrade hooks failed: job failed: BackoffLimitExceeded", "hook-failed"),
    (FAILED + "timed out waiting for the condition", "timed-out"),
    (
        FAILED + "resource Deployment/a/b not ready. status: InProgress, message: Available: 0/1\n"
        "context deadline exceeded",
        "timed-out",
    ),
    (FAILED + "context canceled", "interrupted"),
    (
        'Error: Kubernetes cluster unreachable: Get "https://x": dial tcp: connect: connection refused',
        "api-interrupted",
    ),
    (
        FAILED + 'an error on the server ("Bad Gateway") has prevented the request from succeeding',
        "api-interrupted",
    ),
    (
        FAILED + 'resource mapping not found for name: "x": no matches for kind "Bundle" in '
        'version "fleet.cattle.io/v1alpha1"',
        "missing-crd",
    ),
    ('Error: secrets is forbidden: User "alice" cannot list resource "secrets"', "forbidden"),
    ("Error: values don't meet the specifications of the schema(s)", "values-schema"),
    (
        "Error: template: a/b.yaml:3:7: executing: error calling include: nil pointer evaluating x",
        "render",
    ),
    (FAILED + "YAML parse error on fleet/templates/deployment.yaml: error", "render"),
    (
        "Error: INSTALLATION FAILED: execution error at (rancher-turtles/templates/x.yaml:4:3): no",
        "render",
    ),
    (FAILED + 'cannot parse template "x.tpl": bad', "render"),
    (FAILED + "error converting YAML to JSON: yaml: line 9: did not find expected key", "render"),
    # The look-up in a template fails because the API server does not answer.
    (
        FAILED
        + "template: x/y.yaml:3:7: executing: error calling lookup: dial tcp: connection refused",
        "api-interrupted",
    ),
    (
        FAILED + 'deployments.apps "fleet-controller" is forbidden: unable to create new content in'
        " namespace cattle-fleet-system because it is being terminated",
        "namespace-terminating",
    ),
    # Also where the Secret of the revision itself is refused, or a hook's Job.
    (
        FAILED
        + 'create: failed to create: secrets "sh.helm.release.v1.x.v1" is forbidden: unable to'
        " create new content in namespace x because it is being terminated",
        "namespace-terminating",
    ),
    (
        "Error: INSTALLATION FAILED: failed pre-install: warning: Hook pre-install a/b.yaml failed: 1"
        ' error occurred:\n\t* jobs.batch "j" is forbidden: exceeded quota: q, requested: pods=1\n',
        "quota",
    ),
    (
        "Error: INSTALLATION FAILED: failed pre-install: warning: Hook pre-install a/b.yaml failed: 1"
        ' error occurred:\n\t* namespaces "rancher-turtles-system" not found\n',
        "namespace-missing",
    ),
    (FAILED + 'object is being deleted: clusterroles "x" already exists', "object-terminating"),
    (FAILED + 'failed to create resource: serviceaccounts "x" already exists', "already-exists"),
    (
        FAILED + 'create: failed to create: Secret "sh.helm.release.v1.x.v2" is invalid: data: Too'
        " long: may not be more than 1048576 bytes",
        "release-too-large",
    ),
    (FAILED + "create: failed to create: etcdserver: request is too large", "release-too-large"),
    (
        FAILED
        + 'create: failed to create: admission webhook "validator.harvesterhci.io" denied the'
        " request: no",
        "webhook-denied",
    ),
    (
        FAILED
        + 'Internal error occurred: failed calling webhook "rancher.cattle.io": failed to call'
        ' webhook: Post "https://x": tls: failed to verify certificate: x509: certificate has expired',
        "webhook-untrusted",
    ),
    (
        FAILED + "conversion webhook for fleet.cattle.io/v1alpha1, Kind=Bundle failed: Post: no"
        " endpoints available",
        "webhook-unreachable",
    ),
    (
        'Error: Kubernetes cluster unreachable: Get "https://x": x509: certificate has expired',
        "api-untrusted",
    ),
    (
        FAILED + "current release manifest contains removed kubernetes api(s) for this kubernetes"
        ' version: unable to recognize "": no matches for kind "PodDisruptionBudget"',
        "api-removed",
    ),
    ("Error: open /home/shell/helm/fleet-1.tgz: no such file or directory", "chart-missing"),
    (
        FAILED
        + "Operation cannot be fulfilled on x: the object has been modified; please apply your"
        " changes to the latest version and try again",
        "modified-meanwhile",
    ),
    (FAILED + "Timeout: request did not complete within requested timeout", "api-interrupted"),
    (
        "Waiting for Kubernetes API to be available\nTimeout waiting for kubernetes",
        "api-interrupted",
    ),
    (
        FAILED + "pre-upgrade hooks failed: resource Job/a/b not ready. status: InProgress\ncontext"
        " deadline exceeded",
        "hook-timed-out",
    ),
    (
        FAILED + 'Deployment.apps "x" is invalid: spec.template.spec.containers[0].image: Required'
        " value",
        "invalid-object",
    ),
    # Descriptions of failed revisions are read like logs.
    ('Upgrade "fleet" failed: timed out waiting for the condition', "timed-out"),
    ('Release "x" failed: failed pre-install: job failed: DeadlineExceeded', "hook-timed-out"),
]


@pytest.mark.parametrize(("text", "kind"), SAMPLES)
def test_the_reason_is_recognised(text: str, kind: str) -> None:
    assert failure.kinds_of(text)[0] == kind


def test_the_last_error_counts_before_complaints_on_the_way() -> None:
    text = "dial tcp: connect: connection refused\nError: chart requires kubeVersion: < 1.33\n"
    assert failure.kind_of(text) == "kube-version"
    assert failure.kind_of("connection refused\nError: exit status 1") == "api-interrupted"
    assert failure.kind_of("Error: the moon") is None


def test_every_kind_has_a_meaning_and_a_remedy() -> None:
    for name in (*failure.KINDS, "image", failure.UNKNOWN):
        assert failure.meaning_of(name)[:1].islower()
        assert failure.remedy_of(name).endswith(".")
        assert not (failure.passes(name) and failure.comes_again(name))
    assert failure.meaning_of("a word of a newer collection") == failure.meaning_of("unknown")


def test_an_unknown_text_has_no_kind() -> None:
    assert failure.kinds_of("Error: the moon is in the wrong phase") == []
    assert not failure.is_retryable(None)
    assert failure.remedy_of(None)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Error: UPGRADE FAILED: no\n", "UPGRADE FAILED: no"),
        (
            "W1123 10:00:00 warnings.go:70] unknown field\n"
            'level=WARN msg="upgrade failed" name=fleet\n'
            "Error: UPGRADE FAILED: timed out waiting for the condition\n",
            "UPGRADE FAILED: timed out waiting for the condition",
        ),
        ("Error: first\nError: unknown flag: --x\n", "unknown flag: --x"),
        (
            "Error: INSTALLATION FAILED: 1 error occurred:\n\t* pods x is forbidden: User y\n",
            "* pods x is forbidden: User y",
        ),
        ("panic: no\n\n", "panic: no"),
        ("", ""),
        ("Error: " + "x" * 5000, "x" * 600),
    ],
)
def test_the_telling_line_is_found(text: str, line: str) -> None:
    assert failure.telling_line(text) == line


def test_the_kind_that_ended_helm_is_the_first_of_all() -> None:
    text = (
        "connection refused\nError: chart requires kubeVersion: < 1.33, context deadline exceeded"
    )
    assert failure.kinds_of(text) == ["kube-version", "timed-out", "api-interrupted"]
