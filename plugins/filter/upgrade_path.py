# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: upgrade_path
short_description: Predict where a Harvester upgrade would get stuck
version_added: 0.1.0
description:
  - Predicts from versions alone, or from a cluster's evidence as well, whether Harvester would refuse an
    upgrade, which of Rancher's charts would not reach the version that the upgrade job waits for, and
    what on the cluster stands in the way, above all releases that are locked already.
  - What the releases carry comes from a table in the collection, to which O(releases) adds.
  - Pure but for reading the files named. The same input gives the same document, byte by byte.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  _input:
    description: Harvester version to upgrade to; empty when O(release_file) says it.
    type: str
    required: true
  release_file:
    description:
      - Path of the target's C(harvester-release.yaml), which is on its ISO and wins over the table.
    type: path
  current:
    description: Harvester version to upgrade from; by default what the evidence says is installed.
    type: str
    default: ""
  current_release_file:
    description: Path of the installed version's C(harvester-release.yaml), for versions the table does not know.
    type: path
  releases:
    description: Paths of further release tables and release files.
    type: list
    elements: path
    default: []
  evidence:
    description: Evidence of the cluster, as M(harvester_ops.remediation.upgrade_info) returns it; none is needed.
    type: dict
seealso:
  - plugin: harvester_ops.remediation.upgrade_matrix
    plugin_type: filter
  - module: harvester_ops.remediation.upgrade_info
"""

EXAMPLES = r"""
---
- name: Ask about two versions, without any cluster
  ansible.builtin.set_fact:
    preflight: "{{ 'v1.5.0' | harvester_ops.remediation.upgrade_path(current='v1.4.2') }}"

- name: Ask about a cluster and the ISO it is to be upgraded with
  ansible.builtin.set_fact:
    preflight: >-
      {{ '' | harvester_ops.remediation.upgrade_path(
           release_file='/mnt/iso/harvester-release.yaml', evidence=upgrade.evidence) }}
"""

RETURN = r"""
_value:
  description:
    - The preflight document.
    - C(verdict) is V(blocked) when the upgrade will be refused or hang, V(risky) when it may hang or not everything
      could be told, V(safe) when no stuck point is in sight; C(headline) says it in a sentence.
    - C(dependencies) has an entry for each chart of Rancher with C(installed), C(desired), C(expected), C(reaches),
      C(outcome) (V(upgraded), V(at-expected), V(skipped), V(not-lowered), V(other-version), V(locked), V(unknown)),
      C(certain), C(failure_mode) and C(why).
    - C(checks) is what was looked at, the worst first, each with C(id), C(outcome) (V(fail), V(unknown), V(warn),
      V(pass)), C(subject), C(message), C(what_next), C(failure_mode) and C(references).
    - C(guard) is the answer of Harvester's version guard, with its own words when it refuses.
  type: dict
"""

from typing import TYPE_CHECKING, Any

from ..module_utils._core.errors import RemediationError
from ..plugin_utils._document_filter import filter_module

if TYPE_CHECKING:
    from ..module_utils._harvester.upgrade_path.release_table import HarvesterRelease


def upgrade_path(
    target: str,
    release_file: str | None = None,
    current: str = "",
    current_release_file: str | None = None,
    releases: list[str] | None = None,
    evidence: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The preflight document; see DOCUMENTATION."""
    from ..module_utils._harvester.upgrade_path.release_files import load_table
    from ..module_utils._preflight.preflight import preflight

    table = load_table(releases or ())
    return preflight(
        table,
        target=_release(target, release_file),
        current=_release(current, current_release_file),
        evidence=evidence,
    )


def _release(version: str, file: str | None) -> HarvesterRelease | str:
    """What the file describes, else the version; both have to agree."""
    if not file:
        return version
    from ..module_utils._harvester.upgrade_path.release_files import load_release_file

    release = load_release_file(file)
    if version and version.removeprefix("v") != release.version.removeprefix("v"):
        raise RemediationError(
            "release-file-invalid",
            f"The release file {file} describes {release.version}, not {version}.",
            "Give the file of that version, or leave the version out.",
        )
    return release


FilterModule = filter_module(upgrade_path=upgrade_path)
