# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of nodes in a support bundle: the Harvester version where the Setting is not in the bundle."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.bundle.load import (
    load_evidence,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.live.collector import (
    CollectOptions,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders import support_bundle as kit
from ansible_collections.harvester_ops.remediation.tests.unit.builders.bundled_clusters import (
    whole_cluster,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.upgrading_cluster import (
    UPGRADE,
    add_release,
)

SETTING = "/apis/harvesterhci.io/v1beta1/settings/server-version"
UPGRADE_PATH = f"/apis/harvesterhci.io/v1beta1/namespaces/harvester-system/upgrades/{UPGRADE}"


class Stream(io.RawIOBase):
    """A file that cannot be rewound, as the standard output of zip is."""

    def __init__(self) -> None:
        self.content = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.content += bytes(data)
        return len(data)


def node_zip(version: str, *, logs_first: bool = False, streamed: bool = False) -> bytes:
    """What hack/collector-harvester of the kit packs for a node, as far as it matters."""
    text = f"harvester: {version}\nkubernetes: v1.24.11+rke2r1\nrancher: v2.6.11\n"
    files = {
        "node/configs/etc/os-release": "NAME=x\n",
        "node/configs/etc/harvester-release.yaml": text,
        "node/logs/kernel.log": "a line\n" * 40_000,
        "node/logs/console.log": "",
    }
    order = sorted(files, reverse=logs_first)
    stream = Stream() if streamed else io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[arg-type]
        for name in order:
            archive.writestr(name, files[name])
    return stream.content if isinstance(stream, Stream) else stream.getvalue()


def evidence_of(
    folder: Path,
    nodes: Mapping[str, bytes],
    write: Callable[..., Path] = kit.write_zip,
    *,
    version: kit.Kit = kit.OLD,
    app: str = "",
    previous: str | None = None,
) -> dict[str, Any]:
    cluster = whole_cluster()
    cluster.add(SETTING, value="v1.4.2")
    cluster.objects[UPGRADE_PATH].setdefault("status", {})["previousVersion"] = previous
    if app:
        add_release(cluster, "harvester-system", "harvester", 1, app.removeprefix("v"))
    files = kit.members(cluster.objects, cluster.logs, version)
    files |= {f"nodes/{name}.zip": content for name, content in nodes.items()}
    path = write(folder / "given", files)
    return load_evidence([str(path)], CollectOptions(parallelism=1))


@pytest.mark.parametrize("write", [kit.write_zip, kit.write_tar, kit.write_folder])
@pytest.mark.parametrize("logs_first", [False, True])
@pytest.mark.parametrize("streamed", [False, True])
def test_the_version_is_that_of_the_nodes_where_the_setting_is_missing(
    write: Callable[..., Path], logs_first: bool, streamed: bool, tmp_path: Path
) -> None:
    content = node_zip("v1.1.2", logs_first=logs_first, streamed=streamed)
    evidence = evidence_of(tmp_path, {"node-1": content}, write)
    assert evidence["harvester_version"] == "v1.1.2"
    source = evidence["sources"]["harvester_version"]
    assert source["state"] == "ok"
    assert "harvester-release.yaml of node-1" in source["reason"]


def test_the_setting_comes_first(tmp_path: Path) -> None:
    evidence = evidence_of(tmp_path, {"node-1": node_zip("v1.1.2")}, version=kit.NEW)
    assert evidence["harvester_version"] == "v1.4.2"
    assert evidence["sources"]["harvester_version"]["reason"] == ""


def test_nodes_of_two_versions_are_told_and_not_chosen_from(tmp_path: Path) -> None:
    nodes = {"node-1": node_zip("v1.1.2"), "node-2": node_zip("v1.1.3")}
    evidence = evidence_of(tmp_path, nodes, previous="v1.1.2")
    assert evidence["harvester_version"] == "v1.1.2"
    reason = evidence["sources"]["harvester_version"]["reason"]
    for part in ("previousVersion", "node-1 v1.1.2", "node-2 v1.1.3"):
        assert part in reason
    assert evidence_of(tmp_path, nodes)["harvester_version"] is None


def test_without_files_of_nodes_the_upgrade_and_then_the_app_say_it(tmp_path: Path) -> None:
    evidence = evidence_of(tmp_path, {}, previous="v1.1.1", app="v1.1.2")
    assert evidence["harvester_version"] == "v1.1.1"
    assert (
        f"Upgrade/harvester-system/{UPGRADE}" in evidence["sources"]["harvester_version"]["reason"]
    )
    evidence = evidence_of(tmp_path, {}, app="v1.1.2")
    assert evidence["harvester_version"] == "v1.1.2"
    assert "App/harvester-system/harvester" in evidence["sources"]["harvester_version"]["reason"]


def test_what_says_otherwise_is_told(tmp_path: Path) -> None:
    evidence = evidence_of(tmp_path, {"node-1": node_zip("v1.1.2")}, app="v1.1.3")
    reason = evidence["sources"]["harvester_version"]["reason"]
    assert "App/harvester-system/harvester has v1.1.3" in reason


def test_nothing_known_stays_unknown(tmp_path: Path) -> None:
    evidence = evidence_of(tmp_path, {})
    assert evidence["harvester_version"] is None
    assert evidence["sources"]["harvester_version"]["state"] == "forbidden"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        b"no zip at all" * 50,
        node_zip("v1.1.2")[:100],
        node_zip("v1.1.2", streamed=True)[:100],
        node_zip("- ["),
    ],
    ids=["empty", "header", "text", "cut", "cut-streamed", "no-release"],
)
def test_damaged_files_of_a_node_are_said_to_be_so(content: bytes, tmp_path: Path) -> None:
    evidence = evidence_of(tmp_path, {"node-1": content})
    assert evidence["harvester_version"] is None
    (origin,) = evidence["origins"]
    assert any("node-1" in line for line in origin["lacks"])


def test_nodes_without_files_are_named(tmp_path: Path) -> None:
    (origin,) = evidence_of(tmp_path, {}, version=kit.NEW)["origins"]
    assert any(line.startswith("Files of nodes: node-1") for line in origin["lacks"])
    (origin,) = evidence_of(tmp_path, {"node-1": node_zip("v1.1.2")})["origins"]
    assert not any(line.startswith("Files of nodes") for line in origin["lacks"])


def test_a_bomb_in_the_files_of_a_node_is_not_unpacked(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "n/configs/etc/harvester-release.yaml", "harvester: v1\n" + "#" * 9_000_000
        )
    evidence = evidence_of(tmp_path, {"node-1": packed.getvalue()})
    assert evidence["harvester_version"] in (None, "v1")
