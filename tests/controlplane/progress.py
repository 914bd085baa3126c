# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines for the person who waits. Standard output belongs to the JSON answer, so they go to stderr."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """Print one progress line."""
    print(f"controlplane: {text}", file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """A length of time as a person says it: ``45 s``, ``5 min 10 s``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
