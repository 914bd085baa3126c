# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML documents of the ConfigMap rancher-config, read as Rancher reads them.

Rancher uses sigs.k8s.io/yaml, a YAML 1.1 dialect with its own ideas: ``y`` and ``off`` are
booleans, dates stay texts, ``1e3`` is a number, ``1:30`` is not. A value read another way would
look like a difference that is none (FM 2.3, 2.5 rows 4 and 7).
"""

from __future__ import annotations

import math
import re
from typing import Any

_TRUE = frozenset({"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
_FALSE = frozenset({"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_PREFIXED = re.compile(r"([-+]?)0([xX][0-9a-fA-F]+|[bB][01]+|[oO]?[0-7]+)")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_TEXT, _MERGE_TAG = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"
_MERGE = re.compile("^(?:<<)$")
_BASES = {"x": 16, "b": 2, "o": 8}
_LONGEST_NUMBER = 400
# Go writes the key 1e3 as 1000, and from here on with an exponent.
_EXPONENT_FROM = 1e21
# A few lines of nested aliases can stand for millions of values.
_MOST_VALUES = 100_000


class InvalidDocumentError(ValueError):
    """The text is no YAML mapping; the message says why, in one line."""


def load_mapping(text: str) -> dict[str, Any]:
    """Read a YAML mapping; an empty document is an empty one.

    Raises:
        InvalidDocumentError: it is no YAML, or something other than a mapping.
        ImportError: PyYAML is not installed.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        """Plain scalars are told apart by `_scalar` alone; one that is tagged as a text is one."""

        def compose_scalar_node(self, anchor: Any) -> Any:
            tagged = self.peek_event().tag == _TEXT
            node = super().compose_scalar_node(anchor)
            node.style = '"' if tagged else node.style
            return node

    Loader.yaml_implicit_resolvers = {"<": [(_MERGE_TAG, _MERGE)]}

    def plain(loader: Any, node: Any) -> Any:
        value = loader.construct_scalar(node)
        return value if node.style in ("'", '"', "|", ">") else _scalar(value)

    Loader.add_constructor(_TEXT, plain)
    # Only as a key does it mean anything.
    Loader.add_constructor(_MERGE_TAG, plain)
    try:
        document = yaml.load(text, Loader)
        return {} if document is None else _Plain().mapping(document)
    except yaml.MarkedYAMLError as error:
        # Not the library's own text: it quotes the document, which may hold secrets.
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise InvalidDocumentError(f"line {line}: {error.problem}") from None
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        raise InvalidDocumentError(" ".join(str(error).split())) from None


def _scalar(text: str) -> Any:
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} has no form in JSON")
    number = text.replace("_", "")
    if not number or len(number) > _LONGEST_NUMBER or text[0] not in "+-.0123456789":
        return text
    prefixed = _PREFIXED.fullmatch(number)
    if prefixed:
        digits = prefixed.group(2)
        base = _BASES.get(digits[0].lower(), 8)
        digits = digits if digits[0].isdigit() else digits[1:]
        return int(prefixed.group(1) + digits, base)
    if _DECIMAL.fullmatch(number):
        return int(number)
    value = float(number) if _FLOAT.fullmatch(number) else math.inf
    return value if math.isfinite(value) else text


class _Plain:
    """Turns what the YAML library made into JSON values."""

    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def mapping(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValueError(f"a mapping is wanted, not a {type(value).__name__}")
        return {self._key(key): self._value(item) for key, item in value.items()}

    def _value(self, value: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise ValueError("document contains excessive aliasing")
        if isinstance(value, dict):
            return self.mapping(value)
        if isinstance(value, list):
            return [self._value(item) for item in value]
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        raise ValueError(f"a {type(value).__name__} has no form in JSON")

    @staticmethod
    def _key(key: Any) -> str:
        if isinstance(key, bool):
            return "true" if key else "false"
        if isinstance(key, float) and key.is_integer() and abs(key) < _EXPONENT_FROM:
            return str(int(key))
        if isinstance(key, (str, int, float)):
            return str(key)
        raise ValueError(f"a {type(key).__name__} cannot be a key")
