# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal: what was done, by whom and when, one line each, and as Events in the cluster.

A run that is killed leaves no report. The journal is written as things happen, so the next run and
the people after it can read how far it came. The file is the record; Events are for those who look
at the cluster first, and Kubernetes forgets them after an hour.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .._core.errors import RemediationError
from .._core.lenient import stamp, text
from .._core.redaction import Redactor
from .._documents.artifacts import FILE_MODE, FOLDER_MODE
from .._kube import paths
from .._kube.client import KubeClient

JOURNAL = "journal.jsonl"
EVENTS = ("run-begun", "step-begun", "step-done", "step-failed", "run-ended")
COMPONENT = "harvester-ops-remediation"
# The API server refuses longer ones.
_MESSAGE_LENGTH = 1024


@dataclass(frozen=True)
class JournalEntry:
    """One thing that happened; at is RFC3339 UTC on the clock of the machine of the run."""

    at: str
    run_id: str
    by: str
    event: str
    step: str = ""
    title: str = ""
    detail: str = ""
    object: str = ""

    def line(self) -> str:
        """Its line in the journal, without secrets."""
        document = Redactor().value(asdict(self))
        return json.dumps(document, sort_keys=True, ensure_ascii=False) + "\n"


def now() -> str:
    """The time for an entry."""
    return stamp(datetime.now(timezone.utc))


def append(directory: Path, entry: JournalEntry) -> Path:
    """Write the entry to the end of the journal in the folder, through to the disk.

    A line that a crash has cut off is ended first, so that it spoils no other. Raises
    artifacts-unwritable.
    """
    path = directory / JOURNAL
    try:
        directory.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, FILE_MODE)
        with os.fdopen(descriptor, "ab+") as stream:
            data = entry.line().encode("utf-8", "backslashreplace")
            end = stream.seek(0, os.SEEK_END)
            if end:
                stream.seek(end - 1)
                data = data if stream.read(1) == b"\n" else b"\n" + data
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise RemediationError(
            "artifacts-unwritable",
            f"The journal {path} cannot be written: {error.strerror}.",
            "Set remediation_artifacts_dir to a folder that you may write to. Nothing is done that"
            " is not written down.",
        ) from error
    return path


def tell_cluster(client: KubeClient, entry: JournalEntry, reference: Mapping[str, Any]) -> str:
    """An Event on the object the entry is about; its ``Event/namespace/name``.

    Raises what the API server says; the caller decides, because the file already has the entry.
    """
    namespace = text(reference.get("namespace")) or "default"
    body = event_body(entry, reference, namespace)
    made = client.create(paths.core("v1", "events", namespace), body)
    return f"Event/{namespace}/{made['metadata']['name']}"


def event_body(entry: JournalEntry, reference: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """The Event of an entry; kubectl describe shows it under the object."""
    words = [part for part in (entry.title, entry.detail) if part]
    message = Redactor().text(": ".join(words) or entry.event)
    told = f"{message[: _MESSAGE_LENGTH - 200]} (run {entry.run_id}, by {entry.by})"
    involved = {
        "apiVersion": reference.get("api_version"),
        "kind": reference.get("kind"),
        "namespace": reference.get("namespace"),
        "name": reference.get("name"),
        "uid": reference.get("uid"),
    }
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": "remediation-", "namespace": namespace},
        "involvedObject": {key: value for key, value in involved.items() if value},
        "type": "Warning" if entry.event == "step-failed" else "Normal",
        "reason": "Remediation" + "".join(part.title() for part in entry.event.split("-")),
        "message": told[:_MESSAGE_LENGTH],
        "source": {"component": COMPONENT},
        "firstTimestamp": entry.at,
        "lastTimestamp": entry.at,
        "count": 1,
    }
