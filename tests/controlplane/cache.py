# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where built programs are kept.

``$HARVESTER_OPS_CACHE`` or ``${XDG_CACHE_HOME:-~/.cache}/harvester_ops_remediation``, then
``controlplane/<component>-<key>/{bin,crds}``. The key covers the pinned inputs, so a changed pin
never meets an old binary. A folder appears under its final name only when it is complete.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from controlplane.components import Component


def root() -> Path:
    """The folder of all control plane builds."""
    chosen = os.environ.get("HARVESTER_OPS_CACHE")
    if not chosen:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        chosen = f"{base}/harvester_ops_remediation"
    return Path(chosen).expanduser().absolute() / "controlplane"


def folder(component: Component) -> Path:
    """Where this very build of the component is, or will be."""
    return root() / f"{component.name}-{component.key}"


def program(component: Component, name: str) -> Path:
    """The path of one of the component's programs."""
    return folder(component) / "bin" / name


def is_built(component: Component) -> bool:
    """Whether every program of the component is there and executable."""
    return all(os.access(program(component, name), os.X_OK) for name in component.programs)


def remove_tree(path: Path) -> None:
    """Delete a folder, though the last compilers of a stopped build may still write into it."""
    for _attempt in range(20):
        shutil.rmtree(path, ignore_errors=True)
        if not path.exists():
            return
        time.sleep(0.1)
    shutil.rmtree(path)  # says what is wrong
