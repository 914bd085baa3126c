#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_repo
short_description: Make Rancher read a chart repository again
version_added: 0.1.0
description:
  - Refreshes or rebuilds the index that Rancher keeps of a ClusterRepo and waits until it is there,
    touches the ClusterRepo so that Rancher looks at its charts, or creates an absent one again.
  - A ClusterRepo is never deleted. From Rancher 2.12 on that would remove the charts bundled in the
    leader pod, too.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  name:
    description: Name of the ClusterRepo.
    type: str
    default: rancher-charts
  state:
    description:
      - V(refreshed) changes C(spec.forceUpdate), which makes Rancher download the repository again.
      - V(rebuilt) deletes the index ConfigMaps before that, so that the index is also built anew when
        the commit is the same.
      - V(nudged) sets an annotation. The event makes Rancher look at all its charts. It is a change
        each time.
      - V(present) creates the ClusterRepo when it is absent, and for C(rancher-charts) also Setting
        C(chart-default-branch). Existing ones are left as they are.
    type: str
    choices: [refreshed, rebuilt, nudged, present]
    required: true
  charts:
    description:
      - Charts that the index must list, with V(refreshed) and V(rebuilt). Nothing is done when it
        lists them all; the module fails when it does not in the end.
      - V(refreshed) without charts acts each time; V(rebuilt) without charts acts when the index is
        absent, corrupt or of an earlier ClusterRepo.
    type: list
    elements: dict
    default: []
    suboptions:
      chart:
        description: Name of the chart.
        type: str
        required: true
      version:
        description: Its version, compared byte for byte.
        type: str
        required: true
  force:
    description: Refresh or rebuild also when there is nothing wrong.
    type: bool
    default: false
  expected_uid:
    description: Fail when the ClusterRepo has another UID, that is when it was created anew.
    type: str
  expected_config_maps:
    description:
      - With V(rebuilt), the index ConfigMaps that the rebuild is meant for. The module fails, and
        deletes none, when one of them exists with another UID.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the ConfigMap.
        type: str
        required: true
      uid:
        description: Its UID.
        type: str
        required: true
  git_repo:
    description: With V(present), the URL; by default the usual one of a repository of this name.
    type: str
  git_branch:
    description:
      - With V(present), the branch; by default the usual one, for C(rancher-charts) that of the running
        Rancher (V(release-v2.11) for v2.11.0).
    type: str
  branch_setting:
    description: With V(present) and C(rancher-charts), whether Setting C(chart-default-branch) is created, too.
    type: bool
    default: true
  timeout:
    description: Seconds to wait for Rancher.
    type: int
    default: 300
extends_documentation_fragment:
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
attributes:
  check_mode:
    support: full
    details: Writes are sent to the API server as dry run; nothing is waited for.
  diff_mode:
    support: full
  idempotent:
    support: partial
    details: O(state=nudged), and O(state=refreshed) without O(charts), act each time.
seealso:
  - module: harvester_ops.remediation.rancher_chart
"""

EXAMPLES = r"""
---
- name: Have the index list the fleet charts that the upgrade waits for
  harvester_ops.remediation.cluster_repo:
    state: refreshed
    charts:
      - chart: fleet
        version: 109.0.2+up0.15.2
      - chart: fleet-crd
        version: 109.0.2+up0.15.2

- name: Build a damaged index anew
  harvester_ops.remediation.cluster_repo:
    state: rebuilt

- name: Make Rancher look at its charts now
  harvester_ops.remediation.cluster_repo:
    state: nudged

- name: Create again what the upgrade job has deleted
  harvester_ops.remediation.cluster_repo:
    name: "{{ item }}"
    state: present
  loop:
    - rancher-charts
    - rancher-rke2-charts
    - rancher-partner-charts
"""

RETURN = r"""
before:
  description: ClusterRepo and index as they were found.
  returned: success
  type: dict
  contains:
    cluster_repo:
      description: The ClusterRepo, null when it was absent.
      type: dict
      returned: always
      sample:
        name: rancher-charts
        uid: 0b9a7a0e-6d2c-4f0e-9b1b-2f4f6c1a1c11
        git_branch: release-v2.14
        commit: 9f3c0a6f5d0c
        download_time: "2026-11-23T13:02:11Z"
    index:
      description:
        - The index. C(state) is V(ok), V(absent), V(corrupt) or V(foreign-owner), C(reason) says why,
          C(config_maps) are its parts and C(missing) those of O(charts) that it does not list.
      type: dict
      returned: always
      sample:
        state: ok
        reason: ""
        config_maps: []
        missing: [fleet 109.0.2+up0.15.2]
after:
  description: The same as they are now; in check mode as RV(before).
  returned: success
  type: dict
deleted:
  description: Names of the index ConfigMaps that were, or would be, deleted.
  returned: success
  type: list
  elements: str
created:
  description: Kinds and names of the objects that were, or would be, created.
  returned: success
  type: list
  elements: str
  sample: [ClusterRepo/rancher-charts, Setting/chart-default-branch]
"""

from collections.abc import Callable
from typing import Any, NoReturn

from ..module_utils._module import ModuleContext, run_module
from ..module_utils._rancher.catalog.refresh import (
    RefreshRequest,
    RepoOutcome,
    RepoSpec,
    WantedChart,
    ensure_present,
    nudge,
    rebuild,
    refresh,
)

ARGUMENT_SPEC: dict[str, Any] = {
    "name": {"type": "str", "default": "rancher-charts"},
    "state": {
        "type": "str",
        "choices": ["refreshed", "rebuilt", "nudged", "present"],
        "required": True,
    },
    "charts": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "chart": {"type": "str", "required": True},
            "version": {"type": "str", "required": True},
        },
    },
    "force": {"type": "bool", "default": False},
    "expected_uid": {"type": "str"},
    "expected_config_maps": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "uid": {"type": "str", "required": True},
        },
    },
    "git_repo": {"type": "str"},
    "git_branch": {"type": "str"},
    "branch_setting": {"type": "bool", "default": True},
    "timeout": {"type": "int", "default": 300},
}


def _act(context: ModuleContext, request: RefreshRequest) -> RepoOutcome:
    params, client = context.params, context.client()
    spec = RepoSpec(params["git_repo"], params["git_branch"], params["branch_setting"])
    actions: dict[str, Callable[[], RepoOutcome]] = {
        "refreshed": lambda: refresh(client, request),
        "rebuilt": lambda: rebuild(client, request),
        "nudged": lambda: nudge(client, request),
        "present": lambda: ensure_present(client, request, spec),
    }
    return actions[params["state"]]()


def handle(context: ModuleContext) -> dict[str, Any]:
    """Bring the ClusterRepo into the state asked for."""
    params = context.params
    charts = [WantedChart(each["chart"], each["version"]) for each in params["charts"]]
    request = RefreshRequest(
        name=params["name"],
        charts=charts,
        expected_uid=params["expected_uid"],
        expected_config_maps={each["name"]: each["uid"] for each in params["expected_config_maps"]},
        force=params["force"],
        timeout=params["timeout"],
        dry_run=context.check_mode,
        on_change=context.log,
    )
    outcome = _act(context, request)
    before, after = outcome.before.to_dict(charts), outcome.after.to_dict(charts)
    result = {
        "changed": outcome.changed,
        "before": before,
        "after": after,
        "deleted": list(outcome.deleted),
        "created": list(outcome.created),
    }
    if context.diff:
        result["diff"] = {"before": before, "after": after}
    return result


def main() -> NoReturn:
    """Run the module."""
    run_module(ARGUMENT_SPEC, handle)


if __name__ == "__main__":
    main()
