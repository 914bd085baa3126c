# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of hosts in texts, and which of them every cluster has."""

from __future__ import annotations

import re
from collections.abc import Iterator

_NAME = r"(?P<host>[A-Za-z0-9_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+)"
# Where a host stands in a text: in a URL, in errors of name servers and of certificates, and behind words that announce
# one. Each begins with letters of its own: logs are long.
_PLACES = tuple(
    re.compile(place)
    for place in (
        rf"://(?:[^\s/@\"']*@)?{_NAME}",
        rf"lookup \"?{_NAME}",
        rf"resolve (?:host )?\"?{_NAME}",
        rf"host(?:name)?[\"']?\s?[:=]\s?[\"']?{_NAME}",
        rf"server[\"']?\s?[:=]\s?[\"']?{_NAME}",
        rf"domain[\"']?\s?[:=]\s?[\"']?{_NAME}",
        rf"valid for (?:[^\s,]+, )*?(?:\*\.)?{_NAME}(?=,| |$)",
        rf", not {_NAME}",
    )
)
_PORT = re.compile(r"(?<=[A-Za-z]):\d{2,5}\b")
_BEFORE_PORT = re.compile(rf"(?<![\w./-]){_NAME}$")
_LONGEST = 253
_INSIDE = re.compile(
    r"(?:^|\.)(?:svc|cluster\.local|svc\.cluster\.local)$"
    r"|^[^.]+\.(?:default|(?:cattle|harvester|fleet|kube|longhorn|kubevirt|cdi)-[a-z0-9-]+)$"
)
_PUBLIC = frozenset(
    [
        "cattle.io",
        "cncf.io",
        "coreos.com",
        "docker.com",
        "docker.io",
        "gcr.io",
        "ghcr.io",
        "github.com",
        "github.io",
        "githubusercontent.com",
        "go.dev",
        "golang.org",
        "gnu.org",
        "harvesterhci.io",
        "helm.sh",
        "k8s.io",
        "kubernetes.io",
        "kubevirt.io",
        "longhorn.io",
        "quay.io",
        "rancher.com",
        "rancher.io",
        "suse.com",
        "w3.org",
        "x-k8s.io",
    ]
)
_COMMON = frozenset(
    [
        "localhost",
        "kubernetes",
        "rancher",
        "rancher-webhook",
        "harvester",
        "fleet-controller",
        "gitjob",
        "webhook-service",
    ]
)
# What a dotted word in front of a number most often ends in: a line of source code.
_FILES = frozenset(
    [
        "c",
        "conf",
        "go",
        "h",
        "java",
        "js",
        "json",
        "log",
        "py",
        "rb",
        "rs",
        "sh",
        "sock",
        "toml",
        "ts",
        "txt",
        "yaml",
        "yml",
    ]
)


def hosts_in(text: str) -> Iterator[str]:
    """The hosts with a dot in their name that are of one installation only."""
    for match in _named(text):
        host = match["host"].lower().rstrip(".")
        last = host.rpartition(".")[2]
        if last not in _FILES and last.strip("_-").isalpha() and not is_common(host):
            yield host


def _named(text: str) -> Iterator[re.Match[str]]:
    for place in _PLACES:
        yield from place.finditer(text)
    for port in _PORT.finditer(text):
        before = text[max(0, port.start() - _LONGEST) : port.start()]
        match = _BEFORE_PORT.search(re.split(r"[^\w./-]", before)[-1])
        if match is not None:
            yield match


def is_common(host: str) -> bool:
    """Whether every cluster has, or may ask, a host of this name."""
    host = host.lower()
    return host in _COMMON or _INSIDE.search(host) is not None or domain_of(host) in _PUBLIC


def domain_of(host: str) -> str:
    """The last two labels."""
    return ".".join(host.split(".")[-2:])
