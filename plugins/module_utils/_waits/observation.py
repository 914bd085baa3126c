# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at what is waited for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core.errors import RemediationError


@dataclass(frozen=True)
class Observation:
    """How it stands.

    state says it in words and changes only when something has changed, so it holds no ages. begun is
    whether anybody works towards it, hopeless that whoever did has ended without reaching it. failure
    is set when it can never be reached. baseline goes to the next look, which compares with it.
    """

    done: bool
    state: str
    begun: bool = True
    hopeless: bool = False
    failure: RemediationError | None = None
    baseline: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As the module hands it to its action."""
        return {
            "done": self.done,
            "state": self.state,
            "begun": self.begun,
            "hopeless": self.hopeless,
            "failure": None if self.failure is None else self.failure.to_dict(),
            "baseline": dict(self.baseline),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Observation:
        """Read what to_dict wrote."""
        failure = document["failure"]
        values = {name: value for name, value in document.items() if name != "failure"}
        return cls(**values, failure=None if failure is None else RemediationError(**failure))
