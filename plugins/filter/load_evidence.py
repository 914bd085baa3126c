# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: load_evidence
short_description: Read evidence from files instead of a cluster
version_added: 0.1.0
description:
  - Reads, on the controller, an evidence document of an earlier run, a Harvester support bundle, the log archive of an
    upgrade together with a support bundle, or an archive that C(playbooks/collect.yml) has written. What each file is,
    is found out by looking into it.
  - Of several files of one cluster those that go together are used, and the evidence names all of them. Files of several
    clusters are refused; P(harvester_ops.remediation.evidence_clusters#filter) sorts them.
  - Archives (zip, tar, tar.gz) are read in place and nothing is unpacked to disk; a folder works as well.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  _input:
    description: A path or a list of paths; relative ones count from the folder in which Ansible was started.
    type: raw
    required: true
  stale_after:
    description: Age in seconds from which a pending release counts as abandoned; for a support bundle.
    type: int
    default: 600
  expected_versions:
    description: Chart versions the upgrade is to reach, by chart; for a support bundle.
    type: dict
    default: {}
seealso:
  - plugin: harvester_ops.remediation.evidence_clusters
    plugin_type: filter
"""

EXAMPLES = r"""
---
- name: Diagnose a support bundle
  ansible.builtin.set_fact:
    findings: >-
      {{ ['supportbundle.zip', 'hvst-upgrade-x7k2p-upgradelog-archive.zip']
         | harvester_ops.remediation.load_evidence
         | harvester_ops.remediation.diagnose }}
"""

RETURN = r"""
_value:
  description: The evidence document.
  type: dict
"""

from typing import Any

from ..plugin_utils._document_filter import filter_module


def _load(
    given: str | list[str],
    stale_after: int = 600,
    expected_versions: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The evidence in the files. What it takes is loaded only when it is used: Ansible looks into every filter."""
    from ..module_utils._core.version import COLLECTION_VERSION
    from ..module_utils._evidence.bundle.load import load_evidence
    from ..module_utils._evidence.live.collector import CollectOptions

    paths = [given] if isinstance(given, str) else list(given)
    options = CollectOptions(
        collection_version=COLLECTION_VERSION,
        stale_after_seconds=int(stale_after),
        expected_versions={chart: str(text) for chart, text in (expected_versions or {}).items()},
        # One process has one interpreter: more threads only hold more of the bundle in memory.
        parallelism=1,
    )
    return load_evidence(paths, options)


FilterModule = filter_module(load_evidence=_load)
