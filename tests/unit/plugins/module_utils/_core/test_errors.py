# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    ERROR_CODES,
    RemediationError,
)


def test_an_error_carries_what_where_and_what_next() -> None:
    error = RemediationError(
        "not-found", "Secret/a/b does not exist.", "Create it.", details={"name": "b"}
    )
    assert str(error) == "Secret/a/b does not exist. Create it."
    assert error.to_dict() == {
        "code": "not-found",
        "message": "Secret/a/b does not exist.",
        "remedy": "Create it.",
        "retryable": False,
        "details": {"name": "b"},
    }


def test_an_unknown_code_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no-such-code"):
        raise RemediationError("no-such-code", "text")


def test_every_code_is_kebab_case_and_explained() -> None:
    for code, meaning in ERROR_CODES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
        assert meaning.endswith(".")
