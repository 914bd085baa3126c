# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documents that come back from a file: evidence of a ticket, a plan or a report of an earlier run."""

from __future__ import annotations

import codecs
import json
import os
import stat
from pathlib import Path
from typing import Any

from .._core.errors import RemediationError

NAMESPACE = "harvester_ops.remediation"
VERSION = "v1"
#: Kind of document -> code of the error that refuses it.
KINDS = {"evidence": "evidence-invalid", "plan": "plan-invalid", "report": "evidence-invalid"}
_MIB = 1024 * 1024
#: The evidence of 1,000 nodes, 1,000 Bundles and 5,000 revisions has 4 MiB (tests/benchmarks/document_loading.py).
#: What is larger than the limit is another file, and each byte of it would take twelve in memory.
MOST_BYTES = 32 * _MIB
_HEAD_BYTES = 4096
#: First bytes of a file -> what it is, and what to do with it.
_SIGNATURES = {
    b"\x1f\x8b": ("a gzip archive", "Unpack it"),
    b"PK\x03\x04": ("a zip archive, as a Harvester support bundle is", "Unpack it"),
    b"PK\x05\x06": ("an empty zip archive", "Unpack another one"),
    b"\xfd7zXZ\x00": ("an xz archive", "Unpack it"),
    b"\x28\xb5\x2f\xfd": ("a zstd archive", "Unpack it"),
    b"BZh": ("a bzip2 archive", "Unpack it"),
    b"$ANSIBLE_VAULT;": ("encrypted with ansible-vault", "Decrypt it (ansible-vault decrypt)"),
}
_UTF_16_OR_32 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


def load_document(path: str, kind: str) -> dict[str, Any]:
    """Read an evidence, plan or report file.

    Only the outer form is checked here: JSON, a mapping, the right schema. What cannot be such a document is not
    read beyond its first bytes. Raises RemediationError (evidence-invalid, plan-invalid).
    """
    document = _parse(_read(path, kind), path, kind)
    wanted = f"{NAMESPACE}/{kind}/{VERSION}"
    found = document.get("schema") if isinstance(document, dict) else type(document).__name__
    if found != wanted:
        raise _refusal(
            kind,
            f"The {kind} file {_shown(path)} has the schema {str(found)[:100]!r} where {wanted!r} is required.",
            f"Give the {kind}.json of a run of this version of the collection.",
        )
    return dict(document)


def _read(path: str, kind: str) -> bytes:
    """The content of a file of moderate size that looks like text."""
    whole = f"Give the {kind}.json that a run has written"
    try:
        place = Path(path).expanduser().absolute()
        mode = place.stat().st_mode
        if stat.S_ISDIR(mode):
            raise _refusal(kind, f"{_shown(path)} is a directory.", f"Give the {kind}.json in it.")
        if not stat.S_ISREG(mode):
            raise _refusal(kind, f"{_shown(path)} is not a regular file.", f"{whole}.")
        with place.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
            _require_text(head, path, kind)
            size = os.fstat(stream.fileno()).st_size
            if size <= MOST_BYTES:
                content = head + stream.read(MOST_BYTES + 1 - len(head))
                size = len(content)
        if size <= MOST_BYTES:
            return content
    except FileNotFoundError as error:
        raise _refusal(
            kind,
            f"The {kind} file {_shown(path)} does not exist.",
            f"{whole}. The path is one of the machine, or execution environment, that runs Ansible.",
        ) from error
    except (OSError, ValueError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or error
        raise _refusal(
            kind, f"The {kind} file {_shown(path)} cannot be read: {why}.", f"{whole}."
        ) from error
    raise _refusal(
        kind,
        f"The file {_shown(path)} has {size / _MIB:.0f} MiB; {kind} files of more than {MOST_BYTES // _MIB} MiB are not read.",
        f"{whole}, which is far smaller even for large clusters.",
    )


def _require_text(head: bytes, path: str, kind: str) -> None:
    """Refuse what is not text, by its first bytes."""
    what = next((what for magic, what in _SIGNATURES.items() if head.startswith(magic)), None)
    if what is None and head[257:262] == b"ustar":
        what = ("a tar archive", "Unpack it")
    if what is None and b"\0" in head and not head.startswith(_UTF_16_OR_32):
        what = ("binary data", "Find the right file")
    if what is not None:
        is_what, remedy = what
        raise _refusal(
            kind,
            f"The file {_shown(path)} is {is_what}, not {_a(kind)} document.",
            f"{remedy} and give the {kind}.json that a run has written.",
        )


def _parse(content: bytes, path: str, kind: str) -> Any:
    """The JSON value in a file; UTF-8, or UTF-16 as PowerShell writes it."""
    incomplete = False
    try:
        return json.loads(content)
    except UnicodeDecodeError as error:
        incomplete = error.reason == "unexpected end of data"
        problem = f"is not text in UTF-8 (byte {error.start})"
    except json.JSONDecodeError as error:
        incomplete = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated")
        problem = f"is not JSON: {error}"
    except ValueError as error:  # a number of thousands of digits
        problem = f"is not JSON: {error}"
    except RecursionError:
        problem = "is nested too deeply"
    if not content.strip():
        problem = "is empty"
    elif incomplete:
        problem = "is incomplete: it ends in the middle of the document"
    file = f"The {kind} file {_shown(path)}"
    raise _refusal(
        kind, f"{file} {problem}.", f"Give the {kind}.json of a run, whole and unchanged."
    )


def _refusal(kind: str, message: str, remedy: str) -> RemediationError:
    return RemediationError(KINDS[kind], message, remedy)


def _shown(path: str) -> str:
    return path if len(path) <= 200 else f"{path[:200]}..."


def _a(kind: str) -> str:
    return f"an {kind}" if kind.startswith("e") else f"a {kind}"
