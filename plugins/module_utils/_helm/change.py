# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A change of a release that helm is to make, apart from the program: who looks at releases need not load that."""

from __future__ import annotations

from dataclasses import dataclass

#: Seconds for a helm that does not wait for anything.
SHORT_DEADLINE = 60.0
# What a rollout that makes progress may take, in times of the time that one without any gets.
PATIENCE = 2


@dataclass(frozen=True)
class ReleaseChange:
    """What upgrade and rollback have in common. Times are seconds; C(history_max) 0 keeps all."""

    namespace: str
    release: str
    timeout: int = 300
    wait: bool = True
    history_max: int = 5
    force: bool = False
    apply_method: str = "csa"
    dry_run: bool = False

    @property
    def longest(self) -> int:
        """What helm is given as its timeout: a rollout that makes progress may take longer than C(timeout)."""
        return PATIENCE * self.timeout if self.wait else self.timeout

    @property
    def deadline(self) -> float:
        """When helm is ended from outside: its own timeout counts for hooks and for waiting each."""
        return 2.0 * self.longest + SHORT_DEADLINE

    def common_arguments(self) -> list[str]:
        """The arguments that upgrade and rollback spell alike."""
        timeout, history = f"{self.longest}s", str(self.history_max)
        return ["--namespace", self.namespace, "--history-max", history, "--timeout", timeout]
