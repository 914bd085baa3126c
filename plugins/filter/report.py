# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: report
short_description: Make the report of a run from its documents
version_added: 0.1.0
description:
  - Decides the verdict of a run and gathers what was found, done and proven, and what to do next.
  - A pure function. Whatever a run did not get to is left out of the input.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  _input:
    description:
      - A mapping with any of C(id), C(started_at), C(finished_at), C(check_mode),
        C(artifacts_dir), C(evidence_before), C(findings_before), C(plan), C(approval), C(backup),
        C(steps), C(evidence_after), C(findings_after) and C(error).
    type: dict
    required: true
"""

EXAMPLES = r"""
---
- name: Make the report
  ansible.builtin.set_fact:
    report_document: >-
      {{ {'findings_before': detect_findings, 'plan': plan_document}
         | harvester_ops.remediation.report }}
"""

RETURN = r"""
_value:
  description: The report document, schema C(harvester_ops.remediation/report/v1).
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ..plugin_utils._document_filter import document_filter


def report(run: dict[str, Any]) -> dict[str, Any]:
    """The report document; see DOCUMENTATION."""
    from ..module_utils._report.report import build_report

    return build_report(run)


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        """Name to function."""
        return {"report": document_filter(report)}
