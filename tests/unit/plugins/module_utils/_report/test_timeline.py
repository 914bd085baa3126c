# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.run import (
    Run,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.timeline import (
    run_timeline,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.runs import run_of


def test_everything_in_the_order_in_which_it_happened() -> None:
    entries = run_timeline(Run.from_documents(run_of("repaired")))
    assert [each.at for each in entries] == sorted(each.at for each in entries)
    texts = [each.text for each in entries]
    wanted = [
        "Upgrade hvst-upgrade-x7k2p to v1.5.0 begins",
        "Its job waits for Helm release",
        "The run begins",
        "The cluster is read and diagnosed",
        "is approved at the terminal",
        "The backup backup-20261123T145948Z-3f9c2a is written",
        "remove its pending revision 5: done",
        "fleet-crd to 106.0.0+up0.12.0: done",
        "fleet to 106.0.0+up0.12.0: done",
        "nothing to do",
        "read and diagnosed again",
        "The run ends",
    ]
    assert len(texts) == len(wanted)
    assert all(part in text for part, text in zip(wanted, texts, strict=True)), texts


def test_what_has_no_time_is_left_out() -> None:
    assert run_timeline(Run.from_documents({})) == []
    assert [
        each.text
        for each in run_timeline(Run.from_documents({"started_at": "2026-11-23T15:00:00Z"}))
    ] == ["The run begins"]


def test_a_failed_step_is_of_its_own_kind() -> None:
    run = run_of("repaired")
    run["steps"][1]["outcome"] = "failed"
    assert [
        each.text for each in run_timeline(Run.from_documents(run)) if each.kind == "failed"
    ] == ["Upgrade release fleet-crd to 106.0.0+up0.12.0: failed"]
