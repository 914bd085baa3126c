# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive that Harvester's *Download Log* has made of the latest upgrade, fetched from the Service that gives it out.

Nothing is generated: that would start a Job. Harvester's own API fetches the archive from the same Service
(pkg/api/upgradelog/handler.go, downloadArchive).
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..._core.errors import RemediationError
from ..._core.lenient import Document, dig, mapping, text
from ..._core.redaction import Redactor
from ..._harvester import upgrade
from ..._kube import paths
from ..._kube.client import KubeClient
from ..bundle.archive import Archive, open_archive
from .objects import name_of, newest_first
from .support_logs import SupportLogs, newest_lines

FOLDER = "upgrade-log"
_PORT = 80
_FIRST = (f"{upgrade.NAMESPACE}.", "cattle-system.", "cattle-fleet-")
_HOW = "Generate one with Download Log on the page of the upgrade, then collect again."


def read_upgrade_log(
    client: KubeClient, folder: Path, *, limit_bytes: int, total_bytes: int
) -> SupportLogs:
    """The logs in the archive, redacted: the newest lines of each, at most limit_bytes, and total_bytes in all. A file
    below `folder` holds the archive meanwhile.

    What cannot be had is listed as missing; only a failure of the connection itself raises.
    """
    found = SupportLogs()
    try:
        path = _newest(client)
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".zip") as file:
            _fetch(client, path, file, total_bytes)
            archive = open_archive(Path(file.name), lambda _name: True)
            if archive is None:
                raise RemediationError("api-error", f"What {path} gave is not a zip archive.")
            try:
                _unpack(archive, found, limit_bytes, total_bytes)
            finally:
                archive.close()
    except RemediationError as error:
        if error.code in ("server-unreachable", "unauthorized"):
            raise
        found.files.clear()
        found.missing = [{"what": FOLDER, "reason": error.message}]
    return found


def _newest(client: KubeClient) -> str:
    """The path of the newest archive of the latest upgrade."""
    listed = client.list(paths.api("harvesterhci.io/v1beta1", "upgradelogs", upgrade.NAMESPACE))
    log = next(iter(newest_first(listed)), None)
    if log is None:
        raise RemediationError("not-found", "There is no UpgradeLog: the upgrade is not recorded.")
    ready = {name: each for name, each in _archives(log).items() if each.get("ready") is True}
    if not ready:
        name = name_of(log)
        raise RemediationError(
            "not-found", f"UpgradeLog/{upgrade.NAMESPACE}/{name} has no archive yet. {_HOW}"
        )
    newest = max(ready, key=lambda name: text(ready[name].get("generatedTime")) or "")
    service = paths.core("v1", "services", upgrade.NAMESPACE, f"{name_of(log)}:{_PORT}")
    return f"{paths.subresource(service, 'proxy')}/{newest}.zip"


def _archives(log: Document) -> dict[str, Document]:
    archives = mapping(dig(log, "status", "archives"))
    return {name: mapping(each) for name, each in archives.items()}


def _fetch(client: KubeClient, path: str, file: Any, most_bytes: int) -> None:
    size = 0
    for block in client.stream(path):
        size += len(block)
        if size > most_bytes:
            raise RemediationError(
                "api-error", f"The archive has more than {most_bytes} bytes, the limit of all logs."
            )
        file.write(block)
    file.flush()


def _unpack(archive: Archive, found: SupportLogs, limit_bytes: int, total_bytes: int) -> None:
    redactor, left = Redactor(), total_bytes
    members = [name for name in archive.sizes if name.endswith((".log", ".log.gz"))]
    for member in sorted(members, key=_rank):
        name = f"logs/{member.rpartition('/')[2].removesuffix('.gz')}"
        try:
            end, whole = _end_of(archive.blocks(member), limit_bytes) if left else ("", True)
        except RemediationError as error:
            if error.code != "evidence-incomplete":
                raise
            found.miss(f"{FOLDER}/{name}", error.message)
            continue
        content = redactor.text(newest_lines(end, limit_bytes))
        if not left or len(content) > left:
            left = 0
            found.miss(f"{FOLDER}/{name}", f"Left out: the limit of all is {total_bytes} bytes.")
            continue
        if not whole:
            found.miss(f"{FOLDER}/{name}", f"Only the newest lines, up to {limit_bytes} bytes.")
        found.files[name] = content
        left -= len(content)


def _rank(member: str) -> tuple[bool, int, str]:
    """The upgrade's job first, then Rancher and Fleet."""
    name = member.rpartition("/")[2]
    namespaces = [number for number, each in enumerate(_FIRST) if name.startswith(each)]
    return "-apply-manifests-" not in name, min(namespaces, default=len(_FIRST)), name


def _end_of(blocks: Iterable[bytes], limit_bytes: int) -> tuple[str, bool]:
    """The end of a content, somewhat more than the limit, and whether that is all of it."""
    kept: deque[bytes] = deque()
    size, total = 0, 0
    for block in blocks:
        kept.append(block)
        size, total = size + len(block), total + len(block)
        while size - len(kept[0]) > limit_bytes:
            size -= len(kept.popleft())
    return b"".join(kept).decode("utf-8", "replace"), total <= limit_bytes
