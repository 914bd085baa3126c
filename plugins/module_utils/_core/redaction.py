# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets out, equality kept.

Values of Helm releases, Settings and logs hold credentials. They are replaced once, at the border, before anything is
returned, logged or written: each secret by ``redacted:`` and 12 hex digits of its HMAC-SHA256. The key is random and
never stored, so the digits say nothing about the secret, but inside one document equal secrets stay equal: whether two
values differ is all that a diagnosis needs to know.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

PREFIX = "redacted:"
_TOKEN = re.compile(r"redacted:[0-9a-f]{12}")

_SECRET_WORDS = frozenset(
    [
        "accesskey",
        "apikey",
        "auth",
        "authorization",
        "bearer",
        "ca",
        "cacert",
        "cacerts",
        "cert",
        "certificate",
        "certificates",
        "certs",
        "cookie",
        "crt",
        "credential",
        "credentials",
        "dockercfg",
        "dockerconfig",
        "dockerconfigjson",
        "htpasswd",
        "jwt",
        "kubeconfig",
        "pass",
        "passphrase",
        "passwd",
        "password",
        "passwords",
        "pem",
        "private",
        "privatekey",
        "psk",
        "pwd",
        "secret",
        "secretkey",
        "secrets",
        "sso",
        "token",
        "tokens",
    ]
)
# "key" alone is a word of taints, tolerations and selectors too; only these make it a secret.
_KEY_OWNERS = frozenset(
    {"access", "api", "client", "encryption", "host", "private", "secret", "ssh", "signing", "tls"}
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_PEM = re.compile(
    r"-----BEGIN [A-Z0-9 ]{1,64}-----.*?(?:-----END [A-Z0-9 ]{1,64}-----|\Z)", re.DOTALL
)
_ASSIGNS = r"""\s*(?:=|:(?!//))\s*["']?(?P<secret>(?!redacted:)[^\s"',;}\])]{3,})"""
_ASSIGNS_OPAQUE = _ASSIGNS.replace("(?P<secret>", r"(?P<secret>(?=[^\s\"',;}\])]*\d)")
_TEXT_SECRETS = (
    # JSON web tokens, Rancher API tokens, basic and bearer credentials
    re.compile(r"(?P<secret>\beyJ[\w-]{8,4000}\.[\w-]{8,4000}(?:\.[\w-]*)?)"),
    re.compile(r"(?P<secret>\b(?:token|kubeconfig|u)-[\w-]{1,60}:[a-z0-9]{40,}\b)"),
    re.compile(r"\b(?i:bearer|basic)\s+(?P<secret>[\w.~+/=:-]{8,})"),
    # user and password in a URL
    re.compile(r"[a-z][a-z0-9+.-]{1,20}://(?P<secret>[^\s/@:]+:[^\s/@]+|[^\s/@:]{16,})@"),
    # bootstrapPassword: …, client-key-data=…, "accessToken": "…"
    re.compile(
        rf"""(?ix)(?:passw(?:or)?d\w{{0,20}}|(?<=[\w-])(?:secret|token|credentials?)\w{{0,20}}|passphrase
            |(?:api|access|secret|private)[_-]?key|client-key-data|client-certificate-data
            |certificate-authority-data)["']?{_ASSIGNS}"""
    ),
    # The bare words are words of error messages as well ("secrets: Unauthorized"): there it takes a digit.
    re.compile(
        rf"""(?ix)\b(?:secrets?|tokens?|credentials?|authorization)["']?{_ASSIGNS_OPAQUE}"""
    ),
    # the same as an option: --password …
    re.compile(r"--[\w-]*(?:password|token|secret|key)\s+(?P<secret>(?!redacted:|-)\S{3,})"),
    # a kubeconfig or Secret quoted in a log: long base64 that unfolds to PEM or JSON
    re.compile(r"(?P<secret>\b(?:LS0tLS1CRUdJTi|eyJhdXRocyI6)[A-Za-z0-9+/=]{20,})"),
)


class Redactor:
    """Replaces secrets, with one key: only what the same redactor replaced can be compared."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = secrets.token_bytes(32) if key is None else key

    def token(self, secret: str) -> str:
        """What stands for this secret. A text that is such a token already stays what it is."""
        if _TOKEN.fullmatch(secret):
            return secret
        code = hmac.new(self._key, secret.encode("utf-8", "surrogatepass"), "sha256")
        return PREFIX + code.hexdigest()[:12]

    def text(self, text: str) -> str:
        """Free text without credentials. The number of lines stays the same."""
        text = _PEM.sub(lambda match: self.token(match[0]) + "\n" * match[0].count("\n"), text)
        for pattern in _TEXT_SECRETS:
            text = pattern.sub(self._group, text)
        return text

    @staticmethod
    def alike(text: str) -> str:
        """A redacted text as it is in every run: the key, and with it each token, is of one run only."""
        return _TOKEN.sub(PREFIX + "*", text)

    def value(self, value: Any) -> Any:
        """A JSON value: every string below a key that sounds secret is replaced, other strings as free text.

        Empty strings, numbers, booleans and null stay: they are no secrets, and their equality matters.
        """
        return self._walk(value, secret=False)

    def _group(self, match: re.Match[str]) -> str:
        start, end = match.start("secret") - match.start(), match.end("secret") - match.start()
        return match[0][:start] + self.token(match["secret"]) + match[0][end:]

    def _walk(self, value: Any, *, secret: bool) -> Any:
        if isinstance(value, str):
            if not value:
                return value
            return self.token(value) if secret else self.text(value)
        if isinstance(value, Mapping):
            named = _named_secret(value)
            return {
                key: self._walk(
                    item, secret=secret or sounds_secret(str(key)) or (named and key == "value")
                )
                for key, item in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self._walk(item, secret=secret) for item in value]
        return value


def sounds_secret(name: str) -> bool:
    """Whether a key of this name holds a credential: ``apiServerCA``, ``bootstrapPassword``, ``tls-key``."""
    words = [word.lower() for word in _WORD.findall(name)]
    if any(word in _SECRET_WORDS for word in words):
        return True
    pairs = pairwise(words)
    return any(owner in _KEY_OWNERS and word in ("key", "keys") for owner, word in pairs)


def _named_secret(mapping: Mapping[Any, Any]) -> bool:
    """An entry of a list of variables: ``{name: DB_PASSWORD, value: …}``."""
    name = mapping.get("name")
    return isinstance(name, str) and sounds_secret(name)


_default = Redactor()


def redact(value: Any) -> Any:
    """`Redactor.value` with a key of this process."""
    return _default.value(value)


def redact_text(text: str) -> str:
    """`Redactor.text` with a key of this process."""
    return _default.text(text)
