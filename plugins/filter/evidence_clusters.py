# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: evidence_clusters
short_description: Sort evidence files by the cluster they are of
version_added: 0.1.0
description:
  - Looks, on the controller, into evidence documents, support bundles, logs of upgrades and archives of
    C(playbooks/collect.yml), and into folders of them, and finds out by their content which are of one cluster.
  - A support bundle and the log of its upgrade are one cluster. Of several support bundles or evidence documents of one
    cluster the newest is used.
  - One file alone is not opened.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  _input:
    description: A path or a list of paths; relative ones count from the folder in which Ansible was started.
    type: raw
    required: true
seealso:
  - plugin: harvester_ops.remediation.load_evidence
    plugin_type: filter
"""

EXAMPLES = r"""
---
- name: Find out of which clusters there are support bundles
  ansible.builtin.set_fact:
    clusters: "{{ '/srv/tickets' | harvester_ops.remediation.evidence_clusters }}"
"""

RETURN = r"""
_value:
  description: The clusters, the files that were left out with the reason, and both as text where there is something to tell.
  type: dict
  contains:
    clusters:
      description: What P(harvester_ops.remediation.load_evidence#filter) takes for each cluster.
      type: list
      elements: dict
      sample:
        - name: customer-a
          paths: [/srv/tickets/customer-a/bundle.zip, /srv/tickets/customer-a/log.zip]
          words: bundle.zip with log.zip
    left_out:
      description: Files that are no evidence, with the reason.
      type: list
      elements: str
    text:
      description: What to show to a person; empty for a single file.
      type: str
"""

from collections.abc import Callable
from typing import Any

from ..plugin_utils._document_filter import document_filter


def _sorted(given: str | list[str]) -> dict[str, Any]:
    """The clusters. What it takes is loaded only when it is used: Ansible looks into every filter."""
    from ..module_utils._evidence.bundle.sorting import evidence_clusters

    return evidence_clusters([given] if isinstance(given, str) else list(given))


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        """Name to function."""
        return {"evidence_clusters": document_filter(_sorted)}
