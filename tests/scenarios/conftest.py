# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which scenarios run side by side: every test by itself, but those that share a cluster together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

HERE = Path(__file__).parent

# What only `make scenarios` runs: with these, `make test` would take longer than an hour on two cores.
LEFT_OUT = (
    "test_repair_without_rancher",
    "test_lookalike",
    "test_check_mode_foresees",
    "test_a_living_helm_is_never_disturbed",
    "test_a_helm_that_begins_after_the_approval_is_waited_for",
    "test_a_helm_that_outlives_its_run_is_waited_for",
    "test_fifty_clusters_in_one_run",
    "test_helm_history_is_what_it_was_before_the_repair",
    "test_a_release_that_moves_under_the_plan_is_planned_again",
    "test_what_comes_up_later_is_repaired_within_the_approved_risk",
    "test_what_is_known_to_be_shared_is_taken_over[3",
    "test_a_run_killed_at",
    "test_whatever_rancher_does_meanwhile",
    "test_only_the_repair",
    "test_other_shapes_of_results",
    "test_the_next_run_converges[_cut_off_helm]",
    "test_the_whole_workflow[clusterrepo-or-index-missing",
    "test_the_whole_workflow[pending-install-no-deployed",
    "test_the_next_run_converges[_cut_off_module]",
    "test_failure_mode[fleet-agent-not-redeployed",
    "test_failure_mode[bundle-errapplied-operation-in-progress",
    "test_failure_mode[missing-workspace-holds-plan",
)
# Of releases by Helm 4 the main failure modes, repaired with either; all else is left out.
PAIRS = (
    "[rc-to-ga-skip-fleet-helm4-on-helm4]",
    "[rc-to-ga-skip-fleet-helm3-on-helm4]",
    "[pending-but-right-version-helm4-on-helm4]",
)
# One repair that is undone by putting back what was, and one by deleting what it has made.
UNDONE = ("pending-upgrade-lock", "rancher-phase-skipped")
# Every Rancher line once, and both Helms; the other pairs are left out.
LINES = ("v2.10.1-helm3", "v2.11.0-helm4", "v2.12.2-helm3", "v2.13.0-helm4", "v2.14.2-helm3")

# Of what is said of files as of the cluster they are of: where nothing is wrong, and what a bundle shows in part.
OF_FILES = ("[healthy-helm3]", "[pending-upgrade-lock-helm3]")

# Modules whose tests have a cluster each, or do well with any. The tests of all other modules share
# one that is too dear to be made for each worker.
APART = (
    "test_controlplane.py",
    "test_controlplane_build.py",
    "test_doubles.py",
    "test_evidence_files.py",
    "test_failure_modes.py",
    "test_fields_of_others.py",
    "test_helm_release.py",
    "test_interleavings.py",
    "test_interruption.py",
    "test_kill_matrix.py",
    "test_rancher_lines.py",
    "test_rounds.py",
    "test_undo.py",
)

# Of those apart, the ones with a cluster each come first: a worker keeps two tests waiting, and what
# is long must not wait behind another long one while the other workers have nothing left to do.
LONGEST_FIRST = (
    "test_interruption.py",
    "test_rounds.py",
    "test_failure_modes.py",
    "test_evidence_files.py",
    "test_fields_of_others.py",
    "test_rancher_lines.py",
    "test_doubles.py",
)


class BySharedCluster(LoadScopeScheduling):
    """Keeps tests that share a cluster on one worker."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return nodeid if module.endswith(APART) else module


@pytest.hookimpl
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> BySharedCluster:
    """Called when pytest-xdist begins to hand out tests."""
    return BySharedCluster(config, log)


def _is_left_out(name: str) -> bool:
    if name.startswith("test_main_scenario["):
        return not any(line in name for line in LINES)
    if name.startswith("test_files_say_what_the_cluster_says["):
        return not name.endswith(OF_FILES)
    if name.startswith("test_other_pair_of_helms["):
        return not name.endswith(PAIRS)
    if name.startswith("test_one_command_undoes_a_plan["):
        return not any(illness in name for illness in UNDONE)
    return name.startswith(LEFT_OUT)


def _place(item: pytest.Item) -> int:
    name = item.path.name
    return LONGEST_FIRST.index(name) if name in LONGEST_FIRST else len(LONGEST_FIRST)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what only `make scenarios` runs, and put the longest first."""
    items.sort(key=_place)
    for item in items:
        if item.path.parent == HERE and _is_left_out(item.name):
            item.add_marker("slow")
