# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/errors.md from the table of error codes in the source."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    ERROR_CODES,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.report import (
    verdict_of_error,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "errors.md"
HEAD = """# Error codes

<!-- Made by tests/tools/generate_error_reference.py; change the table in plugins/module_utils/_core/errors.py. -->

When a module fails, its result has `error: {code, message, remedy, retryable, details}`. The message says what
was seen and where, the remedy what to do next; programs act on the code. The last column is the verdict of a
run of `remediate_stuck_upgrade` that stops with this code.

| code | meaning | verdict |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    rows = (
        f"| `{code}` | {meaning} | `{verdict_of_error(code)}` |\n"
        for code, meaning in sorted(ERROR_CODES.items())
    )
    return HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
