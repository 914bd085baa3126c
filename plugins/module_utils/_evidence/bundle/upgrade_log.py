# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log archive of an upgrade: what its pods printed, by pod and day, also of those that are gone.

Harvester's logging writes bare lines, so the only times are those that an application prints itself; the order is that
of arrival. A pod is known by its log alone: whether it lives and how it ended is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..._core.lenient import Document
from ..._harvester import upgrade
from .archive import Archive

_MEMBER = re.compile(
    r"^(?P<namespace>[a-z0-9-]+)\.(?P<pod>[a-z0-9][a-z0-9.-]*)\.(?P<container>[a-z0-9-]+)\.(?P<date>\d{8})"
    r"(?P<more>[^/]*)\.log(?:\.gz)?$"
)
_JOB_POD = re.compile(r"^(?P<upgrade>.+)-apply-manifests-[a-z0-9]+$")
#: The names that Harvester gives Upgrades, at the beginning of what it makes for them.
_OF_UPGRADE = re.compile(r"^(?P<upgrade>hvst-upgrade-[a-z0-9]{5})-")
# Rancher's own time, and that of logrus and of most Go programs; all in UTC.
_RANCHER_TIME = re.compile(r"^(\d{4})/(\d\d)/(\d\d) (\d\d:\d\d:\d\d) ")
_LOGRUS_TIME = re.compile(r'^time="(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"')
Container = tuple[str, str, str]  # namespace, pod, container


def job_pods_of(containers: Iterable[Container]) -> list[Document]:
    """The pods of manifest jobs, as the API would show one of which only the log is known."""
    pods = []
    for namespace, pod, container in sorted(containers):
        match = _JOB_POD.match(pod)
        if (namespace, container) == (upgrade.NAMESPACE, upgrade.JOB_CONTAINER) and match:
            labels = {
                upgrade.UPGRADE_LABEL: match["upgrade"],
                "harvesterhci.io/upgradeComponent": "manifest",
            }
            metadata = {"name": pod, "namespace": namespace, "labels": labels}
            pods.append({"metadata": metadata, "status": {}})
    return pods


def upgrades_of(containers: Iterable[Container]) -> frozenset[str]:
    """The names of the Upgrades whose pods these are."""
    pods = {pod for namespace, pod, _container in containers if namespace == upgrade.NAMESPACE}
    matches = (_JOB_POD.match(pod) or _OF_UPGRADE.match(pod) for pod in pods)
    return frozenset(match["upgrade"] for match in matches if match is not None)


class UpgradeLog:
    """The logs in an archive below `root`."""

    def __init__(self, archive: Archive, root: str = "") -> None:
        self._archive = archive
        self._members: dict[Container, list[tuple[str, str]]] = {}
        for name in archive.sizes:
            match = _MEMBER.match(name.removeprefix(root).removeprefix("logs/"))
            if name.startswith(root) and match is not None:
                key = (match["namespace"], match["pod"], match["container"])
                self._members.setdefault(key, []).append((match["date"] + match["more"], name))

    @property
    def label(self) -> str:
        """The file it is."""
        return self._archive.label

    @property
    def containers(self) -> frozenset[Container]:
        """The containers that it has logs of."""
        return frozenset(self._members)

    @property
    def last_day(self) -> str:
        """The last day that it has logs of, as 20261123."""
        days = (day[:8] for members in self._members.values() for day, _name in members)
        return max(days, default="")

    def __contains__(self, container: object) -> bool:
        return container in self._members

    def lines(self, container: Container, *, timestamps: bool = False) -> Iterator[str]:
        """The lines of a container, the oldest day first. With `timestamps` those that say their time start with it."""
        for _day, name in sorted(self._members[container]):
            for line in self._archive.lines(name):
                yield _stamped(line) + line if timestamps else line

    def job_pods(self) -> list[Document]:
        """The pods of manifest jobs that it has logs of."""
        return job_pods_of(self._members)

    def last_written(self, pod: str) -> str:
        """What sorts the job's pods by when their log was written last: the day, then the time of the file."""
        members = self._members.get((upgrade.NAMESPACE, pod, upgrade.JOB_CONTAINER), [])
        return max(
            (f"{day[:8]} {self._archive.times.get(name, '')}" for day, name in members), default=""
        )


def _stamped(line: str) -> str:
    rancher = _RANCHER_TIME.match(line)
    if rancher is not None:
        year, month, day, time = rancher.groups()
        return f"{year}-{month}-{day}T{time}Z "
    logrus = _LOGRUS_TIME.match(line)
    return f"{logrus[1]} " if logrus is not None else ""
