# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases that have been pending for too long, looked for again and again at little cost.

Only metadata is listed; the content of a revision, which alone tells the truth about its status and age, is read
once for each version of its Secret.
"""

from __future__ import annotations

from typing import Any

from ..._core.errors import RemediationError
from ..._core.lenient import moment
from ..._helm import storage
from ..._kube.client import KubeClient
from ..._kube.paths import core
from ..decision.system_charts import CHART_NAMESPACES, HARVESTER_UPGRADE_CONTROLLER_RELEASE

Event = dict[str, Any]

_SYSTEM = "cattle-system"


def _watched() -> frozenset[tuple[str, str]]:
    """Namespace and name of Rancher and of everything that any known Rancher keeps for itself."""
    charts = {(namespace, chart) for chart, namespace in CHART_NAMESPACES.items()}
    own = {(_SYSTEM, "rancher"), (_SYSTEM, HARVESTER_UPGRADE_CONTROLLER_RELEASE)}
    return frozenset(charts | own)


WATCHED = _watched()
# Asked for one by one: an account needs no rights on the Secrets of all namespaces.
_BY_NAMESPACE = {
    namespace: sorted(name for where, name in WATCHED if where == namespace)
    for namespace in sorted({namespace for namespace, _name in WATCHED})
}


class StaleReleases:
    """Tells of a pending revision when it has become too old: once, and then every `remind_after` seconds (0: never).

    After a look, `unread` names the namespaces whose releases the account may not see.
    """

    def __init__(self, client: KubeClient, stale_after: int, remind_after: int = 0) -> None:
        self._client = client
        self._stale_after = stale_after
        self._remind_after = remind_after
        self._read: dict[tuple[str, str], storage.Revision] = {}
        self._told: dict[str, float] = {}
        self.unread: frozenset[str] = frozenset()

    def look(self) -> list[Event]:
        """The events of now. Raises RemediationError when the cluster cannot be asked."""
        last = [revisions[0] for revisions in self._listed()]
        seen = {(each.secret_uid, each.secret_resource_version): each for each in last}
        self._read = {key: self._content(key, each) for key, each in seen.items()}
        pending = [each for each in self._read.values() if each.locked]
        self._told = {
            uid: age
            for uid, age in self._told.items()
            if uid in {each.secret_uid for each in pending}
        }
        return [self._event(each, age) for each in pending if (age := self._news(each)) is not None]

    def _listed(self) -> list[list[storage.Revision]]:
        """The revisions of each release. Raises forbidden when no namespace at all may be read."""
        found: list[list[storage.Revision]] = []
        refused: dict[str, RemediationError] = {}
        for namespace, names in _BY_NAMESPACE.items():
            try:
                found += storage.list_release_metadata(self._client, names, namespace).values()
            except RemediationError as error:
                if error.code != "forbidden":
                    raise
                refused[namespace] = error
        if len(refused) == len(_BY_NAMESPACE):
            raise next(iter(refused.values()))
        self.unread = self._existing(frozenset(refused)) if refused else frozenset()
        return found

    def _existing(self, refused: frozenset[str]) -> frozenset[str]:
        """Those that exist, for in one that does not everything is forbidden; all when that is not known."""
        try:
            namespaces = self._client.list(core("v1", "namespaces"), metadata_only=True)
        except RemediationError as error:
            if error.code != "forbidden":
                raise
            return refused
        return refused & {str(each["metadata"]["name"]) for each in namespaces}

    def _content(self, key: tuple[str, str], revision: storage.Revision) -> storage.Revision:
        known = self._read.get(key)
        if known is not None:
            return known
        # Gone in the meantime: then it holds nothing up any more.
        return storage.fetch_revision(self._client, revision) or revision

    def _news(self, revision: storage.Revision) -> int | None:
        """Its age in seconds when it is to be told of, else null."""
        since = moment(revision.touched_at)
        if since is None:
            return None
        age = int((self._client.now() - since).total_seconds())
        before = self._told.get(revision.secret_uid)
        due = before is None or (self._remind_after and age - before >= self._remind_after)
        if age < self._stale_after or not due:
            return None
        self._told[revision.secret_uid] = age
        return age

    def _event(self, revision: storage.Revision, age: int) -> Event:
        return {
            "pending_release": {
                "namespace": revision.namespace,
                "release": revision.release,
                "revision": revision.revision,
                "status": revision.status,
                "chart_version": revision.chart_version,
                "pending_since": revision.touched_at,
                "pending_seconds": age,
            },
            "cluster": {"server": self._client.server, "uid": self._client.cluster_uid()},
        }
