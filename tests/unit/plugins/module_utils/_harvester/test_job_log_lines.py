# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every line that the script of any release prints is in the table (tests/unit/data/job-log-lines.tsv)."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester import (
    job_log_lines,
    job_log_waits,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester.job_log_lines import (
    END,
    FAILURE,
    NOTE,
    WAIT,
    classify,
)

_DATA = Path(__file__).parents[3] / "data" / "job-log-lines.tsv"
_VALUES = {
    "namespace": "fleet-local",
    "name": "local",
    "release_name": "fleet",
    "chart": "fleet-106.0.0+up0.12.0",
    "app_version": "0.12.0",
    "status": "deployed",
    "current_chart": "fleet-105.0.2+up0.11.2",
    "current_app_version": "0.11.2",
    "current_status": "pending-upgrade",
    "resource_type": "deployment",
    "url": "http://upgrade-repo-x.harvester-system/harvester-iso/bundle/metadata.yaml",
    "et_spec": "controlNamespace: cattle-logging-system",
    "saved_config": "prometheus:",
}
_NUMBERS = ("i", "minutes_passed", "pod_cnt", "vm_count", "lm_ds_ready", "node_count", "ready", "elapsed",
            "tempstamp", "oldstamp", "timestamp", "newtimestamp", "new_generation", "generation", "?")  # fmt: skip
_VARIABLE = re.compile(r"\$\{?(\w+|\?)\}?")


def _printed(line: str) -> str:
    """The line as the job prints it, its shell variables replaced."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        return "17" if name in _NUMBERS else _VALUES.get(name, f"v1.2.3-{name}")

    return _VARIABLE.sub(value, line.replace('\\"', '"'))


def _lines() -> list[tuple[str, str]]:
    with _DATA.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row["function"], _printed(row["line"])) for row in rows]


LINES = _lines()


def _class_of(line: str) -> str | None:
    found = classify(line)
    return found[0].line_class if found else None


def test_the_list_holds_all_releases() -> None:
    text = _DATA.read_text(encoding="utf-8")
    assert len(LINES) > 400
    assert "v1.0.0" in text
    assert "v1.9.0-rc6" in text


def test_no_line_of_any_release_is_unknown() -> None:
    assert [line for _function, line in LINES if classify(line) is None] == []


def test_no_line_of_the_script_is_taken_for_the_output_of_a_program() -> None:
    """The last rows are for what kubectl prints; a line of the script that only fits there would not end a wait."""
    programs = {"document", "table", "log", "program-error"}
    dumps = {_printed("$et_spec"), _printed("$saved_config")}
    taken = {
        line for _function, line in LINES if (found := classify(line)) and found[0].kind in programs
    }
    assert taken - dumps == set()


def test_every_wait_has_words_an_end_and_a_usual_time() -> None:
    kinds = {row.kind for row in job_log_lines.ROWS if row.line_class == WAIT}
    assert kinds == set(job_log_waits.WAITS)
    for kind, wait in job_log_waits.WAITS.items():
        assert all((wait.words, wait.ends, wait.look_at)), kind
        assert 60 <= wait.usual_seconds <= 3600, kind


def test_one_kind_has_one_class() -> None:
    classes: dict[str, set[str]] = {}
    for row in job_log_lines.ROWS:
        classes.setdefault(row.kind, set()).add(row.line_class)
    assert {kind: found for kind, found in classes.items() if len(found) > 1} == {}


_IN_LOOPS = re.compile(
    r"^(?!.*(?:is found in|is (?:updated|true|new)\b|OK\.$|is provisioned|completes\.|catalog index updated"
    r"|ready is \d+$|fully ready))(?:[Ww]ait(?:ing)? |.*(?:continue(?: wait: \d+)?$|will retry|retry\.\.\.|waiting\.\.\.))"
)
_NO_LOOPS = re.compile(
    r"^Waiting 10s|[Ww]ait for (?:rollout of|Rancher de\w+ (?:rollout|becoming))|^Skip|until the related"
)


def test_what_reads_like_a_wait_is_one() -> None:
    """A line of a loop that counted as an end would make the wait look over while it goes on."""
    wrong = {
        line
        for _function, line in LINES
        if _IN_LOOPS.search(line) and not _NO_LOOPS.search(line) and _class_of(line) != WAIT
    }
    assert wrong == set()


@pytest.mark.parametrize(
    ("line", "kind", "line_class"),
    [
        ("[ERROR] Fail to get OS version from upgrade repo.", "script-error", FAILURE),
        ("CRITICAL ERROR: kubectl check failed with: no EXIT_CODE:1", "script-error", FAILURE),
        ("fail to wait rollout monitoring", "script-error", FAILURE),
        ("rollback succeeded, resume wait...", "helm-rollback-ended", NOTE),
        ("clusterrepo.catalog.cattle.io/rancher-charts patched", "cluster-repo", WAIT),
        ('clusterrepo.catalog.cattle.io "rancher-charts" deleted', "step", END),
        ("managedchart.management.cattle.io/harvester patched", "step", END),
        ("managedchart.management.cattle.io/harvester patched (no change)", "step", END),
        ("plan.upgrade.cattle.io/x-skip-restart-rancher-system-agent created", "plan", WAIT),
        ('Waiting for deployment "rancher" rollout to finish: 1 out of 3 new replicas have been updated...', "rollout", WAIT),
        ('Waiting for daemon set "x" rollout to finish: 1 of 3 updated pods are available...', "rollout", WAIT),
        ("Waiting for 1 pods to be ready...", "rollout", WAIT),
        ("partitioned roll out complete: 1 new pods have been updated...", "rollout-finished", END),
        ('error: deployment "rancher" exceeded its progress deadline', "program-error", NOTE),
        ("Error from server: etcdserver: leader changed", "program-error", NOTE),
        ("Warning: cluster.x-k8s.io/v1beta1 Cluster is deprecated", "program-error", NOTE),
        ("The connection to the server 10.53.0.1:443 was refused - did you specify the right host?", "program-error", NOTE),
        ("NAME                                READY   STATUS    RESTARTS   AGE", "table", NOTE),
        ("fleet-controller-7cd9b8d6bd-x2x2x   3/3     Running   0          5m", "table", NOTE),
        ("VM upgrade-repo-hvst-upgrade-x was scheduled to start", "program-error", NOTE),
        ("Thu Nov 23 15:00:00 UTC 2026", "date", NOTE),
        ("  replicas: 3", "document", NOTE),
    ],
)  # fmt: skip
def test_what_programs_print_between(line: str, kind: str, line_class: str) -> None:
    found = classify(line)
    assert found is not None
    assert (found[0].kind, found[0].line_class) == (kind, line_class)


@pytest.mark.parametrize(
    "line", ["", "hello", "FATAL something new", "echo wait helm release a b c d e"]
)
def test_lines_of_no_release(line: str) -> None:
    assert classify(line) is None


def test_rows_that_no_line_reaches_are_not_kept() -> None:
    """Of the waits, ends and failures; the lines of kubectl and helm are in the tests above and in test_job_log."""
    reached = {found[0].kind for _function, line in LINES if (found := classify(line))}
    others = {
        "rancher-upgraded",
        "cluster-repo-not-found",
        "setting-not-found",
        "upgrade-failed",
        "rollout-finished",
    }
    kinds = {row.kind for row in job_log_lines.ROWS if row.line_class != NOTE}
    assert kinds - reached == others
