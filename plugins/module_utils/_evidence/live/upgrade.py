# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The latest Upgrade (FM 1.1, 6.0 D.1), and the Harvester version that is installed now."""

from __future__ import annotations

from typing import Any

from ..._core.lenient import Document, dig, mapping, text
from ..._documents.evidence import ABSENT, OK, EarlierUpgrade, Source, Upgrade
from ..._harvester import upgrade, upgrade_plan
from ..._kube import paths
from .objects import conditions_of, created_at, identity, label, name_of, namespace_of
from .reading import Context, Found, Group, Parts, Reads

UPGRADES = "upgrades"
UPGRADE_PLANS = "upgrade_plans"
SERVER_VERSION = "harvester_version"


def latest_upgrade(found: Found) -> Document:
    """The Upgrade all the rest is about; of several that claim to be the latest the newest. May be empty, and may be an
    UpgradePlan in the shape of an Upgrade."""
    return mapping(upgrade_plan.latest(_marked(found), found.objects(UPGRADE_PLANS)))


def _marked(found: Found) -> list[Document]:
    name, _sign, value = upgrade.LATEST_SELECTOR.partition("=")
    return [each for each in found.objects(UPGRADES) if label(each, name) == value]


def _reads(_context: Context, _found: Found) -> Reads:
    path = paths.api(upgrade.API, "upgrades", upgrade.NAMESPACE)
    plans = paths.api(upgrade_plan.API, upgrade_plan.RESOURCE)
    version = paths.api(upgrade.API, "settings", None, upgrade.VERSION_SETTING)
    return {
        # All of them: an earlier one that has not ended keeps a new one from being made.
        UPGRADES: lambda client: client.list(path),
        UPGRADE_PLANS: lambda client: client.list(plans),
        SERVER_VERSION: lambda client: client.get(version),
    }


def _parts(_context: Context, found: Found) -> Parts:
    obj = latest_upgrade(found)
    absent = f"No Upgrade in {upgrade.NAMESPACE} has the label {upgrade.LATEST_SELECTOR}."
    source = found.source(*_lists(obj), absent=absent)
    if not obj and source.state == OK:
        source = Source(ABSENT, absent)
    sources = {
        "upgrade": source,
        "harvester_version": found.source(SERVER_VERSION),
    }
    setting = found.object(SERVER_VERSION)
    fields: dict[str, Any] = {
        "harvester_version": text(setting.get("value")) or text(setting.get("default"))
    }
    if obj:
        fields["upgrade"] = _upgrade(found, obj)
    if found.ok(UPGRADES):
        others = (each for each in found.objects(UPGRADES) if each not in _marked(found))
        fields["earlier_upgrades"] = tuple(map(_earlier, sorted(others, key=name_of)))
    return Parts(fields, sources)


def _lists(obj: Document) -> tuple[str, ...]:
    """What has to be readable: without an Upgrade of either kind both, since one may be in the list that was refused."""
    if not obj:
        return UPGRADES, UPGRADE_PLANS
    return (UPGRADE_PLANS,) if upgrade_plan.is_plan(obj) else (UPGRADES,)


def _upgrade(found: Found, obj: Document) -> Upgrade:
    info = upgrade.repo_info(dig(obj, "status", "repoInfo"))
    plan = upgrade_plan.is_plan(obj)
    names = [name_of(obj)] if plan else sorted(map(name_of, _marked(found)))
    target = dig(obj, "status", "release", "rancher") if plan else dig(info, "release", "rancher")
    return Upgrade(
        kind=upgrade_plan.KIND if plan else None,
        name=name_of(obj),
        namespace=namespace_of(obj),
        **identity(obj),
        created_at=created_at(obj),
        version=text(dig(obj, "spec", "version")),
        image=text(dig(obj, "spec", "image")),
        state=label(obj, upgrade.STATE_LABEL),
        previous_version=text(dig(obj, "status", "previousVersion")),
        conditions=conditions_of(obj.get("status")),
        latest_names=tuple(sorted(names)),
        target_rancher_version=text(target),
    )


def _earlier(obj: Document) -> EarlierUpgrade:
    return EarlierUpgrade(
        name=name_of(obj),
        state=label(obj, upgrade.STATE_LABEL),
        cleanup=label(obj, upgrade.CLEANUP_LABEL),
    )


GROUP = Group(("upgrade", "harvester_version"), _reads, _parts)
