# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chart archives, good and hostile, made in memory."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-notes
data:
  version: {{ .Chart.Version | quote }}
  greeting: {{ .Values.greeting | quote }}
"""


def chart_yaml(name: str, version: str, app_version: str = "0.12.0") -> str:
    """The text of a Chart.yaml."""
    return f"apiVersion: v2\nname: {name}\nversion: {version}\nappVersion: {app_version}\n"


def tar_of(members: Sequence[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """An uncompressed tar of members as they are given, checked by nobody."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, content in members:
            info.size = len(content) if info.isreg() else 0
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def member(name: str, content: str | bytes = b"") -> tuple[tarfile.TarInfo, bytes]:
    """A regular file of an archive."""
    return tarfile.TarInfo(name), content.encode() if isinstance(content, str) else content


def chart_archive(
    name: str = "fleet",
    version: str = "106.0.0+up0.12.0",
    *,
    app_version: str = "0.12.0",
    templates: Mapping[str, str] | None = None,
    values: str = "greeting: hello\n",
    extra: Sequence[tuple[tarfile.TarInfo, bytes]] = (),
) -> bytes:
    """A chart as helm package makes it; the same arguments give the same bytes."""
    templates = {"notes.yaml": CONFIG_MAP} if templates is None else templates
    members = [
        member(f"{name}/Chart.yaml", chart_yaml(name, version, app_version)),
        member(f"{name}/values.yaml", values),
        *(member(f"{name}/templates/{file}", text) for file, text in templates.items()),
        *extra,
    ]
    return gzip.compress(tar_of(members), mtime=0)


def write_chart(
    directory: Path, name: str = "fleet", version: str = "106.0.0+up0.12.0", **parts: object
) -> Path:
    """A chart archive in a directory, called as helm calls it."""
    path = directory / f"{name}-{version}.tgz"
    path.write_bytes(chart_archive(name, version, **parts))  # type: ignore[arg-type]
    return path
