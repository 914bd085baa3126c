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
        "hook-failed",
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
]


@pytest.mark.parametrize(("text", "kind"), SAMPLES)
def test_the_reason_is_recognised(text: str, kind: str) -> None:
    assert failure.kinds_of(text)[0] == kind


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
