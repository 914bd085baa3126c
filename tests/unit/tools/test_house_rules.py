# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each house rule finds its breach and leaves the neighbouring case alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.tests.tools import house_rules

HEADER = "\n".join(house_rules.HEADER) + "\n"
ABSOLUTE = f"from {house_rules.COLLECTION}plugins.module_utils."
LONG = "def long():\n" + "    pass\n" * house_rules.MAX_FUNCTION_LINES
# In two parts, or this file would break the rules itself.
LEFT = "# TO" + "DO: later\n"
QUIET = "import a  # no" + "qa: F401"
DISABLED = "x = 1  # py" + "lint: disable=a"

CASES = [
    ("plugins/modules/a.py", "", ""),
    ("plugins/modules/a.py", HEADER, ""),
    ("plugins/modules/a.py", "#!/usr/bin/python\n" + HEADER, ""),
    ("plugins/modules/a.py", "x = 1\n", "header"),
    ("roles/a/tasks/b.yml", "---\n", "header"),
    ("roles/a/meta/c.txt", "words\n", ""),
    ("tests/unit/fixtures/a.yml", "---\n", ""),
    ("tests/controlplane/a.go", HEADER.replace("#", "//"), ""),
    ("tests/controlplane/a.go", HEADER, "header"),
    ("plugins/modules/a.py", HEADER + LONG, "41 lines"),
    ("plugins/modules/a.py", HEADER + LONG.replace("pass", '"""Say."""', 1), ""),
    ("plugins/modules/a.py", HEADER + LEFT, "left for later"),
    ("plugins/modules/a.py", HEADER + QUIET + "\n", "without saying why"),
    ("plugins/modules/a.py", HEADER + QUIET + " - kept for users\n", ""),
    ("plugins/modules/a.py", HEADER + DISABLED + ",b\n", "without saying why"),
    ("plugins/modules/a.py", HEADER + DISABLED + ", b  # the field's name\n", ""),
    ("plugins/modules/chart_utils.py", HEADER, "does not say what is in it"),
    ("plugins/modules/a.py", HEADER + "class ChartManager:\n    pass\n", "ChartManager"),
    ("plugins/modules/a.py", HEADER + "def controller_manager():\n    pass\n", ""),
    ("plugins/modules/a.py", HEADER + "a, _ = b\n", "named _"),
    ("plugins/modules/a.py", HEADER + "#" * 161 + "\n", "160 columns"),
    ("plugins/modules/a.py", HEADER + "#" * 160 + "\n", ""),
    ("plugins/modules/a.py", HEADER + "a, _rest = b\n", ""),
    ("plugins/modules/a.py", HEADER + "def a(_):\n    pass\n", "named _"),
    ("tests/unit/test_a.py", HEADER + "@pytest.mark.skip\ndef test_a():\n    pass\n", "skipif"),
    ("tests/unit/test_a.py", HEADER + "@pytest.mark.skipif(x)\ndef test_a():\n    pass\n", ""),
    ("plugins/module_utils/_helm/a.py", HEADER + "from .._kube.client import b\n", ""),
    ("plugins/module_utils/_kube/a.py", HEADER + "from .client import b\n", ""),
    ("plugins/module_utils/_kube/a.py", HEADER + "from .._core.errors import b\n", ""),
    ("plugins/module_utils/_kube/a.py", HEADER + "from .._core import errors\n", ""),
    ("plugins/module_utils/_kube/a.py", HEADER + "from .._helm.cli import b\n", "point down"),
    ("plugins/module_utils/_kube/a.py", HEADER + "from .._helm import cli\n", "point down"),
    ("plugins/module_utils/_kube/b/a.py", HEADER + "from ..._helm.cli import b\n", "point down"),
    (
        "plugins/module_utils/_harvester/a.py",
        HEADER + "from .._rancher.decision.x import b\n",
        "point down",
    ),
    (
        "plugins/module_utils/_rancher/decision/a.py",
        HEADER + "from ..charts.x import b\n",
        "point down",
    ),
    ("plugins/module_utils/_rancher/charts/a.py", HEADER + "from ..decision.x import b\n", ""),
    ("plugins/module_utils/_core/a.py", HEADER + "from .._kube.client import b\n", "point down"),
    ("plugins/module_utils/_kube/a.py", HEADER + "from .._module import b\n", "point down"),
    ("plugins/module_utils/_module.py", HEADER + "from ._kube.client import b\n", ""),
    ("plugins/module_utils/_elsewhere/a.py", HEADER, "none of the packages"),
    ("plugins/module_utils/a.py", HEADER, "none of the packages"),
    (
        "plugins/module_utils/_kube/a.py",
        HEADER + ABSOLUTE + "_core.errors import b\n",
        "relatively",
    ),
    ("plugins/filter/a.py", HEADER + ABSOLUTE + "_core.errors import b\n", "relatively"),
    ("tests/unit/test_a.py", HEADER + ABSOLUTE + "_core.errors import b\n", ""),
    (
        "plugins/module_utils/_kube/a.py",
        HEADER + "def b():\n    from ansible.module_utils.basic import AnsibleModule\n",
        "belongs into a module",
    ),
    ("tests/doubles/a.py", HEADER + ABSOLUTE + "_kube.client import b\n", "shares no code"),
    ("roles/a/tasks/main.yml", HEADER + "---\n" * 38, "41 lines"),
    ("roles/a/tasks/main.yml", HEADER + "---\n" * 37, ""),
    ("tests/sanity/ignore-2.19.txt", "plugins/modules/a.py pylint\n", "not ignored"),
    ("tests/sanity/ignore-2.19.txt", "", ""),
]


@pytest.mark.parametrize(("name", "text", "message"), CASES)
def test_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, message: str
) -> None:
    monkeypatch.setattr(house_rules, "CHECKOUT", tmp_path)
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    found = [breach.message for breach in house_rules.breaches([path])]
    if message:
        assert len(found) == 1
        assert message in found[0]
    else:
        assert found == []
