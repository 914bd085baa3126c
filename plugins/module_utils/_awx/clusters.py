# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assets for several clusters: job templates for all, and for each a credential, workflows and schedules of its own.

A workflow of AWX cannot ask for a credential at its launch, and a copy made in AWX has no notifications and no roles
(FIELDS_TO_PRESERVE_AT_COPY in awx/main/models/workflow.py). So each cluster gets its own, from the one in the assets.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .._core.errors import RemediationError

Asset = dict[str, Any]


def for_clusters(assets: Mapping[str, Any], clusters: Sequence[Mapping[str, Any]]) -> Asset:
    """The assets with all that belongs to one cluster once for each of `clusters` (C(name), C(inputs)).

    The credential that the job templates name is the pattern of those of the clusters, and is asked for at every launch.
    """
    made: Asset = copy.deepcopy(dict(assets))
    templates = made.get("job_templates", [])
    pattern = next(
        (key for each in templates for key in each.get("related", {}).get("credentials", [])), None
    )
    names = [str(each.get("name") or "") for each in clusters]
    if pattern is None or "" in names or len(set(names)) != len(names):
        raise RemediationError(
            "refused",
            "Every cluster needs a name of its own, and a job template of the assets a credential to start from.",
            "Correct awx_clusters, a list of mappings with name and inputs.",
        )
    workflows = made.get("workflow_job_templates", [])
    made["credentials"] = [_credential(each, pattern) for each in clusters if "inputs" in each]
    made["workflow_job_templates"] = [
        _of_cluster(workflow, name, pattern) for name in names for workflow in workflows
    ]
    for template in templates:
        related = template.get("related", {})
        related.pop("credentials", None)
        if "schedules" in related:
            related["schedules"] = [
                _of_cluster(each, name, pattern) for name in names for each in related["schedules"]
            ]
    return made


def joined(assets: Mapping[str, Any], shared: Mapping[str, Any]) -> Asset:
    """Assets of single clusters and those that are for all of them, kind by kind."""
    return {kind: [*assets.get(kind, []), *shared.get(kind, [])] for kind in {**assets, **shared}}


def _credential(cluster: Mapping[str, Any], pattern: Asset) -> Asset:
    key = _own_key(pattern, str(cluster["name"]))
    return {
        "name": key["name"],
        "description": f"The cluster {cluster['name']}.",
        "organization": key["organization"],
        "credential_type": key["credential_type"],
        "inputs": cluster["inputs"],
        "natural_key": key,
    }


def _own_key(key: Mapping[str, Any], cluster: str) -> Asset:
    return {**key, "name": f"{key['name']} ({cluster})"}


def _of_cluster(asset: Asset, cluster: str, credential: Asset) -> Asset:
    """A workflow or a schedule with the name of a cluster, whose jobs get the credential of that cluster."""

    def own(value: Asset) -> Asset:
        if value.get("type") in ("workflow_job_template", "schedule"):
            value = _own_key(value, cluster)
        target = value.get("unified_job_template")
        # An asset, and not the key of one, which has a type.
        if isinstance(target, Mapping) and target["type"] == "job_template" and "type" not in value:
            chosen = {"credentials": [_own_key(credential, cluster)]}
            value = {**value, "related": {**value.get("related", {}), **chosen}}
        return value

    made: Asset = _mapped(asset, own)
    made["name"] = f"{asset['name']} ({cluster})"
    return made


def _mapped(value: Any, change: Callable[[Asset], Asset]) -> Any:
    if isinstance(value, list):
        return [_mapped(each, change) for each in value]
    if isinstance(value, Mapping):
        return change({name: _mapped(each, change) for name, each in value.items()})
    return value
