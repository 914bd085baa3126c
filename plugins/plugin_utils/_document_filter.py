# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The border between Ansible's templates and the pure functions on documents.

Ansible loads all filters of a collection whenever it looks for one of them, and does so again in the
process of every task. So a filter imports what it works with only when it is called.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, TypeVar

from ansible.errors import AnsibleFilterError

from ..module_utils._core.errors import RemediationError

Result = TypeVar("Result")


def document_filter(function: Callable[..., Result]) -> Callable[..., Result]:
    """Make a filter of a function on documents.

    Ansible hands containers over in types of its own, which can neither be copied nor be told from
    others by name; the function gets plain JSON types. A RemediationError becomes a filter error
    with the same text and its code.
    """

    @functools.wraps(function)
    def filtered(*arguments: Any, **options: Any) -> Result:
        try:
            given = [plain(argument) for argument in arguments]
            return function(*given, **{name: plain(value) for name, value in options.items()})
        except RemediationError as error:
            # ansible-core appends the text of a cause, and the code has to stand at the end.
            raise AnsibleFilterError(f"{error} [{error.code}]") from None

    return filtered


def filter_module(**functions: Callable[..., Any]) -> type:
    """The class that Ansible looks for in the file of a filter."""

    class FilterModule:
        """The filters of a file, by name."""

        def filters(self) -> dict[str, Callable[..., Any]]:
            """Name to function."""
            return {name: document_filter(each) for name, each in functions.items()}

    return FilterModule


def plain(value: Any) -> Any:
    """A document in plain JSON types; raises evidence-invalid for what is none."""
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError, RecursionError) as problem:
        raise RemediationError(
            "evidence-invalid",
            f"The document is not JSON: {str(problem)[:200]}.",
            "Give a document of this collection, whole and unchanged.",
        ) from problem
