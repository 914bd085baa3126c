#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rancher_values_info
short_description: The values Rancher would pass to a release, merged over its own
version_added: 0.1.0
description:
  - Computes the values a release of one of Rancher's own charts is to be upgraded with, in the way
    Rancher does it, from the release, the Settings, the Features, ConfigMap
    C(cattle-system/rancher-config) and the environment of Rancher, which beats its Settings. It is read from the
    process of the leader where the account may exec in its pod, else from the Rancher Deployment.
  - Each value is named with its source and with what becomes of it. Values that pin images or versions
    are pointed out, because they outlive an upgrade and hold old images back.
  - Values themselves may be secrets. They are neither returned nor logged unless O(reveal=true).
  - For a chart that is not Rancher's the release's own values are the answer.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  chart:
    description: Name of the chart; by default that of the release's last revision, else O(release).
    type: str
  reveal:
    description:
      - Whether the values themselves are returned, as they are. They hold what the release and Rancher's
        Settings hold, secrets too. Set C(no_log) on the task then.
    type: bool
    default: false
extends_documentation_fragment:
  - harvester_ops.remediation.release
  - harvester_ops.remediation.release.values
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.attributes.info_module
seealso:
  - module: harvester_ops.remediation.helm_release
  - module: harvester_ops.remediation.helm_release_info
"""

EXAMPLES = r"""
---
- name: Show what fleet would be upgraded with
  harvester_ops.remediation.rancher_values_info:
    namespace: cattle-fleet-system
    release: fleet
  register: fleet_values

- name: Stop when old images are pinned
  ansible.builtin.assert:
    that: fleet_values.pinned_keys == []

- name: See the values without an image tag that a person has set long ago
  harvester_ops.remediation.rancher_values_info:
    namespace: cattle-fleet-system
    release: fleet
    drop_keys:
      - image.tag
"""

RETURN = r"""
values:
  description: The values.
  returned: O(reveal=true)
  type: dict
  sample:
    apiServerURL: ""
    bootstrap:
      enabled: false
      agentNamespace: cattle-fleet-local-system
sources:
  description:
    - Every leaf of the values with where it comes from, and every leaf that is no longer there with why.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The keys that lead to it, joined by dots.
      type: str
      returned: always
      sample: agentTLSMode
    source:
      description:
        - V(release) (its own), C(Setting/<name>), C(Feature/<name>), C(rancher-config key <key>), the
          environment variable of the Rancher Deployment, V(computed) (fixed in Rancher's code, or
          worked out as tolerations are), V(dropped because null) (Rancher passes a null, which takes the
          key away) or V(dropped as asked).
      type: str
      returned: always
      sample: Setting/agent-tls-mode
    change:
      description: V(added), V(changed), V(removed) or V(same), compared with the release's own values.
      type: str
      returned: always
      sample: same
rests:
  description: Whether Rancher finds nothing to do after an upgrade with these values.
  returned: success
  type: bool
pinned_keys:
  description: Values still in there that pin images or versions.
  returned: success
  type: list
  elements: str
  sample: [image.tag]
dropped_keys:
  description: Values of the release's own that were left out as asked.
  returned: success
  type: list
  elements: str
base_revision:
  description:
    - The revision whose own values were taken, the newest that is deployed, else the last; of the chart
      C(rancher) always the last, pending or not. Null when there is none.
  returned: success
  type: int
  sample: 4
warnings_of_rancher:
  description: What Rancher passes over and logs, for example a malformed document in rancher-config.
  returned: success
  type: list
  elements: str
rancher_version:
  description: The version in Setting C(server-version).
  returned: success
  type: str
  sample: v2.11.0
"""

from typing import Any, NoReturn

from ..module_utils._helm.options import RELEASE, VALUES
from ..module_utils._helm.storage import list_revisions
from ..module_utils._module import ModuleContext, run_module
from ..module_utils._rancher.server.leader_process import leader_environment
from ..module_utils._rancher.values.release import ValuesRequest, make_values, read_rancher_state

ARGUMENT_SPEC: dict[str, Any] = {
    **RELEASE,
    **VALUES,
    "chart": {"type": "str"},
    "reveal": {"type": "bool", "default": False},
}


def handle(context: ModuleContext) -> dict[str, Any]:
    """Read the release and what Rancher's values depend on; answer the merge."""
    params, client = context.params, context.client()
    revisions = list_revisions(client, params["namespace"], params["release"], decode="relevant")
    last = revisions[0] if revisions else None
    request = ValuesRequest(
        chart=params["chart"] or (last and last.chart_name) or params["release"],
        chart_version=(last and last.chart_version) or "0.0.0",
        revisions=revisions,
        drop_pinned=params["drop_pinned_values"],
        drop_keys=params["drop_keys"],
    )
    state = read_rancher_state(client, leader_environment(client))
    made = make_values(request, state)
    return {
        "changed": False,
        **({"values": dict(made.values)} if params["reveal"] else {}),
        "sources": [each.without_value() for each in made.sources],
        "rests": made.rests,
        "pinned_keys": list(made.pinned_keys),
        "dropped_keys": list(made.dropped),
        "base_revision": made.base_revision,
        "warnings_of_rancher": list(made.warnings),
        "rancher_version": state.version,
    }


def main() -> NoReturn:
    """Run the module."""
    run_module(ARGUMENT_SPEC, handle)


if __name__ == "__main__":
    main()
