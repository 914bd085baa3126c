# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where objects of a kind are, as the API server itself says: charts bring kinds that no table knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.errors import RemediationError
from .._kube import paths
from .._kube.reader import Reader


class Kinds:
    """The kinds of the API versions asked for; each version is asked for once."""

    def __init__(self, client: Reader) -> None:
        self._client = client
        self._known: dict[str, dict[str, Mapping[str, Any]]] = {}

    def path(self, api_version: str, kind: str, namespace: str, name: str | None) -> str | None:
        """The path of an object, or without a name of all of them; None where the API server has no such kind.

        The namespace is left out for kinds that have none.
        """
        resource = self._resources(api_version).get(kind)
        if resource is None:
            return None
        where = namespace if resource.get("namespaced") else None
        plural = str(resource["name"])
        if "/" in api_version:
            return paths.api(api_version, plural, where, name)
        return paths.core(api_version, plural, where, name)

    def _resources(self, api_version: str) -> dict[str, Mapping[str, Any]]:
        if api_version not in self._known:
            self._known[api_version] = self._read(api_version)
        return self._known[api_version]

    def _read(self, api_version: str) -> dict[str, Mapping[str, Any]]:
        prefix = "/apis/" if "/" in api_version else "/api/"
        try:
            answer = self._client.get(f"{prefix}{api_version}")
        except RemediationError as error:
            if error.code in ("not-found", "forbidden"):
                return {}
            raise
        resources = answer.get("resources") or []
        return {str(each["kind"]): each for each in resources if "/" not in str(each.get("name"))}
