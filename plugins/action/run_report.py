# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Report how a run went; documented in plugins/modules/run_report.py."""

from __future__ import annotations

from typing import Any

from ..module_utils._report.in_short import handover
from ..module_utils._report.pages.report import report_page
from ..module_utils._report.render.html import render_html
from ..module_utils._report.render.markdown import render_markdown
from ..module_utils._report.render.text import render_text
from ..module_utils._report.report import build_report
from ..module_utils._run.cluster_lock import SILENT_SECONDS
from ..module_utils._run.journal import now
from ..plugin_utils._controller_action import ControllerAction, display, written
from ..plugin_utils._document_filter import plain
from ..plugin_utils._progress import tell

_CUT_OFF = {
    "code": "interrupted",
    "message": "The run was cut off before its end; what it had done until then is listed here.",
    "remedy": "Run the same playbook again: it starts from the state the cluster is in now. A running helm process"
    " continues until it is done, and the cluster lock of the run expires by itself:"
    f" {SILENT_SECONDS // 60} minutes after it was last renewed, or at the deadline of that helm process.",
}


class ActionModule(ControllerAction):
    """Makes the report once, for the files, the terminal and the workflow that runs the play."""

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """The report document."""
        run = plain(options["run"])
        if options["so_far"]:
            run["error"] = _CUT_OFF
        else:
            run |= {"finished_at": now(), "check_mode": bool(self._task.check_mode)}
        report = build_report(run)
        page = report_page(report)
        documents = {
            "report.json": report,
            "report.html": render_html(page),
            "report.md": render_markdown(page),
        }
        written(options["directory"], options["run_id"], documents)
        result: dict[str, Any] = {"report": report}
        if options["show"]:
            result |= display(render_text(page))
        elif not options["so_far"]:
            tell(f"{report['verdict']}. {report['headline']}", self._variables)
        if options["hand_over"]:
            data = handover(report)
            result["ansible_stats"] = {"data": data, "aggregate": False, "per_host": False}
        return result
