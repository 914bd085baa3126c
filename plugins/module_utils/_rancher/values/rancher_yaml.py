# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML documents of the ConfigMap rancher-config, read as Rancher reads them.

Rancher uses sigs.k8s.io/yaml, a YAML 1.1 dialect with its own ideas: ``y`` and ``off`` are
booleans, dates stay texts, ``1e3`` is a number, ``1:30`` is not. A value read another way would
look like a difference that is none (FM 2.3, 2.5 rows 4 and 7).
"""

from __future__ import annotations

import base64
import binascii
import functools
import math
import re
import struct
from collections.abc import Iterator
from typing import Any

_TRUE = frozenset({"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
_FALSE = frozenset({"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_INFINITE = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_NOT_A_NUMBER = frozenset({".nan", ".NaN", ".NAN"})
_PREFIXED = re.compile(r"([-+]?)0([xX][0-9a-fA-F]+|[bB][01]+|[oO]?[0-7]+)")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ][0-9:.]+(?:Z|[-+][0-9:]+)?)?")
_CORE = "tag:yaml.org,2002:"
_BASES = {"x": 16, "b": 2, "o": 8}
_SMALLEST, _BEYOND_INT, _BEYOND_UNSIGNED = -(2**63), 2**63, 2**64
_LONGEST_NUMBER = 400
# Go writes a float that is a key with an exponent from here on.
_EXPONENT_FROM = 6
# A few lines of nested aliases can stand for millions of values.
_MOST_VALUES = 100_000


class InvalidDocumentError(ValueError):
    """The text is no YAML mapping; the message says why, in one line."""


def load_mapping(text: str) -> dict[str, Any]:
    """Read the first document of a text, a YAML mapping; an empty one is an empty mapping.

    Raises:
        InvalidDocumentError: it is no YAML, or something other than a mapping.
        ImportError: PyYAML is not installed.
    """
    import yaml

    try:
        loader = _loader()(text)
        node = loader.get_node() if loader.check_node() else None
        value = None if node is None else _Reader().value(node)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise ValueError(f"a mapping is wanted, not a {type(value).__name__}")
        return value
    except yaml.MarkedYAMLError as error:
        # Not the library's own text: it quotes the document, which may hold secrets.
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise InvalidDocumentError(f"line {line}: {error.problem}") from None
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        raise InvalidDocumentError(" ".join(str(error).split())) from None


def dump_mapping(values: dict[str, Any]) -> str:
    """Write a mapping so that `load_mapping` reads the same again; keys sorted."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Quotes the texts that would be read as something else."""

    def quoted(dumper: Any, value: str) -> Any:
        style = None if _is_plain_text(value) else '"'
        return dumper.represent_scalar(f"{_CORE}str", value, style=style)

    Dumper.add_representer(str, quoted)
    return str(yaml.dump(values, Dumper=Dumper, sort_keys=True, allow_unicode=True))


def _is_plain_text(value: str) -> bool:
    if not value.isascii() or _INFINITE.fullmatch(value) or value in _NOT_A_NUMBER:
        return False
    return value != "<<" and _resolve(value)[0] == "str"


def _scanner() -> Any:
    """The scanner of PyYAML, as lenient about tabs and as strict about escapes as the one that Rancher uses."""
    import yaml

    class Scanner(yaml.SafeLoader):
        def scan_directive(self) -> Any:
            token = super().scan_directive()
            if token.name != "TAG" and (token.name, token.value) != ("YAML", (1, 1)):
                problem = "found an unknown directive, or a version other than 1.1"
                raise yaml.scanner.ScannerError(None, None, problem, token.start_mark)
            return token

        def scan_to_next_token(self) -> None:
            super().scan_to_next_token()
            while self.peek() == "\t" and (self.flow_level or not self.allow_simple_key):
                self.forward()
                super().scan_to_next_token()

        def scan_plain_spaces(self, indent: int, start_mark: Any) -> Any:
            blanks = self._take_blanks()
            chunks = super().scan_plain_spaces(indent, start_mark)
            if chunks and self.column >= indent:
                self._take_blanks()
            return chunks or ([blanks] if blanks else [])

        def _take_blanks(self) -> str:
            length = 0
            while self.peek(length) in (" ", "\t"):
                length += 1
            taken = str(self.prefix(length))
            self.forward(length)
            return taken

    known = {key: to for key, to in Scanner.ESCAPE_REPLACEMENTS.items() if key != "/"}
    replacements: dict[str, Any] = {"ESCAPE_REPLACEMENTS": {**known, "'": "'"}}
    return type("Scanner", (Scanner,), replacements)


@functools.lru_cache(maxsize=1)
def _loader() -> Any:
    """Composes the nodes of a document, each scalar with the tag that it was given."""
    import yaml

    class Loader(_scanner()):  # type: ignore[misc]
        def compose_node(self, parent: Any, index: Any) -> Any:
            # The same name may be given again; an alias means the last one before it.
            if not self.check_event(yaml.AliasEvent):
                self.anchors.pop(self.peek_event().anchor, None)
            return super().compose_node(parent, index)

        def compose_scalar_node(self, anchor: Any) -> Any:
            tag = self.peek_event().tag
            node = super().compose_scalar_node(anchor)
            # A lone "!" makes a text of it.
            node.tag = f"{_CORE}str" if tag == "!" else tag or ""
            return node

    # Without any, the kind of a plain scalar is left to `_resolve`.
    Loader.yaml_implicit_resolvers = {}
    return Loader


class _Reader:
    """Turns the nodes of a document into JSON values."""

    def __init__(self) -> None:
        self._left = _MOST_VALUES
        self._open: set[int] = set()

    def value(self, node: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise ValueError("document contains excessive aliasing")
        if isinstance(node.value, str):
            return _scalar(node)
        if id(node) in self._open:
            raise ValueError("an anchor contains itself")
        self._open.add(id(node))
        try:
            # Of a tag on a list or mapping nothing is left.
            if node.id == "sequence":
                return [self.value(item) for item in node.value]
            return self._mapping(node)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: Any) -> dict[str, Any]:
        """Key by key: what comes later wins, be it merged in or not."""
        found: dict[str, Any] = {}
        for key, item in node.value:
            if _is_merge(key):
                for part in self._merged(item):
                    found.update(part)
            else:
                found[self._key(key)] = self.value(item)
        return found

    def _merged(self, node: Any) -> Iterator[dict[str, Any]]:
        """The mappings of a merge, the one that wins last."""
        parts = list(reversed(node.value)) if node.id == "sequence" else [node]
        for part in parts:
            if part.id != "mapping":
                raise ValueError("map merge requires map or sequence of maps as the value")
            yield self.value(part)

    def _key(self, node: Any) -> str:
        if not isinstance(node.value, str):
            raise ValueError(f"line {node.start_mark.line + 1}: found unhashable key")
        if not (node.tag or node.style) and _INFINITE.fullmatch(node.value):
            return node.value.lower().replace("+", "")
        key = _scalar(node)
        if isinstance(key, bool):
            return "true" if key else "false"
        if isinstance(key, float):
            return _float_key(key)
        if isinstance(key, int) and key >= _BEYOND_INT:
            raise ValueError("a number above 9223372036854775807 cannot be a key")
        if isinstance(key, (str, int)):
            return str(key)
        raise ValueError(f"a {type(key).__name__} cannot be a key")


def _is_merge(node: Any) -> bool:
    return node.value == "<<" and (node.tag == f"{_CORE}merge" or not (node.tag or node.style))


def _scalar(node: Any) -> Any:
    """What a scalar stands for: by its tag, else as a text in quotes, else by its looks."""
    text, kind = node.value, node.tag.removeprefix(_CORE)
    if not node.tag:
        found, value = ("str", text) if node.style else _resolve(text)
        return text if found == "timestamp" else value
    if kind == "binary" and kind != node.tag:
        try:
            whole = text.replace("\r", "").replace("\n", "")
            return base64.b64decode(whole, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            raise ValueError("!!binary value contains invalid base64 data") from None
    if kind == node.tag or kind not in ("bool", "int", "float", "null", "timestamp"):
        return text
    found, value = _resolve(text)
    if kind == "float" and found == "int" and value < _BEYOND_INT:
        return float(value)
    if found != kind:
        raise ValueError(f"cannot decode a {found} as a {kind}")
    return text if kind == "timestamp" else value


def _resolve(text: str) -> tuple[str, Any]:
    """The kind of a plain scalar and its value."""
    if text in _NULL:
        return "null", None
    if text in _TRUE or text in _FALSE:
        return "bool", text in _TRUE
    if _INFINITE.fullmatch(text) or text in _NOT_A_NUMBER:
        raise ValueError(f"{text} has no form in JSON")
    if not text.isascii() or len(text) > _LONGEST_NUMBER or text[0] not in "+-.0123456789":
        return "str", text
    if _DATE.fullmatch(text):
        return "timestamp", text
    number = text.replace("_", "")
    whole = _whole(number)
    if whole is not None and _SMALLEST <= whole < _BEYOND_UNSIGNED:
        return "int", whole
    value = float(number) if _FLOAT.fullmatch(number) else math.inf
    return ("float", value) if math.isfinite(value) else ("str", text)


def _whole(number: str) -> int | None:
    prefixed = _PREFIXED.fullmatch(number)
    if prefixed:
        digits = prefixed.group(2)
        base = _BASES.get(digits[0].lower(), 8)
        digits = digits if digits[0].isdigit() else digits[1:]
        return int(prefixed.group(1) + digits, base)
    return int(number) if _DECIMAL.fullmatch(number) else None


def _float_key(key: float) -> str:
    """As Go writes it: the fewest digits that give the same number in single precision."""
    try:
        (single,) = struct.unpack("f", struct.pack("f", key))
    except OverflowError:
        single = math.copysign(math.inf, key)
    if math.isinf(single):
        return "-.inf" if key < 0 else ".inf"
    shortest = next(
        text
        for digits in range(9)
        if struct.pack("f", float(text := f"{single:.{digits}e}")) == struct.pack("f", single)
    )
    mantissa, _e, exponent = shortest.partition("e")
    if not -4 <= int(exponent) < _EXPONENT_FROM:
        return shortest
    places = max(len(mantissa.lstrip("-").replace(".", "")) - 1 - int(exponent), 0)
    return f"{float(shortest):.{places}f}"
