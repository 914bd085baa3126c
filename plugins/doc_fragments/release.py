# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """A Helm release, and what it is to be upgraded with."""

    DOCUMENTATION = r"""
options:
  namespace:
    description: Namespace of the release.
    type: str
    required: true
  release:
    description: Name of the release.
    type: str
    required: true
"""
    VALUES = r"""
options:
  drop_pinned_values:
    description:
      - Leave out of the release's own values what pins images or versions
        (C(image.tag), C(agentImage.tag), C(version), C(chartVersion)).
    type: bool
    default: false
  drop_keys:
    description: Further values of the release's own to leave out, each as the dotted path of its keys.
    type: list
    elements: str
    default: []
"""
    CHART = r"""
options:
  chart:
    description: Name of the chart of an upgrade; by default O(release).
    type: str
  chart_version:
    description: Version of the chart of an upgrade, compared byte for byte with the archive.
    type: str
  app_version:
    description: The C(appVersion) that the archive must have; not compared by default.
    type: str
  chart_path:
    description: The archive, as M(harvester_ops.remediation.rancher_chart) leaves it.
    type: path
  chart_digest:
    description: The SHA-256 that the archive must have, in hex.
    type: str
"""
