# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who works on a release: yes, no, or not known; never a guess."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.actors import (
    idleness,
    live_actors,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import (
    ago,
    evidence_of,
)

NAMESPACE, RELEASE = "cattle-fleet-system", "fleet"


def idle(**parts: Any) -> bool | None:
    return idleness(evidence_of({"set": parts}), NAMESPACE, RELEASE).idle


def pod(**fields: Any) -> dict[str, Any]:
    return {"name": "helm-operation-a", "phase": "Running", "created_at": ago(100), **fields}


def operation(**fields: Any) -> dict[str, Any]:
    return {
        "name": "helm-operation-a",
        "namespace": NAMESPACE,
        "release": RELEASE,
        "release_namespace": NAMESPACE,
        "created_at": ago(30),
        "finished": False,
        "failed": False,
        **fields,
    }


def test_nobody() -> None:
    assert idle() is True


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"release": RELEASE}, False),
        ({"release": RELEASE, "phase": "Pending"}, False),
        ({"release": RELEASE, "phase": "Unknown"}, False),
        ({"release": "rancher-webhook"}, True),
        ({"release": RELEASE, "release_namespace": "elsewhere"}, True),
        ({"release": None}, False),
        ({"release": RELEASE, "phase": "Succeeded", "exit_code": 0}, True),
        ({"release": RELEASE, "phase": "Failed", "exit_code": 1}, True),
        ({"release": RELEASE, "exit_code": 1}, True),
        ({"release": RELEASE, "phase": "Pending", "waiting_reason": "ImagePullBackOff"}, True),
        ({"release": RELEASE, "phase": "Pending", "waiting_reason": "ContainerCreating"}, False),
    ],
)
def test_helm_pod(fields: dict[str, Any], answer: bool) -> None:
    assert idle(helm_pods=[pod(**fields)]) is answer


def test_the_operation_tells_on_what_its_pod_works() -> None:
    other = operation(
        release="rancher-webhook", release_namespace="cattle-system", pod="helm-operation-a"
    )
    assert idle(helm_pods=[pod(release=None)], operations=[other]) is True
    assert (
        idle(helm_pods=[pod(release=None)], operations=[operation(pod="helm-operation-a")]) is False
    )


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({}, False),
        ({"created_at": ago(300)}, True),
        ({"created_at": None}, False),
        ({"finished": True}, True),
        ({"failed": True}, True),
        ({"release": "rancher-webhook"}, True),
    ],
)
def test_operation_without_a_pod(fields: dict[str, Any], answer: bool) -> None:
    assert idle(operations=[operation(**fields)]) is answer


def test_operation_whose_pod_has_ended() -> None:
    # Nobody updates an operation when its pod is killed.
    ended = pod(phase="Failed", exit_code=137, release=RELEASE)
    assert idle(helm_pods=[ended], operations=[operation(pod="helm-operation-a")]) is True


def test_a_helm_of_somebody_else() -> None:
    actor = {
        "kind": "Job",
        "namespace": "x",
        "name": "by-hand",
        "release": RELEASE,
        "since": ago(50),
    }
    assert idle(helm_jobs=[actor]) is False
    assert idle(helm_jobs=[{**actor, "release": None}]) is False
    assert idle(helm_jobs=[{**actor, "release": "fleet-crd"}]) is True


@pytest.mark.parametrize("source", ["helm_pods", "operations"])
@pytest.mark.parametrize("state", ["forbidden", "error"])
def test_what_was_not_seen_is_not_idle(source: str, state: str) -> None:
    evidence = evidence_of({"sources": {source: state}, "set": {source: None}})
    assert idleness(evidence, NAMESPACE, RELEASE).idle is None


def test_an_older_operation_counts_while_pods_cannot_be_seen() -> None:
    evidence = evidence_of(
        {
            "sources": {"helm_pods": "forbidden"},
            "set": {"helm_pods": None, "operations": [operation(created_at=ago(1800))]},
        }
    )
    found = idleness(evidence, NAMESPACE, RELEASE)
    assert found.idle is False
    assert found.actor is not None
    assert found.actor.kind == "Operation"


def test_everybody_is_listed() -> None:
    evidence = evidence_of(
        {"set": {"helm_pods": [pod()], "operations": [operation(name="b")], "helm_jobs": [{}]}}
    )
    assert [each.kind for each in live_actors(evidence)] == ["Pod", "Operation", "Pod"]
