# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How filters on documents fail: one text, with the error's code at its end."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.harvester_ops.remediation.plugins.module_utils._errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.plugin_utils.document_filter import (
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
