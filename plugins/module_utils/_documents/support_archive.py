# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The support archive that the playbook collect writes: documents and logs, a manifest of them, and how to read it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .._core.version import COLLECTION_VERSION
from .archive_manifest import MANIFEST, ArchiveManifest, packed_file
from .artifacts import document_bytes, write_archive
from .shape import write

README = "README.txt"
_README = """\
Support archive of a Harvester upgrade, made by the Ansible collection harvester_ops.remediation {version}.

diagnosis.txt   the diagnosis as an operator reads it
evidence.json   what was read from the cluster
findings.json   the findings
not-read.json   logs that could not be read, or not as a whole, with the reason
logs/           container logs by namespace, pod and container; .log.1 is the log before the last restart
upgrade-log/    what Harvester has recorded of the upgrade, if that was asked for
manifest.json   size and SHA-256 of every file

Diagnose it again, without the cluster:

    ansible-playbook harvester_ops.remediation.diagnose -e remediation_evidence={name}

Credentials were replaced by tokens (redacted:...). {names}
Check it before you publish it.
"""
_REAL_NAMES = "Names and addresses in it are those of the cluster."
_PSEUDONYMS = (
    "Names of nodes and hosts, IP and MAC addresses were replaced by\npseudonyms: the same one stands for the same name"
    " everywhere in the archive."
)


def write_support_archive(
    path: Path, documents: Mapping[str, Any], *, pseudonyms: bool = False, names_kept: int = 0
) -> None:
    """Pack the documents, by their path inside, with a manifest and a README. Raises OSError."""
    evidence = documents.get("evidence.json")
    readme = _README.format(
        version=COLLECTION_VERSION,
        name=path.name,
        names=_PSEUDONYMS if pseudonyms else _REAL_NAMES,
    )
    packed = {README: readme, **documents}
    manifest = ArchiveManifest(
        collection_version=COLLECTION_VERSION,
        created_at=evidence.get("collected_at") if isinstance(evidence, Mapping) else None,
        pseudonyms=pseudonyms,
        names_kept=names_kept,
        files={name: packed_file([document_bytes(each)]) for name, each in packed.items()},
    )
    write_archive(path, {MANIFEST: write(manifest), **packed})
