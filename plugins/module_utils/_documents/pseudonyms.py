# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pseudonyms for what tells whose cluster it is: names of nodes and hosts, IP and MAC addresses.

Within one archive the same name has the same pseudonym, in every document and log, so that a diagnosis still works on
them. Names that every cluster has stay: Services, API groups, public registries, loopback addresses. A node can have a
name that is a word of the field as well (``harvester``): free text keeps that, and `kept` lists it.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .hosts import domain_of, hosts_in, is_common

# A name begins behind anything but a letter or digit, or behind a line feed that was written as an escape.
_BEGINS = r"(?:(?<![a-z0-9])|(?<=\\[nrt]))"
_BEGINS_WITH_COLONS = r"(?:(?<![\w:.])|(?<=\\[nrt]))"
_IP4 = r"(?<![\dv.])(?<!up)(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?!\d|\.\d)"
_MAC = rf"{_BEGINS_WITH_COLONS}(?:[0-9a-f]{{2}}:){{5}}[0-9a-f]{{2}}(?!\w|:\w)"
_IP6 = rf"{_BEGINS_WITH_COLONS}(?=[0-9a-f]*:[0-9a-f]*:)[0-9a-f:]{{1,38}}(?:[0-9a-f]|::)(?!\w|:\w)"
_FINGERPRINT = re.compile(r"(?:[0-9A-Fa-f]{2}:){7}[0-9A-Fa-f]{2}")
_SINGLE = r"(?<=://)[a-z0-9-]+(?![\w.@-])"
_NODE_KEYS = ("node", "nodes", "missing_nodes", "nodes_without_machine", "witness")
# Names of a node that mean something else in most texts.
_WORDS = frozenset(
    [
        "agent",
        "apply",
        "cattle",
        "chart",
        "cluster",
        "control",
        "controller",
        "default",
        "fleet",
        "harvester",
        "helm",
        "host",
        "job",
        "kube",
        "kubernetes",
        "local",
        "localhost",
        "longhorn",
        "machine",
        "main",
        "master",
        "node",
        "nodes",
        "pod",
        "primary",
        "rancher",
        "server",
        "system",
        "upgrade",
        "webhook",
        "worker",
    ]
)
# What a name and all that decides about it are parts of. Most are in a log many times.
_TOKEN = re.compile(r"[\w.:/@\\+-]+")
_MOST_TOKENS = 200_000
_FIRST_IP4 = int(ipaddress.IPv4Address("198.18.0.0"))
_FIRST_IP6 = int(ipaddress.IPv6Address("2001:db8::"))


class Pseudonyms:
    """The pseudonyms of the names in some documents. `table` has what each of them stands for."""

    def __init__(self, documents: Mapping[str, Any]) -> None:
        self.table: dict[str, str] = {}
        self._known: dict[tuple[str, str], str] = {}
        self._tokens: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        evidence = documents.get("evidence.json")
        self._nodes = _node_names(evidence)
        words = _WORDS | _identifiers(evidence)
        self.kept = tuple(
            name for name in self._nodes if name in words and not any(map(str.isdigit, name))
        )
        for name in self._nodes:
            self._pseudonym("node", name)
        hosts = {host for text in _texts(documents) for host in hosts_in(text)}
        hosts |= {name for name in self._nodes if "." in name}
        self._pattern = self._compiled({domain_of(host) for host in hosts if "." in host})

    def text(self, text: str) -> str:
        """Free text with pseudonyms."""
        return _TOKEN.sub(self._token, text)

    def value(self, value: Any, key: str = "") -> Any:
        """A JSON value with pseudonyms, those in keys included."""
        if isinstance(value, str):
            node = value if key in _NODE_KEYS and value in self.kept else None
            return self._pseudonym("node", node) if node else self.text(value)
        if isinstance(value, Mapping):
            return {self._key(each, key): self._item(value, each, key) for each in value}
        if isinstance(value, (list, tuple)):
            return [self.value(item, key) for item in value]
        return value

    def documents(self, documents: Mapping[str, Any]) -> dict[str, Any]:
        """Documents by their path, those in paths included: pods of a node bear its name."""
        return {self.text(name): self.value(document) for name, document in documents.items()}

    def _token(self, match: re.Match[str]) -> str:
        token = match[0]
        if token not in self._tokens:
            if len(self._tokens) > _MOST_TOKENS:
                self._tokens.clear()
            self._tokens[token] = self._pattern.sub(self._replacement, token)
        return self._tokens[token]

    def _key(self, name: Any, parent: str) -> str:
        if parent == "node_images" and name in self.kept:
            return self._pseudonym("node", name)
        return self.text(str(name))

    def _item(self, mapping: Mapping[str, Any], key: str, parent: str) -> Any:
        # The name of an entry of the list of nodes is that of a node.
        return self.value(mapping[key], parent if (parent, key) == ("nodes", "name") else key)

    def _compiled(self, domains: set[str]) -> re.Pattern[str]:
        nodes = [name for name in self._nodes if name not in self.kept and "." not in name]
        parts = {"ip4": _IP4, "mac": _MAC, "ip6": _IP6}
        if domains:
            parts = {
                "host": rf"{_BEGINS}(?:[a-z0-9_-]+\.)*(?:{_any_of(domains)})(?![\w-]|\.\w)",
                **parts,
            }
        if nodes:
            parts["node"] = rf"{_BEGINS}(?:{_any_of(nodes)})(?![a-z0-9])"
        parts["single"] = _SINGLE
        return re.compile(
            "|".join(f"(?P<{name}>{part})" for name, part in parts.items()), re.IGNORECASE
        )

    def _replacement(self, match: re.Match[str]) -> str:
        kind, found = str(match.lastgroup), match[0].lower()
        if kind in ("ip4", "ip6"):
            return self._address(match[0])
        if kind == "mac":
            return self._pseudonym(kind, found)
        if kind == "node" or found in self._nodes:
            return self._pseudonym("node", found)
        return match[0] if is_common(found) else self._host(found)

    def _host(self, host: str) -> str:
        if "." not in host:
            return self._pseudonym("host", host)
        domain = domain_of(host)
        inside = self._pseudonym("domain", domain)
        return inside if host == domain else f"{self._pseudonym('host', host)}.{inside}"

    def _address(self, found: str) -> str:
        try:
            address = ipaddress.ip_address(found)
        except ValueError:
            return found
        if (
            _FINGERPRINT.fullmatch(found)
            or address.is_loopback
            or address.is_unspecified
            or address.is_multicast
        ):
            return found
        # Masks, and what is meant as "all".
        return found if found.startswith("255.") else self._pseudonym("ip", str(address))

    def _pseudonym(self, kind: str, name: str) -> str:
        """The pseudonym of a name; nodes are numbered in their order, so that lists keep theirs."""
        if (kind, name) not in self._known:
            self._counts[kind] += 1
            made = _made(kind, name, self._counts[kind])
            self._known[kind, name] = made
            self.table[made] = name
        return self._known[kind, name]


def _made(kind: str, name: str, number: int) -> str:
    if kind == "ip":
        six = ":" in name
        return str(ipaddress.ip_address((_FIRST_IP6 if six else _FIRST_IP4) + number))
    if kind == "mac":
        return ":".join(f"{byte:02x}" for byte in (2, 0, *number.to_bytes(4, "big")))
    if kind == "domain":
        return f"domain-x{number:03}.invalid"
    return f"{kind}-x{number:03}"


def _any_of(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=lambda each: (-len(each), each)))


def _node_names(evidence: Any) -> Sequence[str]:
    """The nodes that an evidence document names anywhere."""
    return sorted(set(_nodes_in(evidence, "")))


def _nodes_in(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, str):
        if key in ("node", "missing_nodes") and value:
            yield value
    elif isinstance(value, Mapping):
        if key == "node_images":
            yield from (str(each) for each in value)
        if key == "nodes" and isinstance(value.get("name"), str):
            yield value["name"]
        for name, item in value.items():
            yield from _nodes_in(item, str(name))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _nodes_in(item, key)


def _identifiers(evidence: Any) -> set[str]:
    """Words in the names of the releases and namespaces of an evidence document."""
    releases = evidence.get("releases") if isinstance(evidence, Mapping) else None
    names = [
        str(each.get(key) or "")
        for each in releases or ()
        if isinstance(each, Mapping)
        for key in ("release", "namespace", "dependency")
    ]
    return {*names, *(word for name in names for word in name.split("-"))}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
