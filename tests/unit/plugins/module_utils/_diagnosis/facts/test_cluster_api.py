# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why the CAPI cluster does not change: only what was looked at is named as the cause."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build

WAIT = {"kind": "capi-cluster", "phase": "Provisioned", "generation": "5", "age": 3000}
MACHINES = [
    {"name": f"custom-{number}", "phase": "Running", "node": f"node-{number}"}
    for number in (1, 2, 3)
]
GHOST = {"name": "custom-4", "phase": "Provisioning", "node": None}


@pytest.mark.parametrize(
    ("given", "words", "command"),
    [
        ({"capi_cluster": {"paused": True}}, "spec.paused is true", '"paused":false'),
        ({"machines": [*MACHINES, GHOST]}, "1 of its 4 Machines .*custom-4", "delete machines"),
        ({"machines": MACHINES[:2]}, "node-3 has no Machine", "rancher-system-agent"),
        ({"fleet": {"kubeconfig_secret": {"cluster_name": ""}}}, "lacks the label", "label secret"),
        ({"machines": MACHINES}, "its generation is 5", "metadata.generation"),
        (
            {"capi_cluster": {"phase": "Provisioning"}},
            "might be the cause",
            "openssl x509 -enddate",
        ),
    ],
)
def test_each_cause_has_its_words_and_its_command(
    given: dict[str, Any], words: str, command: str
) -> None:
    finding = diagnose(build({"wait": WAIT, "set": given}))["findings"][0]
    assert finding["id"] == "capi-cluster-wait-never-ends"
    assert re.search(words, finding["message"])
    assert command in " ".join(finding["remedy"]["instructions"]["commands"])
