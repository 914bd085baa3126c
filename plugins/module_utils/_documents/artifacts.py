# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The artifacts folder: where a run leaves its documents."""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .archive_manifest import MANIFEST
from .canonical import canonical_json

FILE_MODE = 0o600
FOLDER_MODE = 0o700


def write_artifacts(directory: Path, run_id: str, documents: Mapping[str, Any]) -> dict[str, Path]:
    """Write every document as C(runs/<run_id>/<name>) and as the latest C(<name>).

    A text is written as it is, anything else as canonical JSON. Returns the path of the run's own
    copy by name; without a run_id there is only the latest one. A file appears whole or not at all. Raises OSError when the folder cannot be
    written to.
    """
    folder = directory / "runs" / run_id if run_id else directory
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    paths: dict[str, Path] = {}
    for name, document in documents.items():
        content = document_bytes(document)
        paths[name] = folder / name
        for path in dict.fromkeys((paths[name], directory / name)):
            write_whole(path, content)
    return paths


def write_archive(path: Path, documents: Mapping[str, Any]) -> None:
    """Pack documents, by their path inside, into one gzip-compressed tar archive.

    All entries lie below one folder named like the archive, so that unpacking never litters. The manifest, if there is
    one, comes first: where the archive is cut off, it is known what is missing.
    """
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    folder = path.name.partition(".")[0]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name in sorted(documents, key=lambda each: (each != MANIFEST, each)):
            content = document_bytes(documents[name])
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mode = len(content), FILE_MODE
            archive.addfile(entry, io.BytesIO(content))
    write_whole(path, packed.getvalue())


def document_bytes(document: Any) -> bytes:
    """What is written for a document: a text as it is, anything else as canonical JSON."""
    text = document if isinstance(document, str) else canonical_json(document)
    return text.encode("utf-8", "backslashreplace")


def write_whole(path: Path, content: bytes) -> None:
    """Put content at path, readable by the owner only, by way of a temporary file beside it."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(stream.fileno(), FILE_MODE)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
