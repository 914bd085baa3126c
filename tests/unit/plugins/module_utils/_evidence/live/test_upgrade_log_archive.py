# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive of Harvester's own log of the upgrade, fetched through the API server."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.bundle.recognition import (
    UPGRADE_LOG,
    recognize,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.live.support_logs import (
    SupportLogs,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.live.upgrade_log_archive import (
    read_upgrade_log,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
    KubeClient,
)

JOB = "harvester-system.hvst-upgrade-x7k2p-apply-manifests-4qz8c.apply.20261123.log"
VIP = "kube-system.kube-vip-n1.kube-vip.20261123.log"
OTHER, LATEST = "hvst-upgrade-aaaaa-upgradelog", "hvst-upgrade-x7k2p-upgradelog"


def log_of(name: str, created: str, archives: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "harvester-system", "creationTimestamp": created}
    return {"metadata": metadata, "status": {"archives": archives}}


def packed(files: Mapping[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(f"logs/{name}.gz", gzip.compress(text.encode()))
    return content.getvalue()


class Api:
    """The UpgradeLogs, and the Service that gives out their archives."""

    def __init__(self, content: bytes, *logs: dict[str, Any], error: str = "") -> None:
        self.content, self.logs, self.error = content, logs, error
        self.asked: list[str] = []

    def list(self, _path: str, **_options: Any) -> list[dict[str, Any]]:
        return list(self.logs)

    def stream(self, path: str) -> Iterator[bytes]:
        self.asked.append(path)
        if self.error:
            raise RemediationError(self.error, "No permission to get the archive.")
        for start in range(0, len(self.content), 100):
            yield self.content[start : start + 100]


ARCHIVES = {
    "old": {"generatedTime": "2026-11-23T13:00:00Z", "ready": True},
    "new": {"generatedTime": "2026-11-23T14:00:00Z", "ready": True},
    "newest": {"generatedTime": "2026-11-23T14:30:00Z", "ready": False},
}


def read(api: Api, folder: Path, **limits: int) -> SupportLogs:
    options = {"limit_bytes": 10_000, "total_bytes": 100_000, **limits}
    return read_upgrade_log(cast(KubeClient, api), folder, **options)


def latest(archives: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return log_of(LATEST, "2026-11-23T12:00:00Z", ARCHIVES if archives is None else archives)


def test_the_newest_archive_that_is_ready_is_unpacked(tmp_path: Path) -> None:
    api = Api(packed({VIP: "vip\n", JOB: "wait helm release\n"}), latest())
    found = read(api, tmp_path)
    (asked,) = api.asked
    assert asked == f"/api/v1/namespaces/harvester-system/services/{LATEST}:80/proxy/new.zip"
    assert list(found.files) == [f"logs/{JOB}", f"logs/{VIP}"], "that of the job comes first"
    assert found.files[f"logs/{JOB}"] == "wait helm release\n"
    assert found.missing == []
    assert list(tmp_path.iterdir()) == [], "nothing is left on the disk"


def test_it_is_that_of_the_latest_upgrade(tmp_path: Path) -> None:
    api = Api(packed({JOB: "x\n"}), latest(), log_of(OTHER, "2026-01-01T00:00:00Z", ARCHIVES))
    read(api, tmp_path)
    assert [each for each in api.asked if OTHER in each] == []


def test_what_it_gives_is_recognized_as_the_log_of_an_upgrade(tmp_path: Path) -> None:
    found = read(Api(packed({JOB: "x\n", VIP: "y\n"}), latest()), tmp_path)
    for name, text in found.files.items():
        path = tmp_path / "upgrade-log" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert recognize(str(tmp_path / "upgrade-log")).kind == UPGRADE_LOG


def test_credentials_are_replaced_and_the_newest_lines_kept(tmp_path: Path) -> None:
    lines = "".join(f"line {number}\n" for number in range(5000))
    found = read(Api(packed({JOB: lines + "password=c4n4ry99\n"}), latest()), tmp_path)
    text = found.files[f"logs/{JOB}"]
    assert "c4n4ry99" not in text
    assert text.splitlines()[-2] == "line 4999"
    assert len(text) <= 10_100
    (cut,) = found.missing
    assert JOB in cut["what"]


def test_all_of_it_has_a_limit(tmp_path: Path) -> None:
    files = {JOB: "x" * 999 + "\n", VIP: "y" * 999 + "\n"}
    found = read(Api(packed(files), latest()), tmp_path, total_bytes=1500)
    assert list(found.files) == [f"logs/{JOB}"]
    assert [each["what"] for each in found.missing] == [f"upgrade-log/logs/{VIP}"]


@pytest.mark.parametrize(
    ("api", "said"),
    [
        (Api(b""), "no UpgradeLog"),
        (Api(b"", latest({"newest": ARCHIVES["newest"]})), "Download Log"),
        (Api(b"", latest({})), "Download Log"),
        (Api(b"", latest(), error="forbidden"), "No permission"),
        (Api(b"<html>404</html>", latest()), "not a zip archive"),
        (Api(packed({"../../x.log": "x"}), latest()), "leaves its folder"),
    ],
)
def test_what_cannot_be_had_is_told_and_stops_nothing(api: Api, said: str, tmp_path: Path) -> None:
    found = read(api, tmp_path)
    assert found.files == {}
    (missed,) = found.missing
    assert said in missed["reason"], missed
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_is_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    api = Api(b"PK\x03\x04" + b"x" * 10_000, latest())
    found = read(api, tmp_path, total_bytes=500)
    assert "more than" in found.missing[0]["reason"]


def test_a_damaged_log_is_told_and_the_others_are_kept(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(f"logs/{JOB}.gz", b"not gzip at all")
        archive.writestr(f"logs/{VIP}.gz", gzip.compress(b"y\n"))
    found = read(Api(content.getvalue(), latest()), tmp_path)
    assert list(found.files) == [f"logs/{VIP}"]
    assert [each["what"] for each in found.missing] == [f"upgrade-log/logs/{JOB}"]


def test_a_connection_that_is_lost_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RemediationError):
        read(Api(b"", latest(), error="server-unreachable"), tmp_path)
