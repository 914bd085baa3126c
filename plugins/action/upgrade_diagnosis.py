# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Diagnose, keep and show; documented in plugins/modules/upgrade_diagnosis.py."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from ..module_utils._core.errors import RemediationError
from ..module_utils._diagnosis.diagnose import diagnose
from ..module_utils._diagnosis.rules import shipped
from ..module_utils._report.pages.findings import findings_page
from ..module_utils._report.render.text import render_text
from ..plugin_utils._controller_action import ControllerAction, display, written
from ..plugin_utils._document_filter import plain

# Read by the process that forks the workers, so that each of them has the rules already.
with suppress(RemediationError):
    shipped()


class ActionModule(ControllerAction):
    """Judges the evidence once, for the facts, the files and the terminal."""

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """The findings."""
        evidence, suffix = plain(options["evidence"]), options["suffix"]
        findings = diagnose(evidence, options["rules_dirs"])
        documents = {f"evidence{suffix}.json": evidence, f"findings{suffix}.json": findings}
        written(options["directory"], options["run_id"], documents)
        shown = display(render_text(findings_page(findings))) if options["show"] else {}
        return {"findings": findings, **shown}
