#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation of the action plugin of the same name, which does the work on the controller.

from __future__ import annotations

DOCUMENTATION = r"""
module: support_archive
short_description: Pack documents and logs for a support ticket
version_added: 0.1.0
description:
  - Writes a compressed tar archive with one file for every document. A mapping or a list is packed
    as canonical JSON, a text as it is.
  - The archive is readable by its owner only and appears whole or not at all. It has a manifest with size and SHA-256 of
    every file, which are checked when it is read back, and a README that says how to read it.
  - Runs on the controller, also in check mode, and never reports a change because an archive is no
    change of the cluster.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  path:
    description: The archive to write, for example C(support.tar.gz). Its folder is made when needed.
    type: path
    required: true
  documents:
    description: Path inside the archive to document.
    type: dict
    required: true
  obfuscate:
    description:
      - Whether pseudonyms stand for the names of nodes and hosts and for IP and MAC addresses, in all documents and in
        their paths. The same name has the same pseudonym everywhere, so that a diagnosis of the archive still works.
      - What each of them stands for is kept beside the archive, see RV(pseudonyms).
      - The nodes are those that C(evidence.json) among O(documents) names. Names of objects of the cluster, of users and
        of virtual machines stay, and so do Services, API groups, public registries and loopback addresses.
    type: bool
    default: false
extends_documentation_fragment:
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.attributes.controller
  - harvester_ops.remediation.kubernetes_auth
attributes:
  idempotent:
    support: none
    details: Each run writes a new archive.
seealso:
  - module: harvester_ops.remediation.support_logs_info
"""

EXAMPLES = r"""
---
- name: Pack the evidence
  harvester_ops.remediation.support_archive:
    path: /var/tmp/support.tar.gz
    documents:
      evidence.json: "{{ detect_evidence }}"
"""

RETURN = r"""
path:
  description: The archive.
  returned: success
  type: str
  sample: /var/tmp/support.tar.gz
bytes:
  description: Its size.
  returned: success
  type: int
  sample: 81920
pseudonyms:
  description: The file that says what each pseudonym stands for; it is not for others. Null without O(obfuscate).
  returned: success
  type: str
  sample: /var/tmp/support-pseudonyms.json
names_kept:
  description: Names of nodes that are common words as well, for example V(harvester). They stay in free text.
  returned: success
  type: list
  elements: str
  sample: []
"""
