# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How filters on documents fail: one text, with the error's code at its end."""

from __future__ import annotations

import subprocess
import sys

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.plugin_utils._document_filter import (
    document_filter,
)


def _refuse(_document: object) -> object:
    raise RemediationError("plan-invalid", "This is no plan.", "Make a new one.")


def test_the_code_stands_at_the_end() -> None:
    with pytest.raises(
        AnsibleFilterError, match=r"^This is no plan\. Make a new one\. \[plan-invalid\]$"
    ):
        document_filter(_refuse)({})


def test_ansible_does_not_say_it_twice() -> None:
    """ansible-core appends the text of a cause, which would hide the code and repeat the message."""
    with pytest.raises(AnsibleFilterError) as caught:
        document_filter(_refuse)({})
    assert caught.value.__cause__ is None


LOAD_ALL = """
import importlib, pkgutil, sys
from ansible_collections.harvester_ops.remediation.plugins import filter
for each in pkgutil.iter_modules(filter.__path__, filter.__name__ + "."):
    importlib.import_module(each.name).FilterModule().filters()
print("\\n".join(sorted(name for name in sys.modules if ".module_utils." in name)))
"""


def test_looking_for_a_filter_loads_no_other_filter_s_work() -> None:
    """Ansible loads them all, in the process of every task that uses one."""
    command = [sys.executable, "-c", LOAD_ALL]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    heavy = ("._kube", "._helm", "._rancher", "._harvester", ".facts", ".evidence", ".preflight")
    ours = [name for name in loaded if "harvester_ops" in name]
    assert ours, "the filters need at least the errors"
    assert [name for name in ours if any(part in name for part in heavy)] == []
