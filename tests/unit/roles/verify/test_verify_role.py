# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last proof: Rancher has nothing left to do, for every release that it keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import (
    OLD_WEBHOOK,
    build,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.role_play import play_role

CAPI = "rancher-provisioning-capi"
OLD_CAPI = [[1, "deployed", "105.0.0+up0.6.0", 9_000_000]]
CHARTS = {"releases": {CAPI: OLD_CAPI}}


def insisted(folder: Path, overlay: dict[str, Any]) -> dict[str, Any] | None:
    """The error that the role ends with on a cluster like this."""
    variables = {
        "verify_findings_after": diagnose(build(overlay)),
        "verify_artifacts_dir": str(folder),
        "verify_run_id": "run",
    }
    return play_role(folder, "verify", variables, {}, tasks_from="insist").error


def test_where_rancher_rests_the_proof_is_made(tmp_path: Path) -> None:
    """Charts that it may or may not keep (the system-upgrade-controller's) do not count."""
    assert insisted(tmp_path, {}) is None


@pytest.mark.parametrize(
    "release", ["rancher-webhook", CAPI], ids=["the job waits for it", "the job does not"]
)
def test_a_release_that_rancher_would_change_is_named(tmp_path: Path, release: str) -> None:
    old = {"rancher-webhook": [[3, "deployed", OLD_WEBHOOK, 9_000_000]], CAPI: OLD_CAPI}
    error = insisted(tmp_path, {"releases": {release: old[release]}})
    assert error is not None
    assert (error["code"], error["message"]) == (
        "stalled",
        f"Rancher would still act: {release}.",
    )


def test_a_chart_whose_feature_is_off_does_not_count(tmp_path: Path) -> None:
    off = {"features": {"embedded-cluster-api": False}}
    assert insisted(tmp_path, {**CHARTS, "set": off}) is None


def test_what_cannot_be_told_is_no_act(tmp_path: Path) -> None:
    unread = {"sources": {"releases": "error"}, "set": {"releases": []}}
    error = insisted(tmp_path, unread)
    assert error is not None
    assert error["message"].startswith("It cannot be told whether Rancher would still act: fleet")
    assert "not_seen" in error["remedy"]
