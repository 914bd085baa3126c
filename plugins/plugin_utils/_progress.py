# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task says on the terminal while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.utils.display import Display

from ._controller_action import prints_for_programs
from ._screen import say


def tell(text: str, variables: Mapping[str, Any]) -> None:
    """Print a line at once, unless a program reads the output; of a run over several clusters with the name of the one it is about."""
    if prints_for_programs():
        return
    several = len(variables.get("ansible_play_hosts_all") or ()) > 1
    say(Display(), f"{variables['inventory_hostname']}: {text}" if several else text)
