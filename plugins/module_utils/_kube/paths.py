# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of Kubernetes API objects.

The collection addresses every resource by its path, so it needs no discovery: on a cluster in the
middle of an upgrade discovery is slow, and fails as a whole when one aggregated API is down.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

_PATH = re.compile(
    r"^/(?:api/(?P<core>[^/]+)|apis/(?P<group>[^/]+/[^/]+))"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/))?/(?P<resource>[^/]+)(?:/(?P<name>[^/]+))?(?P<rest>/.*)?$"
)

# Kinds that are not the capitalised singular of their resource name.
_KINDS = {
    "apiservices": "APIService",
    "clusterrepos": "ClusterRepo",
    "configmaps": "ConfigMap",
    "customresourcedefinitions": "CustomResourceDefinition",
    "managedcharts": "ManagedChart",
    "mutatingwebhookconfigurations": "MutatingWebhookConfiguration",
    "priorityclasses": "PriorityClass",
    "replicasets": "ReplicaSet",
    "serviceaccounts": "ServiceAccount",
    "statefulsets": "StatefulSet",
    "daemonsets": "DaemonSet",
    "endpointslices": "EndpointSlice",
    "validatingwebhookconfigurations": "ValidatingWebhookConfiguration",
    "virtualmachines": "VirtualMachine",
}


@dataclass(frozen=True)
class Parts:
    """What a path is about; `group` is empty for the core group, `name` for a list."""

    group: str
    version: str
    namespace: str | None
    resource: str
    name: str


def split(path: str) -> Parts | None:
    """The parts of a path; None for one that is not of an API object."""
    match = _PATH.match(path)
    if match is None:
        return None
    group, _slash, version = (match["group"] or f"/{match['core']}").partition("/")
    namespace = None if match["namespace"] is None else unquote(match["namespace"])
    return Parts(group, version, namespace, match["resource"], unquote(match["name"] or ""))


def core(version: str, resource: str, namespace: str | None = None, name: str | None = None) -> str:
    """Path in the core group, for example ``core("v1", "secrets", "cattle-system")``."""
    return f"/api/{version}{_tail(resource, namespace, name)}"


def api(
    group_version: str, resource: str, namespace: str | None = None, name: str | None = None
) -> str:
    """Path in a named group, for example ``api("catalog.cattle.io/v1", "clusterrepos", None, "x")``."""
    return f"/apis/{group_version}{_tail(resource, namespace, name)}"


def subresource(path: str, name: str) -> str:
    """The path of a subresource of the object at `path`."""
    return f"{path}/{name}"


def verb(method: str, path: str) -> str:
    """The verb that RBAC rules call a request by: reading without a name is ``list``."""
    match = _PATH.match(path)
    if method == "GET" and match is not None and match["name"] is None:
        return "list"
    return {"GET": "get", "POST": "create", "PUT": "update"}.get(method, method.lower())


def describe(path: str) -> str:
    """How messages name what is at `path`: ``Kind/namespace/name``, as far as the path says.

    >>> describe("/api/v1/namespaces/cattle-system/secrets/x")
    'Secret/cattle-system/x'
    """
    match = _PATH.match(path)
    if match is None:
        return path
    resource = match["resource"]
    parts = [_KINDS.get(resource) or resource[:1].upper() + resource[1:].removesuffix("s")]
    parts += [unquote(part) for part in (match["namespace"], match["name"]) if part]
    rest = (match["rest"] or "").strip("/")
    return "/".join(parts) + (f" ({rest})" if rest else "")


def _tail(resource: str, namespace: str | None, name: str | None) -> str:
    parts = [] if namespace is None else ["namespaces", quote(namespace, safe="")]
    parts.append(resource)
    if name is not None:
        parts.append(quote(name, safe=":"))
    return "".join(f"/{part}" for part in parts)
