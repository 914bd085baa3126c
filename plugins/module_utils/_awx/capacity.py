# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where jobs run, and into how many slices those over a whole inventory are cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def with_capacity(assets: Mapping[str, Any], groups: Sequence[str], slices: int) -> dict[str, Any]:
    """The assets with `groups` (instance groups, best first) for every job template, and `slices` for the sliced ones.

    Sliced is a job template with C(job_slice_count) in the assets; 0 keeps what they say. Every other one looks after
    one cluster, of which there are no slices.
    """
    keys = [{"type": "instance_group", "name": name} for name in groups]
    templates = []
    for template in assets.get("job_templates", []):
        changed = dict(template)
        if keys:
            changed["related"] = {**template.get("related", {}), "instance_groups": keys}
        if slices and "job_slice_count" in template:
            changed["job_slice_count"] = slices
        templates.append(changed)
    return {**assets, "job_templates": templates} if templates else dict(assets)
