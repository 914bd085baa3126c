# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release by itself, however little of it was read."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.stored_release import (
    StoredRelease,
    stored_release,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import (
    FLEET,
    OLD_FLEET,
    evidence_of,
)

NAME = ("cattle-fleet-system", "fleet")


def fleet(*revisions: Any, read: str = "ok", **parts: Any) -> StoredRelease:
    overlay = {"releases": {"fleet": {"read": read, "revisions": list(revisions)}}, "set": parts}
    return stored_release(evidence_of(overlay), *NAME)


def test_the_last_revision_is_what_is_installed() -> None:
    found = fleet([8, "failed", FLEET, 60], [7, "deployed", OLD_FLEET, 90_000])
    assert (found.release_state, found.installed_version) == ("failed", FLEET)
    assert [each.status for each in found.history] == ["failed", "deployed"]
    assert (found.name, found.subject) == (NAME, "Release/cattle-fleet-system/fleet")


@pytest.mark.parametrize(
    ("read", "state"), [("absent", "absent"), ("ok", "absent"), ("forbidden", "unknown")]
)
def test_a_release_without_revisions(read: str, state: str) -> None:
    found = fleet(read=read)
    assert (found.release_state, found.installed, found.history) == (state, None, ())


def test_what_cannot_be_decoded_has_the_status_of_its_label_in_the_history_only() -> None:
    broken = {"revision": 8, "status": "deployed", "version": FLEET, "age": 60, "error": "no gzip"}
    found = fleet(broken)
    assert found.installed is not None
    assert (found.release_state, found.installed.status) == ("undecodable", None)
    assert not found.installed.decodable
    assert found.history[0].status == "deployed"


def test_a_pod_belongs_to_the_release_that_its_operation_names() -> None:
    operation = {"name": "helm-operation-a", "release": "fleet", "release_namespace": NAME[0]}
    pods = [
        {"name": "helm-operation-a"},
        {"name": "helm-operation-b"},
        {"name": "helm-operation-c", "release": "fleet", "release_namespace": "elsewhere"},
        {"name": "helm-operation-d", "release": "fleet", "release_namespace": NAME[0]},
    ]
    found = fleet([7, "deployed", FLEET, 60], operations=[operation], helm_pods=pods)
    assert [each.name for each in found.helm_pods] == ["helm-operation-a", "helm-operation-d"]
    assert [each.name for each in found.operations] == ["helm-operation-a"]
