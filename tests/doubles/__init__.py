# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs that play the other parties of a Harvester upgrade on a real control plane.

``rancher_double`` plays Rancher's system-chart manager, ``upgrade_job_double`` the
apply-manifests job with the Harvester controller around it, ``fleet_double`` the fleet
controller. They are written from docs/failure-modes.md ("FM") and share no code with the
collection, so that a misreading on one side shows.
"""
