# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
import string
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester import (
    job_log,
    job_log_lines,
    job_log_waits,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester.job_log_lines import (
    WAIT,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.log_lines import (
    ContainerLog,
    LogLine,
)
from ansible_collections.harvester_ops.remediation.tests.unit.plugins.module_utils._harvester.test_job_log_lines import (
    LINES,
)


def _wait_lines() -> list[str]:
    found = [(line, job_log_lines.classify(line)) for _function, line in LINES]
    return sorted({line for line, row in found if row and row[0].line_class == WAIT})


@pytest.mark.parametrize("line", _wait_lines())
def test_the_words_of_every_line_of_a_wait(line: str) -> None:
    wait = job_log.wait_of(job_log.events_of(ContainerLog((LogLine(None, line),))))
    assert wait is not None
    words = job_log_waits.words(wait)
    assert words
    assert not re.search(r"[{}]|None|rollout of rollout|\s\s", words)
    assert job_log_waits.ends_when(wait)
    for command in job_log_waits.look_at(wait):
        assert not re.search(r"[{}]|None", command)


def _fields(texts: tuple[str, ...]) -> set[str]:
    return {name for each in texts for _t, name, _s, _c in string.Formatter().parse(each) if name}


@pytest.mark.parametrize("kind", sorted(job_log_waits.WAITS))
@pytest.mark.parametrize("missing", [None, "", "  ", [], {}])
def test_words_with_fields_missing(kind: str, missing: Any) -> None:
    table = job_log_waits.WAITS[kind]
    assert not _fields(table.words[-1:])
    names = _fields(table.words + table.look_at)
    for name in names:
        wait = {"kind": kind, **dict.fromkeys(names, "deployment"), name: missing}
        words = job_log_waits.words(wait)
        assert words
        assert not re.search(r"[{}\[\]]|None|  ", words)
        assert all("None" not in each for each in job_log_waits.look_at(wait))
    assert job_log_waits.words({"kind": kind}) == table.words[-1]


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (
            {
                "kind": "rollout",
                "namespace": "cattle-system",
                "workload": "deployment",
                "name": "rancher",
            },
            "the rollout of Deployment cattle-system/rancher",
        ),
        (
            {"kind": "rollout", "workload": "daemonset", "name": "x"},
            "the rollout of DaemonSet x",
        ),
        (
            {"kind": "rollout", "namespace": "a", "workload": "something", "name": "x"},
            "the rollout of x",
        ),
        ({"kind": "rollout"}, "the rollout of a workload"),
        ({"kind": "no-such-kind"}, None),
        ({}, None),
        ({"kind": None}, None),
        (
            {"kind": "capi-cluster", "phase": "", "generation": ""},
            "the CAPI cluster fleet-local/local",
        ),
        (
            {
                "kind": "capi-cluster",
                "phase": "Failed",
                "generation": "7",
                "wanted_generation": "8",
            },
            "the CAPI cluster fleet-local/local (phase Failed, generation 7 of 8)",
        ),
    ],
)
def test_words(wait: dict[str, Any], words: str | None) -> None:
    assert job_log_waits.words(wait) == words


@pytest.mark.parametrize(
    ("kind", "bound"),
    [
        ("rollout", 600),  # progressDeadlineSeconds
        ("helm-release", 314),  # system-managed-charts-operation-timeout, after up to 14 s
        ("rancher-version", 300),  # helm upgrade rancher --wait
        ("cluster-repo", 300),  # Will retry after 5m0s
        ("capi-cluster", 30),  # required_stable_seconds
        ("cluster-not-ready", 60),  # 30 times 2 s
        ("fleet-bundles", 190),  # 10 s and 18 times 10 s
        ("addon", 300),  # 60 times 5 s
        ("download", 1000),  # 100 times 10 s
        ("managed-chart", 800),  # timeoutSeconds as the script counts it up
    ],
)
def test_no_wait_is_too_long_before_its_own_bound(kind: str, bound: int) -> None:
    assert kind in job_log_waits.WAITS
    assert job_log_waits.usual_seconds(kind) >= bound
