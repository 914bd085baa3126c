# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/upgrade-matrix.md from the release table."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester.upgrade_path.release_files import (
    load_table,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._preflight.matrix import (
    upgrade_matrix,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._preflight.prediction import (
    UNLESS,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.pages.matrix import (
    matrix_page,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.markdown import (
    sections,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "upgrade-matrix.md"
HEAD = f"""# Upgrade matrix

<!-- Made by tests/tools/generate_upgrade_matrix.py; change the release table in roles/preflight/files/releases.yml. -->

What becomes of Rancher's charts on every path between the Harvester releases of the table, predicted from versions
alone: Harvester's version guard is asked, and Rancher's own decision about each chart is computed (failure-modes.md 2.5).
Paths that go down are left out; the guard refuses them with *downgrading is prohibited*.

| verdict | meaning |
|---|---|
| safe | no stuck point is in sight |
| risky | it may hang, or not everything is known |
| blocked | the job will wait for ever |

SKIPPED and NOT LOWERED: Rancher leaves the chart at the version shown, and the job waits for another one for ever.
OTHER VERSION: Rancher brings it to the version shown, but the release file of the ISO names another.
(?): {UNLESS[0].lower()}{UNLESS[1:]}

A release that an earlier upgrade left locked (failure-modes.md 6.3) stops *every* path, the safe ones too: it is the most
frequent reason on paths between final releases. Only a look at the cluster can tell:

    ansible-playbook harvester_ops.remediation.preflight -e preflight_target_version=v1.5.0

The same page for releases of your own, or for one ISO, each path with what becomes of every single chart and why:

    ansible-playbook harvester_ops.remediation.upgrade_matrix \\
      -e '{{"preflight_releases": ["/mnt/iso/harvester-release.yaml"]}}' -e preflight_target_version=v1.9.0-rc7

"""


def page() -> str:
    """The whole page."""
    return HEAD + sections(matrix_page(upgrade_matrix(load_table()))) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
