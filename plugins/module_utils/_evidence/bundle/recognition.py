# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file or folder is, found out by looking into it; names of files mean nothing, tickets rename them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ..._core.errors import RemediationError
from .archive import Archive, Wanted, open_archive
from .limits import LIMITS, Limits
from .support_archive import is_manifest

EVIDENCE = "evidence"
SUPPORT_BUNDLE = "support-bundle"
SUPPORT_ARCHIVE = "support-archive"
UPGRADE_LOG = "upgrade-log"

_ROOT = r"^(?P<root>(?:[^/]+/){0,3}?)"
_BUNDLE_MEMBER = re.compile(
    _ROOT + r"(?:yamls/(?:cluster|namespaced)/.+\.yaml|logs/[^/]+/[^/]+/[^/]+\.log"
    r"|bundleGenerationError\.log|nodes/[^/]+\.zip)$"
)
_LOG_MEMBER = re.compile(
    _ROOT + r"(?:logs/)?[a-z0-9-]+\.[a-z0-9][a-z0-9.-]*\.[a-z0-9-]+\.\d{8}[^/]*\.log(?:\.gz)?$"
)
_EVIDENCE_MEMBER = re.compile(_ROOT + r"evidence\.json$")
_MANIFEST_MEMBER = re.compile(_ROOT + r"manifest\.json$")
_METADATA = "metadata.yaml"
_METADATA_MEMBER = re.compile(_ROOT + r"metadata\.yaml$")
_UNREAD = re.compile(
    r"(?:^|/)(?:logs/(?:longhorn-system|kube-system)/|.*/(?:events|contents)\.yaml$)"
)
_LOOKED_FOR = (
    "A support bundle has the folders yamls/ and logs/, an upgrade log has files such as"
    " logs/<namespace>.<pod>.<container>.<date>.log.gz, an archive of playbooks/collect.yml has evidence.json."
)


@dataclass(frozen=True)
class Recognized:
    """What is at a path. `root` is the folder inside that holds it; `archive` is None for a single document."""

    kind: str
    path: str
    archive: Archive | None = None
    root: str = ""


def is_read(name: str) -> bool:
    """Whether a member of an archive is read by any collector."""
    return _UNREAD.search(name) is None


def recognize(path: str, limits: Limits = LIMITS, wanted: Wanted = is_read) -> Recognized:
    """Look into a file or folder. Raises `evidence-invalid` for what is none of the kinds, `archive-unsafe`.

    `wanted` are the members that will be read.
    """
    place = Path(path).expanduser().absolute()
    try:
        archive = open_archive(place, wanted, limits)
    except RemediationError as error:
        if error.code != "evidence-incomplete":
            raise
        raise _damaged(error.message, "Give the file whole.") from error
    except OSError as error:
        raise _unknown(
            f"{path} cannot be read: {error.strerror or error}.",
            "The path is one of the machine, or execution environment, that runs Ansible.",
        ) from error
    if archive is None:
        return Recognized(EVIDENCE, str(place))
    several = _bundles_in(archive)
    if len(several) > 1:
        archive.close()
        raise _unknown(
            f"{path} holds {len(several)} support bundles: {', '.join(several[:3])}.",
            "Unpack it and give the folder.",
        )
    found = _kind_of(archive)
    if found is None:
        archive.close()
        raise _what_it_is(path, archive)
    return Recognized(found[0], str(place), archive, found[1])


def _bundles_in(archive: Archive) -> list[str]:
    """The folders that are whole support bundles."""
    matches = (_METADATA_MEMBER.match(name) for name in archive.sizes)
    roots = {match["root"] for match in matches if match is not None}
    with_logs = (_BUNDLE_MEMBER.match(name) for name in archive.sizes)
    return sorted(roots & {match["root"] for match in with_logs if match is not None})


def _kind_of(archive: Archive) -> tuple[str, str] | None:
    """The kind and the root, by the members that tell; the roots are counted, since archives nest folders."""
    for name in archive.sizes:
        match = _MANIFEST_MEMBER.match(name)
        if match is not None and is_manifest(archive, name):
            return SUPPORT_ARCHIVE, match["root"]
    for kind, member in (
        (SUPPORT_ARCHIVE, _EVIDENCE_MEMBER),
        (SUPPORT_BUNDLE, _BUNDLE_MEMBER),
        (UPGRADE_LOG, _LOG_MEMBER),
    ):
        roots: Counter[str] = Counter()
        for name in archive.sizes:
            match = member.match(name)
            if match is not None:
                roots[match["root"]] += 1
        if roots:
            return kind, roots.most_common(1)[0][0]
    return None


def is_damaged(error: RemediationError) -> bool:
    """Whether it was an archive that cannot be read, so that nobody can say of what it is."""
    return error.code == "archive-unsafe" or error.details.get("damaged") is True


def _what_it_is(path: str, archive: Archive) -> RemediationError:
    names = sorted(archive.sizes)
    inside = [name for name in names if name.lower().endswith((".zip", ".tar.gz", ".tgz"))]
    if not names and archive.cut:
        return _damaged(
            f"{path} is a damaged zip archive, or a part of one without its beginning.",
            "Join the parts: cat part1 part2 > whole.zip",
        )
    if any(name.rpartition("/")[2] == _METADATA for name in names):
        return _unknown(
            f"{path} has a {_METADATA}, but neither yamls/ nor logs/.",
            "Ask for the whole support bundle.",
        )
    if names and archive.cut:
        return _damaged(
            f"{path} is not whole, and nothing in it can be diagnosed: {archive.cut}.",
            "Ask for the file again.",
        )
    if inside:
        return _unknown(
            f"{path} holds other archives ({', '.join(inside[:3])}) and nothing that can be diagnosed itself.",
            "Unpack it once and give the folder.",
        )
    some = ", ".join(ascii(name[:80]).strip("'") for name in names[:3])
    shown = f"{len(names)} files such as {some}" if names else "nothing"
    return _unknown(
        f"{path} is an archive or folder that holds {shown}. {_LOOKED_FOR}", "Give one of these."
    )


def _unknown(message: str, remedy: str) -> RemediationError:
    return RemediationError("evidence-invalid", message, remedy)


def _damaged(message: str, remedy: str) -> RemediationError:
    return RemediationError("evidence-invalid", message, remedy, details={"damaged": True})
