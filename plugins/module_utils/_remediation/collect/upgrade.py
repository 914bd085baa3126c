# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The latest Upgrade (FM 1.1, 6.0 D.1)."""

from __future__ import annotations

from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester import upgrade
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube import paths
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.collect.objects import (
    conditions_of,
    created_at,
    identity,
    label,
    name_of,
    namespace_of,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.collect.reading import (
    Context,
    Found,
    Group,
    Parts,
    Reads,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.evidence import (
    Upgrade,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.lenient import (
    Document,
    dig,
    mapping,
    text,
)

UPGRADES = "upgrades"


def latest_upgrade(found: Found) -> Document:
    """The Upgrade all the rest is about; of several that claim to be the latest the newest. May be empty."""
    return mapping(upgrade.newest(found.objects(UPGRADES)))


def _reads(_context: Context, _found: Found) -> Reads:
    path = paths.api(upgrade.API, "upgrades", upgrade.NAMESPACE)
    return {UPGRADES: lambda client: client.list(path, label_selector=upgrade.LATEST_SELECTOR)}


def _parts(context: Context, found: Found) -> Parts:
    obj = latest_upgrade(found)
    absent = f"No Upgrade in {upgrade.NAMESPACE} has the label {upgrade.LATEST_SELECTOR}."
    if found.reading(UPGRADES).error is not None:
        absent = ""
    source = found.source(UPGRADES, absent=absent)
    if not obj:
        return Parts({}, {"upgrade": source})
    info = upgrade.repo_info(dig(obj, "status", "repoInfo"))
    names = tuple(sorted(name_of(each) for each in found.objects(UPGRADES)))
    skip = text(dig(obj, "metadata", "annotations", upgrade.SKIP_VERSION_CHECK))
    part = Upgrade(
        name=name_of(obj),
        namespace=namespace_of(obj),
        **identity(obj),
        created_at=created_at(obj),
        version=text(dig(obj, "spec", "version")),
        image=text(dig(obj, "spec", "image")),
        state=label(obj, upgrade.STATE_LABEL),
        previous_version=text(dig(obj, "status", "previousVersion")),
        skip_version_check=skip == "true",
        conditions=conditions_of(obj.get("status")),
        repo_info=context.redactor.value(info),
        latest_names=names,
        target_rancher_version=text(dig(info, "release", "rancher")),
    )
    return Parts({"upgrade": part}, {"upgrade": source})


GROUP = Group(("upgrade",), _reads, _parts)
