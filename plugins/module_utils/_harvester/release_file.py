# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""harvester-release.yaml: what a Harvester release carries (FM 1.6), and finding it in a job's log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_FIRST_KEY = re.compile(r"^harvester:\s+\S")
_YAML_LINE = re.compile(r"^(?:[A-Za-z][\w-]*:(?:\s.*)?|\s+[A-Za-z][\w-]*:(?:\s.*)?)$")
_MAX_LINES = 200


def find_in_log(lines: Iterable[str]) -> dict[str, Any] | None:
    """The release file that the job prints while it waits for the upgrade repository (``curl`` to stdout).

    Answers the same as `parse`, None when the log has none.
    """
    block: list[str] = []
    for line in lines:
        if not block:
            if _FIRST_KEY.match(line):
                block.append(line)
            continue
        # Without a line feed at its end the file runs into the script's next message.
        line = line.partition("Downloading the file from")[0].rstrip()
        if not _YAML_LINE.match(line) or len(block) >= _MAX_LINES:
            break
        block.append(line)
    return parse("\n".join(block)) if block else None


def parse(text: str) -> dict[str, Any] | None:
    """``{harvester, rancher, kubernetes, min_upgradable_version, rancher_dependencies}`` of the YAML text.

    Fields it lacks are None; None altogether when it is no release file.
    """
    import yaml

    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError):
        return None
    return from_document(document)


def from_document(document: object) -> dict[str, Any] | None:
    """The same from a parsed file; also from ``release`` of an Upgrade's repoInfo, which has no dependencies."""
    if not isinstance(document, Mapping) or not _text(document, "harvester"):
        return None
    listed = document.get("rancherDependencies")
    dependencies = {}
    if isinstance(listed, Mapping):
        for name, versions in listed.items():
            if isinstance(name, str) and isinstance(versions, Mapping):
                dependencies[name] = {
                    "chart": _text(versions, "chart"),
                    "app": _text(versions, "app"),
                }
    return {
        "harvester": _text(document, "harvester"),
        "rancher": _text(document, "rancher"),
        "kubernetes": _text(document, "kubernetes"),
        "min_upgradable_version": _text(document, "minUpgradableVersion"),
        "rancher_dependencies": dependencies,
    }


def _text(mapping: Mapping[str, Any], key: str) -> str | None:
    value = mapping.get(key)
    # An app version such as 0.12 is a number to YAML.
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None
