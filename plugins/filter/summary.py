# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: summary
short_description: Render a document of this collection as text
version_added: 0.1.0
description:
  - Renders findings, a plan, a report, a preflight, an upgrade matrix, backup sets or an index of many clusters as
    an operator reads it, as text for a terminal or, for a report and an index, as a self-contained HTML page; a
    report and an upgrade matrix also as Markdown. Which document it is, is told by its C(schema).
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  _input:
    description: A findings, plan, report, preflight, upgrade matrix, backup sets or clusters index document.
    type: dict
    required: true
  form:
    description: What to render. Only a report and an index have the form V(html), only a report and a matrix V(markdown).
    type: str
    choices:
      - text
      - html
      - markdown
    default: text
seealso:
  - module: harvester_ops.remediation.show
"""

EXAMPLES = r"""
---
- name: Show the plan
  harvester_ops.remediation.show:
    text: "{{ plan_document | harvester_ops.remediation.summary }}"
"""

RETURN = r"""
_value:
  description: The text or the page.
  type: str
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from ..module_utils._core.errors import RemediationError
from ..plugin_utils._document_filter import document_filter

PACKAGE = "ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render"
# Module and function of every kind of document in every form.
RENDERERS = {
    ("findings", "text"): ("findings_text", "diagnosis_text"),
    ("plan", "text"): ("plan_text", "plan_text"),
    ("report", "text"): ("report_text", "report_text"),
    ("backup-sets", "text"): ("backup_text", "backup_text"),
    ("report", "html"): ("report_html", "report_html"),
    ("report", "markdown"): ("report_markdown", "report_markdown"),
    ("preflight", "text"): ("preflight_text", "preflight_text"),
    ("clusters-index", "text"): ("clusters_text", "clusters_index_text"),
    ("clusters-index", "html"): ("clusters_html", "clusters_index_html"),
    ("upgrade-matrix", "text"): ("matrix_text", "matrix_text"),
    ("upgrade-matrix", "markdown"): ("matrix_text", "matrix_markdown"),
}


def summary(document: Mapping[str, Any], form: str = "text") -> str:
    """Render a document by the kind its schema names, ``harvester_ops.remediation/<kind>/v1``."""
    schema = str(document.get("schema", "")) if isinstance(document, Mapping) else ""
    parts = schema.split("/")
    kind = parts[1] if len(parts) == 3 else ""
    place = RENDERERS.get((kind, form))
    if place is None:
        raise RemediationError(
            "evidence-invalid",
            f"Cannot render a document with the schema {schema or 'missing'!r} as {form}.",
            "Give a document of this collection; form=html is for a report or an index, form=markdown for a report or a matrix.",
        )
    return renderer(*place)(document)


def renderer(module: str, function: str) -> Callable[[Mapping[str, Any]], str]:
    """Import the one function that is needed."""
    found: Callable[[Mapping[str, Any]], str]
    found = getattr(import_module(f"{PACKAGE}.{module}"), function)
    return found


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Name to function."""
        return {"summary": document_filter(summary)}
