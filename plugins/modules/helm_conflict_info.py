#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: helm_conflict_info
short_description: Find the fields that a change of a release would take from other field managers
version_added: 0.1.0
description:
  - Renders an upgrade, or reads the revision of a rollback, and applies every object of it server-side in a dry run.
    Nothing is changed. A release that is locked is looked at, too.
  - Helm 4 applies a release server-side if its last revision was. It fails where another manager has set a field that
    the chart sets to another value. The dry run of helm itself stops before that.
  - For a release that was applied by the client there is nothing to find; helm overwrites such fields without asking.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  revision:
    description: The revision of a rollback. Without it an upgrade is looked at.
    type: int
extends_documentation_fragment:
  - harvester_ops.remediation.release
  - harvester_ops.remediation.release.values
  - harvester_ops.remediation.release.chart
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.helm
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.attributes.info_module
seealso:
  - module: harvester_ops.remediation.helm_release
  - module: harvester_ops.remediation.repair_plan
"""

EXAMPLES = r"""
---
- name: See whose fields an upgrade of fleet would take
  harvester_ops.remediation.helm_conflict_info:
    namespace: cattle-fleet-system
    release: fleet
    chart_version: 106.0.0+up0.12.0
    chart_path: "{{ chart.path }}"
  register: foreseen
"""

RETURN = r"""
server_side:
  description: Whether helm would apply the change server-side, as the release was before.
  returned: success
  type: bool
conflicts:
  description: The fields, and the managers that have set them.
  returned: success
  type: list
  elements: dict
  contains:
    object:
      description: The object.
      type: str
      returned: always
      sample: ConfigMap/cattle-fleet-system/fleet-controller
    field:
      description: The field.
      type: str
      returned: always
      sample: .data.config
    manager:
      description: The manager.
      type: str
      returned: always
      sample: harvester
unchecked:
  description: Objects for which the dry run failed otherwise, with the reason.
  returned: success
  type: list
  elements: str
"""

import asyncio
import json
from pathlib import Path
from typing import Any, NoReturn

from ..module_utils._core.errors import RemediationError
from ..module_utils._helm.capabilities import APPLY_SERVER_SIDE
from ..module_utils._helm.change import ReleaseChange
from ..module_utils._helm.cli import HelmCli, find_helm
from ..module_utils._helm.expectation import last_revision
from ..module_utils._helm.options import CHART, HELM, RELEASE, VALUES
from ..module_utils._helm.server_side import Foreseen, foresee
from ..module_utils._helm.storage import Revision, list_revisions
from ..module_utils._kube.auth import helm_environment
from ..module_utils._module import ModuleContext, run_module
from ..module_utils._rancher.charts.archive import verify_archive
from ..module_utils._rancher.server.upgrade_values import upgrade_values

ARGUMENT_SPEC: dict[str, Any] = {
    **RELEASE,
    **VALUES,
    **CHART,
    **HELM,
    "revision": {"type": "int"},
}


def _rendered(context: ModuleContext) -> str:
    """The manifest of the upgrade."""
    params = context.params
    chart, path = params["chart"] or params["release"], Path(params["chart_path"])
    verify_archive(
        path,
        chart,
        params["chart_version"],
        digest=params["chart_digest"],
        app_version=params["app_version"],
    )
    executable = find_helm(params["helm_binary"])
    values = json.dumps(upgrade_values(context.client(), chart, params)).encode()
    change = ReleaseChange(params["namespace"], params["release"])
    with helm_environment(params, tmpdir=context.tmpdir) as environment:
        cli = HelmCli(executable, environment, tmpdir=context.tmpdir)
        return asyncio.run(cli.render(change, path, values))


def _base(context: ModuleContext) -> Revision:
    """The revision that decides how helm applies: that of the rollback, else the last one."""
    params = context.params
    namespace, release, number = params["namespace"], params["release"], params["revision"]
    decode = "last" if number is None else "all"
    revisions = list_revisions(context.client(), namespace, release, decode=decode)
    found = [each for each in revisions if number in (None, each.revision)]
    if number is not None and not found:
        raise RemediationError(
            "not-found",
            f"Release/{namespace}/{release} has no revision {number}.",
            "Name a revision that it has.",
        )
    return last_revision(found, namespace, release)


def handle(context: ModuleContext) -> dict[str, Any]:
    """Look at the change in a dry run."""
    params, base = context.params, _base(context)
    server_side, found = base.apply_method == APPLY_SERVER_SIDE, Foreseen()
    if server_side:
        manifest = _rendered(context) if params["revision"] is None else base.manifest
        found = foresee(context.client(), params["namespace"], params["release"], manifest)
    return {
        "changed": False,
        "server_side": server_side,
        "conflicts": [each.to_dict() for each in found.conflicts],
        "unchecked": list(found.unchecked),
    }


def main() -> NoReturn:
    """Run the module."""
    run_module(
        ARGUMENT_SPEC,
        handle,
        required_one_of=[("revision", "chart_path")],
        required_together=[("chart_path", "chart_version")],
    )


if __name__ == "__main__":
    main()
