# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: diagnose
short_description: Say why an upgrade is stuck
version_added: 0.1.0
description:
  - Judges an evidence document with every diagnosis rule and returns the findings, most urgent
    first, with proof, references, what to do and what not to do.
  - Pure. The same evidence and the same rules give the same findings, byte by byte, with or without
    a cluster.
  - What could not be seen makes a finding V(unknown), never V(pass), and never leads to the verdict
    V(healthy).
author:
  - harvester_ops.remediation contributors (@harvester-ops)
positional: rules_dirs
options:
  _input:
    description: The evidence document, as M(harvester_ops.remediation.upgrade_info) returns it.
    type: dict
    required: true
  rules_dirs:
    description:
      - Directories with further rules (C(*.yml), C(*.yaml)), judged together with the collection's
        own.
      - Every problem in them is reported at once, with file and key.
    type: list
    elements: path
    default: []
seealso:
  - module: harvester_ops.remediation.upgrade_info
  - module: harvester_ops.remediation.repair_plan
"""

EXAMPLES = r"""
---
- name: Diagnose a saved evidence file, without any cluster
  ansible.builtin.set_fact:
    findings: "{{ lookup('ansible.builtin.file', 'evidence.json') | from_json | harvester_ops.remediation.diagnose }}"

- name: Judge with rules of our own as well
  ansible.builtin.set_fact:
    findings: "{{ evidence | harvester_ops.remediation.diagnose(rules_dirs=['/etc/harvester/rules']) }}"
"""

RETURN = r"""
_value:
  description:
    - The findings document, schema C(harvester_ops.remediation/findings/v1).
    - C(verdict) is V(healthy), V(moving), V(stuck) or V(unknown), C(headline) says it in a sentence.
      C(waits_for) and C(since) tell what the job waits for.
    - C(findings) is the ranked list. Each has C(id), C(failure_mode), C(title), C(outcome),
      C(subject), C(message), C(proof), C(references), C(holds_job), C(rank), C(remedy),
      C(what_next) and C(must_not).
    - C(refusal) is null, or code, message and remedy of the error with which a run has to refuse
      this cluster.
    - C(obligations) are the checks that V(healthy) rests on. Each has C(id), C(checked), C(sources),
      C(objects), C(words) and a C(result), V(met), V(failed), V(not_checked) or V(not_applicable).
    - C(dependencies) are the versions that are compared, C(set_aside) what was not judged because
      another mode comes first, C(rules) the outcome of every rule, C(not_seen) the evidence sources
      that could not be read.
  type: dict
"""

from typing import Any

from ..plugin_utils._document_filter import filter_module


def diagnose(evidence: object, rules_dirs: list[str] | None = None) -> dict[str, Any]:
    """The findings document of an evidence document."""
    from ..module_utils._diagnosis import diagnose as diagnosis

    return diagnosis.diagnose(evidence, rules_dirs or [])


FilterModule = filter_module(diagnose=diagnose)
