# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cluster a file is of, and of when, by what is in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..._core.errors import RemediationError
from ..._core.lenient import dig, text
from ..._harvester import upgrade
from ..._kube import paths
from .limits import LIMITS, Limits
from .recognition import SUPPORT_BUNDLE, UPGRADE_LOG, Recognized, recognize
from .stored_document import stored_document
from .support_bundle import SupportBundle
from .upgrade_log import Container, UpgradeLog, upgrades_of

_TELLING = re.compile(
    r"(?:^|/)(?:metadata\.yaml|evidence\.json|bundleGenerationError\.log"
    r"|yamls/cluster/v1/namespaces\.yaml|yamls/namespaced/.*/upgrades\.yaml)$"
)
#: The end of a name that Kubernetes made up: two clusters do not share one by chance.
_RANDOM_NAME = re.compile(r"-[bcdfghjklmnpqrstvwxz2456789]{5}$")


@dataclass(frozen=True)
class GivenFile:
    """A file or folder, and what ties it to a cluster.

    `uid` is that of namespace kube-system, `projects` are those of harvester-system, from its object and from the
    bundle's metadata. `written` sorts files of one kind by when they were made. `has_objects` is false for what has
    logs only.
    """

    path: str
    kind: str
    uid: str = ""
    projects: frozenset[str] = frozenset()
    upgrades: frozenset[str] = frozenset()
    pods: frozenset[str] = frozenset()
    written: str = ""
    has_objects: bool = False


def identify(path: str, limits: Limits = LIMITS) -> GivenFile:
    """Look into a file or folder for its cluster. Raises what `recognize` raises."""
    found = recognize(path, limits, lambda name: _TELLING.search(name) is not None)
    try:
        return _identified(found)
    finally:
        if found.archive is not None:
            found.archive.close()


def _identified(found: Recognized) -> GivenFile:
    if found.archive is None or found.kind not in (SUPPORT_BUNDLE, UPGRADE_LOG):
        document = stored_document(found)
        name = text(dig(document, "upgrade", "name"))
        return GivenFile(
            found.path,
            found.kind,
            uid=text(dig(document, "cluster", "uid")) or "",
            upgrades=frozenset([name] if name else []),
            written=text(document.get("collected_at")) or "",
            has_objects=True,
        )
    if found.kind == UPGRADE_LOG:
        log = UpgradeLog(found.archive, found.root)
        return GivenFile(
            found.path,
            found.kind,
            upgrades=upgrades_of(log.containers),
            pods=_random_pods(log.containers),
            written=log.last_day,
        )
    bundle = SupportBundle(found.archive, found.root)
    uids = dict(_uids(bundle))
    projects = (uids.get(upgrade.NAMESPACE), text(bundle.metadata.get("projectnamespaceuuid")))
    return GivenFile(
        found.path,
        found.kind,
        uid=uids.get("kube-system", ""),
        projects=frozenset(filter(None, projects)),
        upgrades=upgrades_of(bundle.containers) | _upgrades(bundle),
        pods=_random_pods(bundle.containers),
        written=bundle.created_at or "",
        has_objects=bundle.has_objects,
    )


def _random_pods(containers: Iterable[Container]) -> frozenset[str]:
    pods = {f"{namespace}/{pod}" for namespace, pod, _container in containers}
    return frozenset(pod for pod in pods if _RANDOM_NAME.search(pod))


def _uids(bundle: SupportBundle) -> list[tuple[str, str]]:
    """Namespace and uid of those that a bundle has."""
    try:
        listed = bundle.list(paths.core("v1", "namespaces"))
    except RemediationError:
        return []
    return [
        (text(dig(each, "metadata", "name")) or "", text(dig(each, "metadata", "uid")) or "")
        for each in listed
    ]


def _upgrades(bundle: SupportBundle) -> frozenset[str]:
    """The Upgrades that a bundle has as objects."""
    try:
        listed = bundle.list(paths.api(upgrade.API, "upgrades", upgrade.NAMESPACE))
    except RemediationError:
        return frozenset()
    return frozenset(text(dig(each, "metadata", "name")) or "" for each in listed) - {""}
