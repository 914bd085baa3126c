# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small client of the Kubernetes API for the doubles: JSON in, JSON out, resources by name."""

from __future__ import annotations

import base64
import json
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
import yaml
from urllib3.exceptions import HTTPError

from doubles.resources import (
    JsonObject,
    by_name,
    of_object,
)


class ApiError(Exception):
    """The API server refused; ``status`` is the HTTP status, the text the server's message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

    @property
    def not_found(self) -> bool:
        """Whether the object does not exist."""
        return self.status == 404

    @property
    def conflict(self) -> bool:
        """Whether the object exists already or has been changed meanwhile."""
        return self.status == 409


def now() -> str:
    """The current time as Kubernetes writes it, whole seconds, UTC."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> datetime:
    """The instant an RFC 3339 text names."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def wait_until(condition: Callable[[], bool], what: str, timeout: float, step: float = 0.2) -> None:
    """Poll until the condition holds; TimeoutError naming what was waited for after ``timeout`` s."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout:.0f} s in vain for {what}")
        time.sleep(step)


class Cluster:
    """The API of one cluster, with the rights of a kubeconfig that ``controlplane`` wrote.

    Its certificates are inside. The kubernetes library would take longer to import than most
    doubles compute.
    """

    def __init__(self, kubeconfig: str | Path, agent: str = "double") -> None:
        self.kubeconfig = Path(kubeconfig)
        document = yaml.safe_load(self.kubeconfig.read_text(encoding="utf-8"))
        cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
        self._host, self._agent = str(cluster["server"]), agent
        self._pool = urllib3.PoolManager(maxsize=16, ssl_context=_tls(cluster, user))

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> bytes:
        """One request; the raw body of the answer. ApiError when the server refuses."""
        headers = {"Accept": "application/json, */*", "Content-Type": content_type}
        headers["User-Agent"] = self._agent
        url = self._host + path + (f"?{urlencode(query)}" if query else "")
        text = None if body is None else json.dumps(body)
        # A server that has just learnt of a CRD asks for patience with 429.
        for patience in (0.2, 0.5, 1.0, 0.0):
            try:
                response = self._pool.request(
                    method, url, body=text, headers=headers, retries=False
                )
            except HTTPError as error:
                raise ApiError(503, f"{method} {url}: {error}") from None
            if response.status != 429 or not patience:
                break
            time.sleep(patience)
        if response.status >= 400:
            raise ApiError(response.status, _message(response.status, response.data))
        data: bytes = response.data
        return data

    def _json(self, *args: Any, **kwargs: Any) -> JsonObject:
        answer: JsonObject = json.loads(self.request(*args, **kwargs))
        return answer

    def get(self, resource: str, name: str, namespace: str | None = None) -> JsonObject:
        """One object; ApiError with status 404 when it does not exist."""
        return self._json("GET", by_name(resource).path(namespace, name))

    def find(self, resource: str, name: str, namespace: str | None = None) -> JsonObject | None:
        """One object, or None when it (or its kind) does not exist."""
        try:
            return self.get(resource, name, namespace)
        except ApiError as error:
            if error.not_found:
                return None
            raise

    def list(
        self, resource: str, namespace: str | None = None, selector: str = ""
    ) -> list[JsonObject]:
        """All objects of a kind, in one namespace or everywhere; [] when the kind is unknown."""
        kind = by_name(resource)
        query = {"labelSelector": selector} if selector else {}
        try:
            answer = self._json("GET", kind.path(namespace), query=query)
        except ApiError as error:
            if error.not_found:
                return []
            raise
        items: list[JsonObject] = answer["items"]
        for item in items:
            item["apiVersion"], item["kind"] = kind.api_version, kind.kind
        return items

    def watch(
        self, resource: str, namespace: str | None = None, name: str = "", selector: str = ""
    ) -> Iterator[bytes]:
        """Events of a kind as they come, first those of what there is; until the server ends it.

        The first item is empty and says that the watch stands. ApiError when it cannot be had.
        """
        query = {"watch": "true", "timeoutSeconds": "600"}
        query |= {"fieldSelector": f"metadata.name={name}"} if name else {}
        query |= {"labelSelector": selector} if selector else {}
        url = f"{self._host}{by_name(resource).path(namespace)}?{urlencode(query)}"
        try:
            response = self._pool.request("GET", url, retries=False, preload_content=False)
            if response.status >= 400:
                raise ApiError(response.status, _message(response.status, response.data))
            yield b""
            yield from response.stream()
        except HTTPError as error:
            raise ApiError(503, f"GET {url}: {error}") from None

    def create(self, body: JsonObject) -> JsonObject:
        """Create an object; ApiError with status 409 when it exists."""
        metadata = body["metadata"]
        return self._json("POST", of_object(body).path(metadata.get("namespace")), body=body)

    def ensure(self, body: JsonObject) -> JsonObject:
        """Create an object unless it exists; the object as it is now."""
        try:
            return self.create(body)
        except ApiError as error:
            if not error.conflict:
                raise
        metadata = body["metadata"]
        return self._json("GET", of_object(body).path(metadata.get("namespace"), metadata["name"]))

    def replace(self, body: JsonObject) -> JsonObject:
        """Replace an object; a resourceVersion in it must still be current."""
        metadata = body["metadata"]
        path = of_object(body).path(metadata.get("namespace"), metadata["name"])
        return self._json("PUT", path, body=body)

    def put(self, body: JsonObject) -> JsonObject:
        """Create an object, or replace the one of that name."""
        try:
            return self.create(body)
        except ApiError as error:
            if not error.conflict:
                raise
        return self.replace(body)

    def patch(
        self,
        resource: str,
        name: str,
        patch: JsonObject,
        namespace: str | None = None,
        subresource: str = "",
    ) -> JsonObject:
        """Apply a JSON merge patch to an object or to its status."""
        path = by_name(resource).path(namespace, name) + (f"/{subresource}" if subresource else "")
        return self._json("PATCH", path, body=patch, content_type="application/merge-patch+json")

    def delete(
        self, resource: str, name: str, namespace: str | None = None, background: bool = True
    ) -> bool:
        """Delete an object; whether there was one."""
        body = {"propagationPolicy": "Background" if background else "Orphan"}
        try:
            self.request("DELETE", by_name(resource).path(namespace, name), body=body)
        except ApiError as error:
            if error.not_found:
                return False
            raise
        return True

    def ensure_all(self, bodies: Iterable[JsonObject], parallel: int = 8) -> None:
        """Create many objects that do not depend on one another."""
        with ThreadPoolExecutor(parallel) as pool:
            list(pool.map(self.ensure, bodies))


def _tls(cluster: Mapping[str, str], user: Mapping[str, str]) -> ssl.SSLContext:
    """Trust the cluster's authority, and show the user's certificate."""
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    with tempfile.NamedTemporaryFile() as file:  # OpenSSL reads certificates from files only
        for key in ("client-certificate-data", "client-key-data"):
            file.write(base64.b64decode(user[key]))
        file.flush()
        context.load_cert_chain(file.name)
    return context


def _message(status: int, body: bytes) -> str:
    """The server's own words, which the doubles print as kubectl and Rancher would."""
    try:
        return str(json.loads(body)["message"])
    except (TypeError, ValueError, KeyError):
        return f"{status}: {body.decode(errors='replace')}"


class Patience:
    """How long a double puts up with an API server that is away: it may be restarting.

    Whoever kills a test leaves the doubles behind; without this they would run for ever.
    """

    def __init__(self, program: str, seconds: float = 120.0) -> None:
        self._program, self._seconds = program, seconds
        self._well = time.monotonic()

    def is_well(self) -> None:
        """The API server answered."""
        self._well = time.monotonic()

    def bear(self, error: Exception) -> None:
        """Say what went wrong; SystemExit when nothing has gone well for too long."""
        print(f"{self._program}: {error}", file=sys.stderr, flush=True)
        if time.monotonic() - self._well > self._seconds:
            sys.exit(f"{self._program}: gave up after {self._seconds:.0f} s")
