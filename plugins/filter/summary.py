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
    text for a terminal, as a self-contained HTML page, or as Markdown for a ticket. The C(schema) of the document
    says what it is.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  _input:
    description: A findings, plan, report, preflight, upgrade matrix, backup sets or clusters index document.
    type: dict
    required: true
  form:
    description: The form to render.
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
from ..plugin_utils._document_filter import filter_module

PACKAGE = "ansible_collections.harvester_ops.remediation.plugins.module_utils._report"
# Kind of document -> module of pages and its function.
PAGES = {
    "findings": ("findings", "findings_page"),
    "plan": ("plan", "plan_page"),
    "report": ("report", "report_page"),
    "backup-sets": ("backup_sets", "backup_sets_page"),
    "preflight": ("preflight", "preflight_page"),
    "clusters-index": ("clusters", "clusters_page"),
    "upgrade-matrix": ("matrix", "matrix_page"),
}
FORMS = {"text": "render_text", "html": "render_html", "markdown": "render_markdown"}


def summary(document: Mapping[str, Any], form: str = "text") -> str:
    """Render a document by the kind its schema names, ``harvester_ops.remediation/<kind>/v1``."""
    schema = str(document.get("schema", "")) if isinstance(document, Mapping) else ""
    parts = schema.split("/")
    kind = parts[1] if len(parts) == 3 else ""
    if kind not in PAGES or form not in FORMS:
        raise RemediationError(
            "evidence-invalid",
            f"Cannot render a document with the schema {schema or 'missing'!r} as {form}.",
            f"Give a document of this collection, and one of the forms {', '.join(FORMS)}.",
        )
    page = needed(f"pages.{PAGES[kind][0]}", PAGES[kind][1])(document)
    rendered: str = needed(f"render.{form}", FORMS[form])(page)
    return rendered


def needed(module: str, function: str) -> Callable[..., Any]:
    """Import the one function that is needed."""
    found: Callable[..., Any] = getattr(import_module(f"{PACKAGE}.{module}"), function)
    return found


FilterModule = filter_module(summary=summary)
