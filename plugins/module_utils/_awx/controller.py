# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API of AWX and Automation Controller: JSON over HTTP, pages of results, errors that say what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit

from ansible.module_utils.urls import open_url

from .._core.errors import RemediationError

_ROOT = "/api/"
_PAGE_SIZE = "200"
_LONGEST_ANSWER = 1000
_CODES = {401: "unauthorized", 403: "forbidden", 404: "not-found", 409: "conflict"}
_REMEDIES = {
    401: "Give a valid token in controller_token or CONTROLLER_OAUTH_TOKEN, or a user name and a password.",
    403: "The token needs the scope write, and its user the role for this: see the table of roles in docs/awx.md.",
}


@dataclass(frozen=True)
class Controller:
    """Where the API is and how to be let in. `api_path` differs behind a gateway; without one the controller is asked."""

    host: str
    token: str = ""
    username: str = ""
    password: str = ""
    validate_certs: bool = True
    api_path: str = ""
    timeout: int = 30

    def url_of(self, collection: str) -> str:
        """Path of a list: ``job_templates`` becomes ``/api/v2/job_templates/``."""
        return f"/{(self.api_path or self._current_version).strip('/')}/{collection}/"

    @cached_property
    def _current_version(self) -> str:
        """``/api/v2/``, or ``/api/controller/v2/`` behind the gateway of Automation Platform 2.5 and later.

        AWX names its current version at ``/api/``; the gateway names its services there, and the controller, one of them,
        names its version at its own address. Neither asks for credentials.
        """
        root = self._request("GET", _ROOT)
        services = root.get("apis")
        if isinstance(services, Mapping) and services.get("controller"):
            root = self._request("GET", _path_of(services["controller"]))
        if not root.get("current_version"):
            raise _no_api(f"{self.host.rstrip('/')}{_ROOT}")
        return _path_of(root["current_version"])

    def get(self, path: str) -> dict[str, Any]:
        """Read one object."""
        return self._request("GET", path)

    def list(self, path: str, **query: str) -> list[dict[str, Any]]:
        """Read a list, page after page, filtered as the API filters."""
        results: list[dict[str, Any]] = []
        following: str | None = f"{path}?{urlencode({**query, 'page_size': _PAGE_SIZE})}"
        while following:
            page = self._request("GET", following)
            results += page["results"]
            following = page.get("next")
        return results

    def may_post(self, path: str) -> bool:
        """Whether the user may create objects in a list: the answer to OPTIONS names what is allowed."""
        return "POST" in (self._request("OPTIONS", path).get("actions") or {})

    def post(self, path: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Create, or associate (which has no answer)."""
        return self._request("POST", path, content)

    def patch(self, path: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Change the fields named."""
        return self._request("PATCH", path, content)

    def _request(
        self, method: str, path: str, content: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        url = f"{self.host.rstrip('/')}/{path.lstrip('/')}"
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            answer = open_url(
                url,
                method=method,
                headers=headers,
                data=None if content is None else json.dumps(content),
                validate_certs=self.validate_certs,
                timeout=self.timeout,
                url_username=None if self.token else self.username or None,
                url_password=None if self.token else self.password,
                force_basic_auth=True,
            ).read()
        except HTTPError as error:
            raise _refused(method, url, error) from None
        except (URLError, OSError, ValueError) as error:
            raise RemediationError(
                "server-unreachable",
                f"The controller does not answer at {url}: {getattr(error, 'reason', error)}.",
                "Give its address in controller_host or CONTROLLER_HOST, with https:// in front.",
                retryable=True,
            ) from error
        return _json(url, answer)


def _refused(method: str, url: str, error: HTTPError) -> RemediationError:
    said = error.read().decode(errors="replace")[:_LONGEST_ANSWER].strip()
    return RemediationError(
        _CODES.get(error.code, "api-error"),
        f"The controller refused to {method} {url} ({error.code}): {said or error.reason}",
        _REMEDIES.get(error.code, "Correct what the controller complains about, and run again."),
        retryable=error.code >= 500,
    )


def _path_of(address: Any) -> str:
    """The path of an address that may be a whole URL, with the name that the gateway knows the controller by."""
    return urlsplit(str(address)).path


def _no_api(url: str) -> RemediationError:
    return RemediationError(
        "api-error",
        f"What answers at {url} is no API of AWX or Automation Controller.",
        "Check controller_host; where the API has a path of its own set controller_api_path, for example "
        "/api/controller/v2/.",
    )


def _json(url: str, answer: bytes) -> dict[str, Any]:
    try:
        content = json.loads(answer) if answer else {}
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise _no_api(url)
    return content
