# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the release table: the shipped one, and files that operators add.

The shipped rows are in roles/preflight/files/releases.yml, which explains its own form. Further files have the same
form, or are the harvester-release.yaml of an ISO.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ..._core.errors import RemediationError
from .. import release_file
from .release_table import HarvesterRelease, RancherRelease, ReleaseTable, from_release_file

SHIPPED_RELEASES = (
    Path(__file__).resolve().parents[4] / "roles" / "preflight" / "files" / "releases.yml"
)
_LARGEST_FILE = 1_048_576


def load_table(paths: Iterable[str | Path] = ()) -> ReleaseTable:
    """The shipped rows and those of further files, each a release table or a harvester-release.yaml.

    Raises RemediationError (release-file-invalid) that names file, row and key.
    """
    table = ReleaseTable()
    for path in (SHIPPED_RELEASES, *(Path(path).expanduser() for path in paths)):
        table = table.with_rows(_read_file(path))
    return table


def load_release_file(path: str | Path) -> HarvesterRelease:
    """The release of a harvester-release.yaml. Raises RemediationError (release-file-invalid)."""
    releases = _read_file(Path(path).expanduser()).harvesters
    if len(releases) != 1:
        raise _invalid(path, f"describes {len(releases)} releases where one is wanted")
    return next(iter(releases.values()))


def _read_file(path: Path) -> ReleaseTable:
    import yaml

    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise _invalid(path, "is larger than 1 MiB")
        document = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise _invalid(path, f"cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _invalid(path, f"is no YAML: {' '.join(str(error).split())[:300]}") from error
    described = release_file.from_document(document)
    if described is not None:
        release = from_release_file(described)
        return ReleaseTable({release.version: release}) if release else ReleaseTable()
    return _table(path, document)


def _table(path: Path, document: object) -> ReleaseTable:
    if not isinstance(document, Mapping) or not set(document) <= {"harvesters", "ranchers"}:
        raise _invalid(
            path, "is neither a harvester-release.yaml nor a table of harvesters and ranchers"
        )
    harvesters = [_harvester(row) for row in _rows(path, document, "harvesters", _HARVESTER_KEYS)]
    ranchers = [_rancher(row) for row in _rows(path, document, "ranchers", _RANCHER_KEYS)]
    return ReleaseTable(
        {release.version: release for release in harvesters},
        {release.version: release for release in ranchers},
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_text_map(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(key, str) and isinstance(item, str) for key, item in value.items()
    )


def _is_texts_map(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(key, str) and _is_texts(item) for key, item in value.items()
    )


_Check = tuple[Callable[[object], bool], str]
_TEXT: _Check = (_is_text, "a text")
_TEXTS: _Check = (_is_texts, "a list of texts")
_TEXT_MAP: _Check = (_is_text_map, "a mapping of texts to texts")
#: Key of a row -> whether a value fits, and what would.
_HARVESTER_KEYS: dict[str, _Check] = {
    "version": _TEXT,
    "rancher": _TEXT,
    "kubernetes": _TEXT,
    "min_upgradable_version": _TEXT,
    "shell_images": _TEXTS,
    "expected": _TEXT_MAP,
    "known_issues": _TEXTS,
    "note": _TEXT,
}
_RANCHER_KEYS: dict[str, _Check] = {
    "version": _TEXT,
    "charts": _TEXT_MAP,
    "index": (_is_texts_map, "a mapping of texts to lists of texts"),
    "kube_version": _TEXT,
}


def _rows(
    path: Path, document: Mapping[str, Any], kind: str, keys: Mapping[str, _Check]
) -> list[Mapping[str, Any]]:
    rows = document.get(kind) or []
    if not isinstance(rows, list):
        raise _invalid(path, f"{kind} is no list")
    for number, row in enumerate(rows, 1):
        where = f"row {number} of {kind}"
        if not isinstance(row, Mapping) or not row.get("version"):
            raise _invalid(path, f"{where} has no version")
        for key, value in row.items():
            if key not in keys:
                raise _invalid(path, f"{where} ({row['version']}) has the unknown key {key!r}")
            fits, wanted = keys[key]
            if not fits(value):
                raise _invalid(path, f"{where} ({row['version']}): {key} has to be {wanted}")
    return rows


def _harvester(row: Mapping[str, Any]) -> HarvesterRelease:
    lists = {key: tuple(row.get(key, ())) for key in ("shell_images", "known_issues")}
    return HarvesterRelease(**{**row, **lists})


def _rancher(row: Mapping[str, Any]) -> RancherRelease:
    index = {chart: tuple(versions) for chart, versions in row.get("index", {}).items()}
    return RancherRelease(**{**row, "index": index})


def _invalid(path: str | Path, what: str) -> RemediationError:
    return RemediationError(
        "release-file-invalid",
        f"The release file {path} {what}.",
        "Give the harvester-release.yaml of an ISO, or a table of the form of roles/preflight/files/releases.yml.",
    )
