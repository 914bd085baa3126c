# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Downloads over HTTP: bounded, into a file, with the proxy and the certificates asked for."""

from __future__ import annotations

import contextlib
import io
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from ansible.module_utils.urls import ConnectionError as AnsibleConnectionError
from ansible.module_utils.urls import NoSSLError, SSLValidationError, open_url

from ..._core.errors import RemediationError
from .sink import ChartSink

TIMEOUT = 60
ATTEMPTS = 3
_BLOCK = 256 * 1024
_PROXY_VARIABLES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")


@dataclass(frozen=True)
class HttpAccess:
    """How to reach a web server; the credentials go to that server only.

    C(proxy) takes the place of the one in the environment; C(NO_PROXY) counts in any case.
    """

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    ca_path: str | None = None
    validate_certs: bool = True
    proxy: str | None = None

    def without_credentials(self) -> HttpAccess:
        """The same way, with nobody's name on it."""
        return replace(self, username=None, password=None, token=None)


class MissingError(Exception):
    """The server has no such document."""


def without_user(url: str) -> str:
    """A URL without user name and password, for messages."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def download_failed(url: str, why: str, *, retryable: bool = False) -> RemediationError:
    """The error for a document that cannot be had."""
    return RemediationError(
        "chart-not-found",
        f"{without_user(url)} cannot be downloaded: {why}.",
        "Check address, credentials, proxy and certificate, or give another chart source.",
        retryable=retryable,
        details={"url": without_user(url)},
    )


class ChallengeError(RemediationError):
    """The server wants other credentials; C(challenge) is its C(WWW-Authenticate)."""

    def __init__(self, url: str, challenge: str) -> None:
        failed = download_failed(url, "HTTP status 401")
        super().__init__(failed.code, failed.message, failed.remedy, details=failed.details)
        self.challenge = challenge


@contextlib.contextmanager
def _proxied(proxy: str | None) -> Iterator[None]:
    """Send what is opened here through a proxy: urllib takes it from the environment only."""
    if not proxy:
        yield
        return
    before = {name: os.environ.get(name) for name in _PROXY_VARIABLES}
    os.environ.update(dict.fromkeys(_PROXY_VARIABLES, proxy))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class Web:
    """The server at an address. Credentials are sent to its host alone, and not along a redirect."""

    def __init__(
        self, home: str, access: HttpAccess, *, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self.home = home
        self._access, self._sleep = access, sleep

    def with_token(self, token: str) -> Web:
        """The same server with a bearer token instead of a password."""
        access = replace(self._access.without_credentials(), token=token)
        return Web(self.home, access, sleep=self._sleep)

    def read(self, url: str, limit: int, headers: Mapping[str, str] | None = None) -> bytes:
        """A document of at most C(limit) bytes."""
        buffer = io.BytesIO()

        def take(response: Any) -> None:
            buffer.seek(0)
            buffer.truncate()
            for block in _blocks(response):
                buffer.write(block)
                if buffer.tell() > limit:
                    raise download_failed(url, f"it is larger than {limit} bytes")

        self._retrying(url, dict(headers or {}), take)
        return buffer.getvalue()

    def stream(self, url: str, sink: ChartSink) -> None:
        """Write an archive to a sink, from its start again when it did not arrive whole."""

        def take(response: Any) -> None:
            sink.restart()
            for block in _blocks(response):
                sink.write(block)
            length = response.headers.get("Content-Length") or ""
            if length.isdigit() and int(length) != sink.size:
                raise ConnectionResetError(f"{sink.size} of {length} bytes arrived")

        self._retrying(url, {}, take)

    def _retrying(self, url: str, headers: dict[str, str], take: Callable[[Any], None]) -> None:
        """Fetch, again after a failure that may pass; reading twice does no harm."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._once(url, headers, take)
                return
            except RemediationError as error:
                if not error.retryable or attempt == ATTEMPTS:
                    raise
            self._sleep(0.5 * attempt)

    def _once(self, url: str, headers: dict[str, str], take: Callable[[Any], None]) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise download_failed(url, "only http and https addresses are fetched")
        same_host = urlsplit(url).netloc == urlsplit(self.home).netloc
        access = self._access if same_host else self._access.without_credentials()
        try:
            with _proxied(access.proxy), _open(url, access, headers) as response:
                take(response)
        except HTTPError as error:
            raise _refused(url, error) from error
        except (NoSSLError, SSLValidationError) as error:
            raise download_failed(url, str(error)) from error
        except (URLError, AnsibleConnectionError, HTTPException, OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            retryable = not isinstance(error, ValueError)
            raise download_failed(url, str(reason), retryable=retryable) from error


def _refused(url: str, error: HTTPError) -> Exception:
    if error.code in (404, 410):
        return MissingError(url)
    if error.code == 401 and error.headers.get("WWW-Authenticate"):
        return ChallengeError(url, str(error.headers["WWW-Authenticate"]))
    passing = error.code >= 500 or error.code == 429
    return download_failed(url, f"HTTP status {error.code}", retryable=passing)


def _open(url: str, access: HttpAccess, headers: dict[str, str]) -> Any:
    request: Callable[..., Any] = open_url
    if access.token:
        headers = {**headers, "Authorization": f"Bearer {access.token}"}
    return request(
        url,
        headers=headers,
        url_username=access.username,
        url_password=access.password,
        force_basic_auth=bool(access.username),
        ca_path=access.ca_path,
        validate_certs=access.validate_certs,
        timeout=TIMEOUT,
        http_agent="harvester_ops.remediation",
        unredirected_headers=["Authorization"],
        # A .tgz that a server labels as "gzip encoded" must arrive as it is.
        decompress=False,
        use_netrc=False,
    )


def _blocks(response: Any) -> Iterator[bytes]:
    while block := response.read(_BLOCK):
        yield block
