# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.api_defaults import (
    is_default,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.field_path import Item

POD = ("spec", "template", "spec")


@pytest.mark.parametrize(
    ("path", "value", "default"),
    [
        ((*POD, "dnsPolicy"), "ClusterFirst", True),
        ((*POD, "dnsPolicy"), "Default", False),
        ((*POD, "securityContext"), {}, True),
        ((*POD, "securityContext"), {"runAsUser": 0}, False),
        ((*POD, "nodeSelector"), {"disk": "none"}, False),
        ((*POD, "terminationGracePeriodSeconds"), 30, True),
        ((*POD, "terminationGracePeriodSeconds"), 11, False),
        (
            ("spec", "strategy"),
            {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
            },
            True,
        ),
        (("spec", "strategy"), {"type": "Recreate"}, False),
        # Whatever it is: an autoscaler or a person scales.
        (("spec", "replicas"), 5, True),
        ((*POD, "volumes", Item((("name", "x"),))), {"name": "x", "emptyDir": {}}, False),
        # Of webhooks, conversions and aggregated APIs alike.
        (("webhooks", Item((("name", "a"),)), "clientConfig", "service", "port"), 443, True),
        (("webhooks", Item((("name", "a"),)), "clientConfig", "service", "port"), 9443, False),
        (("spec", "conversion"), {"strategy": "None"}, True),
        (("spec", "names", "listKind"), "DemoList", True),
        (("spec", "policyTypes"), ["Ingress"], True),
        (("preemptionPolicy",), "PreemptLowerPriority", True),
        (("reclaimPolicy",), "Delete", True),
        (("reclaimPolicy",), "Retain", False),
        ((*POD, "tolerations"), [], True),
        ((*POD, "tolerations"), [{"operator": "Exists"}], False),
    ],
)
def test_what_the_api_server_fills_in(path: Any, value: Any, default: bool) -> None:
    assert is_default(path, value) is default
