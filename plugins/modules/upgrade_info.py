#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: upgrade_info
short_description: Collect everything a diagnosis of a hanging Harvester upgrade needs
version_added: 0.1.0
description:
  - Reads the latest Upgrade, its manifest job with the logs of all attempts, the Helm releases Rancher keeps for
    itself, Rancher with its Settings and its leader's log, the chart index, Fleet, and what else tells apart the
    reasons why an upgrade hangs at C(Upgrading Rancher). Everything goes into one document, the evidence.
  - The filter P(harvester_ops.remediation.diagnose#filter) turns the evidence into findings, without a cluster.
  - It only reads, and never starts helm. Reads run in parallel; of most objects, Helm revisions among them, only the
    metadata is asked for.
  - Where the account may exec in the pods of C(cattle-system), the pod of Rancher's leader is asked for the environment
    of its process, which beats every Setting, and for the commit of its bundled charts. Both end after 10 seconds.
  - Every source is V(ok), V(absent), V(forbidden) or V(error), with the reason. A source that cannot be read never
    makes the module fail; it fails when the API server cannot be reached or does not accept the credentials.
  - Secrets are redacted. The content of release values, Settings and logs that looks like a credential is replaced by
    a code that is the same for equal secrets within one evidence, and different in every other.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  stale_after:
    description:
      - Age in seconds from which a lock that nobody works on counts as left behind.
      - It is kept in the evidence, where the diagnosis reads it.
    type: int
    default: 600
  expected_versions:
    description:
      - Chart versions the job waits for, by chart, where they are known better than from the job's log.
      - They are kept in the evidence, where the diagnosis reads them.
    type: dict
    default: {}
  log_tail_lines:
    description:
      - How many of the last lines of a long log are read.
      - Of the job's logs the beginning is read in any case.
    type: int
    default: 5000
  parallelism:
    description: How many requests are under way at the same time, and how many connections are kept open.
    type: int
    default: 8
  timeout:
    description:
      - Seconds after which nothing more is asked of the API server. What has not been read by then has the state
        V(error).
    type: int
    default: 120
  request_timeout:
    description: Seconds to wait for the answer to one request.
    type: int
    default: 30
extends_documentation_fragment:
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.attributes.info_module
notes:
  - The account needs the permissions of the ClusterRole in C(files/rbac/diagnose.yml) of the collection. Without some of
    them the evidence has holes, which it names.
seealso:
  - plugin: harvester_ops.remediation.diagnose
    plugin_type: filter
  - module: harvester_ops.remediation.helm_release_info
"""

EXAMPLES = r"""
---
- name: Collect the evidence
  harvester_ops.remediation.upgrade_info:
    kubeconfig: /etc/rancher/rke2/rke2.yaml
  register: upgrade

- name: Show what the job waits for
  ansible.builtin.debug:
    msg: "{{ upgrade.evidence.wait.text | default('nothing') }}"

- name: Say what could not be read
  ansible.builtin.debug:
    msg: "{{ item.key }}: {{ item.value.reason }}"
  loop: "{{ upgrade.evidence.sources | dict2items }}"
  when: item.value.state in ['forbidden', 'error']

- name: Keep the evidence for a support ticket
  ansible.builtin.copy:
    content: "{{ upgrade.evidence | to_nice_json }}"
    dest: evidence.json
    mode: "0600"
  delegate_to: localhost

- name: Collect with versions known from the target's harvester-release.yaml
  harvester_ops.remediation.upgrade_info:
    context: harvester-prod
    expected_versions:
      fleet: 106.0.0+up0.12.0
      fleet-crd: 106.0.0+up0.12.0
      rancher-webhook: 106.0.0+up0.7.0
"""

RETURN = r"""
evidence:
  description:
    - The evidence document, schema C(harvester_ops.remediation/evidence/v1). Everything unknown is null.
    - The most used parts are listed here; the documentation of the collection has the whole schema.
  returned: success
  type: dict
  contains:
    schema:
      description: Name and version of the schema.
      type: str
      sample: harvester_ops.remediation/evidence/v1
    collected_at:
      description: When it was collected, by the clock of the API server. Ages are counted back from here.
      type: str
      sample: "2026-11-23T15:00:00Z"
    cluster:
      description: Identity of the cluster.
      type: dict
      sample:
        uid: 6b9a3c1e-0d47-4b0e-9a39-4f2b1d0c5a77
        server: https://10.0.0.10:6443
        kubernetes_version: v1.32.3+rke2r1
    sources:
      description: State and reason of everything that was read.
      type: dict
      sample:
        upgrade: {state: ok, reason: ""}
        nodes: {state: forbidden, reason: "No permission to GET Node: nodes is forbidden."}
    upgrade:
      description: The latest Upgrade, null when there is none.
      type: dict
      sample: {name: hvst-upgrade-x5kzq, state: UpgradingSystemServices, previous_version: v1.4.2}
    wait:
      description: What the job waits for now, null when it waits for nothing.
      type: dict
      sample:
        kind: helm-release
        namespace: cattle-fleet-system
        release: fleet
        chart_version: 106.0.0+up0.12.0
        since: "2026-11-23T13:12:40Z"
        age_seconds: 6440
    releases:
      description: The Helm releases in scope with their revisions, the newest first.
      type: list
      elements: dict
      sample:
        - release: fleet
          namespace: cattle-fleet-system
          read: ok
          revisions:
            - {revision: 7, status: deployed, chart_version: 106.0.0+up0.12.0-rc.3}
api_requests:
  description: How many requests it took.
  returned: success
  type: int
  sample: 58
"""

from typing import Any, NoReturn

from ..module_utils._core.version import COLLECTION_VERSION
from ..module_utils._evidence.live.collector import CollectOptions, collect
from ..module_utils._module import ModuleContext, run_module

ARGUMENT_SPEC: dict[str, Any] = {
    "stale_after": {"type": "int", "default": 600},
    "expected_versions": {"type": "dict", "default": {}},
    "log_tail_lines": {"type": "int", "default": 5000},
    "parallelism": {"type": "int", "default": 8},
    "timeout": {"type": "int", "default": 120},
    "request_timeout": {"type": "int", "default": 30},
}


def handle(context: ModuleContext) -> dict[str, Any]:
    """Collect."""
    params = context.params
    parallelism = max(1, params["parallelism"])
    client = context.client(parallelism=parallelism, read_timeout=params["request_timeout"])
    options = CollectOptions(
        collection_version=COLLECTION_VERSION,
        stale_after_seconds=params["stale_after"],
        expected_versions={chart: str(text) for chart, text in params["expected_versions"].items()},
        log_tail_lines=max(1, params["log_tail_lines"]),
        parallelism=parallelism,
        timeout=params["timeout"],
    )
    evidence = collect(client, options)
    return {"changed": False, "evidence": evidence, "api_requests": context.api_requests}


def main() -> NoReturn:
    """Run the module."""
    run_module(ARGUMENT_SPEC, handle)


if __name__ == "__main__":
    main()
