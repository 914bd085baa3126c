# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The named scenarios: how a cluster is made ill, by failure mode of FM 6."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from controlplane.handle import ControlPlane
from doubles.cluster import Illness, StuckCluster
from doubles.rancher_lines import candidates_of


@dataclass(frozen=True)
class Scenario:
    """One way to be stuck. ``before`` acts on the installed cluster, ``after`` once it is stuck."""

    summary: str
    illness: Illness
    before: Callable[[StuckCluster], None] | None = None
    after: Callable[[StuckCluster], None] | None = None

    def create(
        self, control_plane: ControlPlane, directory: Path, *, helm: Path | None = None
    ) -> StuckCluster:
        """Make a control plane's cluster ill in this way; stop it when done."""
        stuck = StuckCluster.create(
            control_plane, directory, self.illness, helm=helm, before=self.before
        )
        if self.after is not None:
            try:
                self.after(stuck)
            except BaseException:
                stuck.stop()
                raise
        return stuck


def release_candidates(rancher: str) -> Illness:
    """Release candidates of the awaited charts installed, their releases wanted (FM 6.1, 6.2)."""
    installed = {name: (version,) for name, version in candidates_of(rancher).items()}
    return Illness(rancher=rancher, installed=installed)


SCENARIOS: dict[str, Scenario] = {
    "rc-to-ga-skip-fleet": Scenario(
        "Rancher takes the installed release candidates for the releases (FM 6.1, 6.2)",
        release_candidates("v2.11.0"),
    ),
}
