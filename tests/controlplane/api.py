# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The few API requests that ``up`` itself needs, with nothing but the standard library."""

from __future__ import annotations

import http.client
import json
import ssl
from pathlib import Path
from typing import Any

from controlplane.certificates import KeyPair


class ApiError(Exception):
    """The server answered with an error; ``status`` is its HTTP status."""

    def __init__(self, method: str, path: str, status: int, body: str) -> None:
        super().__init__(f"{method} {path}: {status} {body[:500]}")
        self.status = status


class Api:
    """Requests to ``https://127.0.0.1:port`` with a client certificate."""

    def __init__(self, port: int, authority: Path, pair: KeyPair) -> None:
        self._port = port
        self._context = ssl.create_default_context(cafile=str(authority))
        self._context.load_cert_chain(str(pair.certificate), str(pair.key))

    def request(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The decoded answer (text when it is not JSON). Raises ApiError, OSError."""
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self._port, timeout=10, context=self._context
        )
        try:
            encoded = None if body is None else json.dumps(body)
            connection.request(method, path, encoded, {"Content-Type": "application/json"})
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
            kind = response.getheader("Content-Type", "")
        except http.client.HTTPException as error:
            raise ConnectionError(f"{method} {path}: {error!r}") from error
        finally:
            connection.close()
        if response.status >= 400:
            raise ApiError(method, path, response.status, text)
        return json.loads(text) if kind.startswith("application/json") else text
