# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small Kubernetes client: objects are plain dicts, addressed by path.

Compared with the generated API classes it needs no models, no discovery and one shared connection pool, and it
turns every failure into a `RemediationError` that says what, where and what to do next.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from .._core.errors import RemediationError
from . import paths
from .auth import Connection
from .token import expiry

Object = dict[str, Any]
Objects = list[Object]  # the class below has a method called list

_BLOCK = 256 * 1024
USER_AGENT = "harvester_ops.remediation"
JSON = "application/json"
_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
_METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1"
_MERGE_PATCH = "application/merge-patch+json"
_APPLY_PATCH = "application/apply-patch+yaml"
_ANONYMOUS = "system:anonymous"
_CREDENTIALS_REMEDY = (
    "Renew the token or certificate, check that the kubeconfig's credential plugin works, or choose another "
    "context."
)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PERMISSION_REMEDY = "Use an account that may do this; files/rbac/ of the collection holds the ClusterRoles it needs."


class KubeClient:
    """Requests to one API server. Safe to share between threads.

    `parallelism` is the number of connections kept open; `connect_timeout` and `read_timeout` are seconds.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        parallelism: int = 8,
        connect_timeout: float = 10.0,
        read_timeout: float = 60.0,
    ) -> None:
        self.connection = connection
        self._lock = threading.Lock()
        self._request_count = 0
        self._clock_offset = timedelta(0)
        self._cluster_uid: str | None = None
        self._pool, self._timeout, self._retries = _transport(
            connection, parallelism, connect_timeout, read_timeout
        )

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return self.connection.server

    @property
    def request_count(self) -> int:
        """Requests sent so far, every page of a list counted."""
        return self._request_count

    def count_request(self) -> None:
        """Count a request that is sent past this class (a stream)."""
        with self._lock:
            self._request_count += 1

    def now(self) -> datetime:
        """The time on the API server's clock, to compare with times in objects.

        It comes from the Date header of the last answer: ages must not depend on how far the clock of
        the machine that runs the playbook is off.
        """
        return datetime.now(timezone.utc) + self._clock_offset

    def get(self, path: str, *, metadata_only: bool = False, **query: Any) -> Object:
        """The object at `path`. Raises `not-found`, `forbidden`, `unauthorized`, `server-unreachable`."""
        return self._json("GET", path, query, accept=_METADATA if metadata_only else JSON)

    def list(
        self,
        path: str,
        *,
        label_selector: str | None = None,
        field_selector: str | None = None,
        limit: int = 500,
        metadata_only: bool = False,
    ) -> Objects:
        """All objects below `path`, read in pages of `limit`. With `metadata_only` the server sends only metadata."""
        query = {"labelSelector": label_selector, "fieldSelector": field_selector, "limit": limit}
        accept = _METADATA_LIST if metadata_only else JSON
        items: Objects = []
        while True:
            try:
                page = self._json("GET", path, query, accept=accept)
            except RemediationError as exc:
                # The pages' snapshot was compacted away: read once more, in one piece.
                if not (exc.details.get("http_status") == 410 and query.get("continue")):
                    raise
                items, query["continue"], query["limit"] = [], None, None
                continue
            items.extend(page.get("items") or [])
            query["continue"] = (page.get("metadata") or {}).get("continue")
            if not query["continue"]:
                return items

    def table(self, path: str) -> Objects:
        """What ``kubectl get`` would print, a mapping per row. For secrets: name and type, never content."""
        answer = self._json("GET", path, {"includeObject": "Metadata"}, accept=_TABLE)
        names = [str(column["name"]).lower() for column in answer["columnDefinitions"]]
        return [
            {**dict(zip(names, row["cells"], strict=False)), "metadata": row["object"]["metadata"]}
            for row in answer["rows"]
        ]

    def create(self, path: str, body: Mapping[str, Any], *, dry_run: bool = False) -> Object:
        """POST `body` to the collection at `path`. Raises `conflict` when the object exists already."""
        return self._json("POST", path, _dry_run(dry_run), body=body)

    def patch(
        self,
        path: str,
        body: Any,
        *,
        dry_run: bool = False,
        subresource: str | None = None,
    ) -> Object:
        """Merge-patch the object at `path`; put ``metadata.resourceVersion`` into it to guard it."""
        target = path if subresource is None else paths.subresource(path, subresource)
        return self._json("PATCH", target, _dry_run(dry_run), body=body, content_type=_MERGE_PATCH)

    def apply(
        self, path: str, body: Mapping[str, Any], *, manager: str, dry_run: bool = False
    ) -> Object:
        """Apply `body` server-side as a field manager. A `conflict` with fields of other managers has the API server's
        list of them in its details, as ``causes``."""
        query = {"fieldManager": manager, "force": "false", **_dry_run(dry_run)}
        return self._json("PATCH", path, query, body=body, content_type=_APPLY_PATCH)

    def replace(self, path: str, body: Mapping[str, Any], *, dry_run: bool = False) -> Object:
        """PUT `body`; a stale ``metadata.resourceVersion`` in it raises `conflict`."""
        return self._json("PUT", path, _dry_run(dry_run), body=body)

    def delete(
        self,
        path: str,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        dry_run: bool = False,
    ) -> Object:
        """Delete the object at `path`, if it still is the one meant: the server checks both preconditions."""
        preconditions = {"uid": uid, "resourceVersion": resource_version}
        preconditions = {key: value for key, value in preconditions.items() if value is not None}
        options: Object = {"apiVersion": "v1", "kind": "DeleteOptions"}
        if preconditions:
            options["preconditions"] = preconditions
        if dry_run:
            # In the body, because the API server ignores the query of a DELETE that has one; in the query for
            # audit logs, which usually keep no bodies.
            options["dryRun"] = ["All"]
        return self._json("DELETE", path, _dry_run(dry_run), body=options)

    def server_version(self) -> Object:
        """What ``/version`` answers, for example ``{"gitVersion": "v1.32.3+rke2r1", ...}``."""
        return self._json("GET", "/version", {})

    def cluster_uid(self) -> str:
        """The uid of namespace kube-system: the usual identity of a cluster."""
        if self._cluster_uid is None:
            found = self.get(
                paths.core("v1", "namespaces", None, "kube-system"), metadata_only=True
            )
            self._cluster_uid = str(found["metadata"]["uid"])
        return self._cluster_uid

    def pod_log(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        tail_lines: int | None = None,
        limit_bytes: int | None = None,
        since_seconds: int | None = None,
        timestamps: bool = False,
        previous: bool = False,
    ) -> str:
        """The log of a container, of its run before the last restart with `previous`. Bytes that are no UTF-8 become
        replacement characters."""
        query = {
            "container": container,
            "tailLines": tail_lines,
            "limitBytes": limit_bytes,
            "sinceSeconds": since_seconds,
            "timestamps": "true" if timestamps else None,
            "previous": "true" if previous else None,
        }
        path = paths.subresource(paths.core("v1", "pods", namespace, pod), "log")
        return self._request("GET", path, query, accept="*/*").decode("utf-8", "replace")

    def stream(self, path: str) -> Iterator[bytes]:
        """What is at `path`, block by block, for what may be larger than memory. The errors are those of `get`."""
        import urllib3

        response = self._answer("GET", path, {}, accept="*/*", whole=False)
        try:
            yield from response.stream(_BLOCK)
        except (urllib3.exceptions.HTTPError, OSError) as exc:
            raise _unreachable(self.server, self.connection.source, path, exc) from exc
        finally:
            response.close()

    def request_headers(self) -> dict[str, str]:
        """Headers that authenticate a request, impersonation included."""
        configuration = self.connection.configuration
        headers = {"User-Agent": USER_AGENT, **self.connection.headers}
        token = configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        if not token and configuration.username:
            token = configuration.get_basic_auth_token()
        if token:
            headers["Authorization"] = token
        return headers

    def _json(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        *,
        accept: str = JSON,
        body: Any = None,
        content_type: str = JSON,
    ) -> Object:
        data = self._request(
            method, path, query, accept=accept, body=body, content_type=content_type
        )
        try:
            answer = json.loads(data)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise RemediationError(
                "api-error",
                f"{self.server} answered to {method} {paths.describe(path)} with something that is no "
                "Kubernetes object.",
                "Check that host or kubeconfig point to the Kubernetes API server and not to a proxy or "
                "login page.",
            )
        return answer

    def _request(self, method: str, path: str, query: Mapping[str, Any], **options: Any) -> bytes:
        return bytes(self._answer(method, path, query, **options).data)

    def _answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        *,
        accept: str = JSON,
        body: Any = None,
        content_type: str = JSON,
        whole: bool = True,
    ) -> Any:
        """The answer of the server, read to its end or, if not `whole`, about to be read. Raises for one of 400 and up."""
        pairs = {key: value for key, value in query.items() if value is not None}
        url = self.server + path + (f"?{urlencode(pairs)}" if pairs else "")
        headers = _multidict(self.request_headers())
        headers["Accept"] = accept
        target = _target(method, path, body)
        if body is not None:
            headers["Content-Type"] = content_type
            body = json.dumps(body).encode()
        self.count_request()
        response = self._send(method, url, path, headers, body, whole)
        self._note_time(response.headers.get("Date"))
        if response.status >= 400:
            raise _api_error(method, target, response.status, response.data, self._credentials())
        return response

    def _credentials(self) -> str:
        """Where the credentials are from, for messages, and when a token of theirs expired."""
        source = self.connection.source
        until = expiry(self.request_headers().get("Authorization", "").removeprefix("Bearer "))
        if until is None or until > self.now():
            return source
        return f"{source}, a token that expired at {until:%Y-%m-%dT%H:%M:%SZ}"

    def _send(
        self, method: str, url: str, path: str, headers: Any, body: bytes | None, whole: bool
    ) -> Any:
        import urllib3

        try:
            return self._pool.request(
                method,
                url,
                headers=headers,
                body=body,
                timeout=self._timeout,
                retries=self._retries,
                redirect=False,
                preload_content=whole,
            )
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as exc:
            raise _unreachable(self.server, self.connection.source, path, exc) from exc

    def _note_time(self, date: str | None) -> None:
        try:
            server_time = parsedate_to_datetime(date or "")
            offset = server_time - datetime.now(timezone.utc)
        except (TypeError, ValueError):
            return
        # The header has whole seconds: smaller differences are its rounding, not a wrong clock.
        self._clock_offset = offset if abs(offset) > timedelta(seconds=2) else timedelta(0)


def _transport(
    connection: Connection, parallelism: int, connect_timeout: float, read_timeout: float
) -> tuple[Any, Any, Any]:
    """The pool of the kubernetes library (TLS, client certificates, proxies), with our limits."""
    import urllib3
    from kubernetes.client import rest

    connection.configuration.connection_pool_maxsize = parallelism
    try:
        pool = rest.RESTClientObject(connection.configuration).pool_manager
    except (OSError, ValueError, urllib3.exceptions.HTTPError) as exc:
        raise RemediationError(
            "kubeconfig-invalid",
            f"The certificates or the proxy of {connection.source} cannot be used: {exc}.",
            "Check the files named in the kubeconfig or the options.",
        ) from exc
    timeout = urllib3.Timeout(connect=connect_timeout, read=read_timeout)
    # Only reads are ever repeated. 429 is the server asking to come back later.
    retries = urllib3.Retry(
        total=4,
        connect=1,
        read=1,
        redirect=0,
        status=4,
        other=0,
        allowed_methods=frozenset({"GET"}),
        status_forcelist=frozenset({429}),
        backoff_factor=0.2,
        raise_on_status=False,
    )
    return pool, timeout, retries


def _multidict(headers: Mapping[str, str]) -> Any:
    """Headers as urllib3 sends them; a value with line feeds becomes one header per line."""
    import urllib3

    result = urllib3.HTTPHeaderDict()
    for name, value in headers.items():
        for line in value.split("\n"):
            result.add(name, line)
    return result


def _target(method: str, path: str, body: Any) -> str:
    """The path of the object a request is about: a POST goes to its collection and names it in the body."""
    metadata = body.get("metadata") if method == "POST" and isinstance(body, Mapping) else None
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return f"{path}/{name}" if name else path


def _dry_run(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}


def _unreachable(server: str, source: str, path: str, exc: Exception) -> RemediationError:
    import urllib3

    cause: BaseException = exc
    while isinstance(inner := getattr(cause, "reason", None), BaseException):
        cause = inner
    text = str(cause)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        remedy = "Give the CA of the server in ca_cert or in the kubeconfig."
    elif isinstance(cause, FileNotFoundError):
        remedy = "A certificate or key file named in the kubeconfig or the options does not exist."
    elif isinstance(cause, (ssl.SSLError, urllib3.exceptions.SSLError)):
        remedy = "Check the CA, the client certificate and its key."
    elif urlsplit(server).hostname in _LOOPBACK:
        remedy = (
            "That address is the machine, or the container of the job, that runs Ansible. The kubeconfig of a Harvester node "
            "(/etc/rancher/rke2/rke2.yaml) names the node itself so: put the address of the cluster in its place."
        )
    else:
        remedy = (
            "Check the address, that the API server runs (on a Harvester node: systemctl status "
            "rke2-server), and that no firewall or proxy is in between."
        )
    return RemediationError(
        "server-unreachable",
        f"No connection to {server} ({source}) for {paths.describe(path)}: {text}.",
        remedy,
        retryable=True,
    )


def _api_error(method: str, path: str, status: int, data: bytes, source: str) -> RemediationError:
    """Map an answer of 400 and above. Kubernetes sends a Status object; a proxy may send anything."""
    try:
        answer = json.loads(data)
    except ValueError:
        answer = None
    answer = answer if isinstance(answer, dict) else {}
    said = str(answer.get("message") or data[:200].decode("utf-8", "replace")).strip().rstrip(".")
    where, verb = paths.describe(path), paths.verb(method, path)
    details = {
        "http_status": status,
        "reason": str(answer.get("reason") or ""),
        "object": where,
        "method": method,
    }
    # Without credentials a server that allows it treats one as anonymous: that is no missing permission.
    if status == 401 or (status == 403 and f'User "{_ANONYMOUS}"' in said):
        message = f"The API server did not accept the credentials of {source} (asked for {where})."
        return RemediationError("unauthorized", message, _CREDENTIALS_REMEDY, details=details)
    if status == 403:
        message = f"No permission to {verb} {where}: {said}."
        return RemediationError("forbidden", message, _PERMISSION_REMEDY, details=details)
    if status == 404:
        return RemediationError("not-found", _missing(answer, where), details=details)
    if status == 409:
        code = "precondition-failed" if method == "DELETE" else "conflict"
        message = f"{where} has changed or exists already: {said}."
        causes = (answer.get("details") or {}).get("causes") or []
        details |= {"causes": causes} if causes else {}
        return RemediationError(code, message, "Read it again.", details=details)
    return RemediationError(
        "api-error",
        f"To {verb} {where} failed with HTTP status {status}: {said}.",
        "See the API server's log." if status >= 500 else "",
        retryable=status >= 500 or status == 429,
        details=details,
    )


def _missing(answer: Object, where: str) -> str:
    """Whether an object is missing or its whole kind: then the API group is not installed here."""
    if (answer.get("details") or {}).get("name"):
        return f"{where} does not exist."
    return f"The API server does not know the path of {where}."
