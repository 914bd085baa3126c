# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which file is what, whatever its name, and what is not read at all."""

from __future__ import annotations

import io
import json
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.artifacts import (
    write_archive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.bundle.limits import (
    LIMITS,
    Limits,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.bundle.load import (
    load_evidence,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.live.collector import (
    CollectOptions,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders import support_bundle as kit
from ansible_collections.harvester_ops.remediation.tests.unit.builders.bundled_clusters import (
    live_evidence,
    whole_cluster,
)

SMALL = replace(
    LIMITS, members=50, unpacked=1_000_000, ratio_from=100_000, ratio=50, line=50_000, item=60_000
)
Files = dict[str, bytes]


def files() -> Files:
    cluster = whole_cluster()
    return kit.members(cluster.objects, cluster.logs)


def load(*paths: Path, limits: Limits = LIMITS) -> dict[str, object]:
    return load_evidence([str(path) for path in paths], CollectOptions(parallelism=1), limits)


def refusal(*paths: Path, limits: Limits = LIMITS) -> RemediationError:
    with pytest.raises(RemediationError) as caught:
        load(*paths, limits=limits)
    assert caught.value.remedy
    return caught.value


def how_it_ends(path: Path) -> str:
    try:
        load(path)
    except RemediationError as error:
        return error.code
    return "read"


def test_the_document_of_a_run_is_taken_as_it_is(tmp_path: Path) -> None:
    document = live_evidence(whole_cluster())
    path = tmp_path / "given.zip"
    path.write_text(json.dumps(document))
    assert load(path) == document


def test_the_archive_of_collect_is_read_back(tmp_path: Path) -> None:
    document = live_evidence(whole_cluster())
    path = tmp_path / "support.tar.gz"
    logs = {"logs/cattle-system/rancher-1/rancher.log": "2026-11-23T14:59:00Z line\n"}
    write_archive(path, {"evidence.json": document, "README.txt": "x", **logs})
    assert load(path) == document


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"a/b.txt": b"x"}, "such as a/b.txt"),
        ({"metadata.yaml": b"x: 1"}, "neither yamls/ nor logs/"),
        ({"supportbundle_x.zip": b"PK"}, "holds other archives (supportbundle_x.zip)"),
        ({}, "holds nothing"),
    ],
)
def test_an_unknown_archive_is_described(content: Files, said: str, tmp_path: Path) -> None:
    error = refusal(kit.write_zip(tmp_path / "given", content, top=""))
    assert (error.code, said in error.message) == ("evidence-invalid", True), error.message


@pytest.mark.parametrize("write", [kit.write_zip, kit.write_tar])
def test_an_archive_of_several_bundles_is_not_read_in_part(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    both = {f"{site}/{name}": each for site in ("north", "south") for name, each in files().items()}
    error = refusal(write(tmp_path / "given", both, top=""))
    assert (error.code, "north/, south/" in error.message) == ("evidence-invalid", True)


def test_other_files_are_refused_as_before(tmp_path: Path) -> None:
    path = tmp_path / "given"
    path.write_bytes(b"\x28\xb5\x2f\xfd")
    assert "zstd" in refusal(path).message
    for head in (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"BZh"):
        path.write_bytes(head + bytes(range(128, 256)) * 100)
        assert refusal(path).code == "evidence-invalid"
    path.write_text("hello")
    assert "not JSON" in refusal(path).message
    assert "No such file" in refusal(tmp_path / "missing").message


def test_a_bundle_that_is_cut_off_gives_what_is_in_front_of_the_cut(tmp_path: Path) -> None:
    whole = kit.write_zip(tmp_path / "whole", files()).read_bytes()
    (tmp_path / "given").write_bytes(whole[: len(whole) * 6 // 10])
    evidence = load(tmp_path / "given")
    (origin,) = evidence["origins"]  # type: ignore[misc]
    assert any("cut off" in line for line in origin["lacks"])
    sources = evidence["sources"]
    assert sources["upgrade"]["state"] != "absent"  # type: ignore[index]
    # What is behind the cut is not known to be absent.
    assert not [
        name
        for name, source in sources.items()  # type: ignore[attr-defined]
        if source["state"] == "absent" and "cut off" in source["reason"]
    ]


@pytest.mark.parametrize("share", [0, 1, 5, 20, 40, 80, 99])
def test_every_cut_ends_in_evidence_or_one_error(share: int, tmp_path: Path) -> None:
    for write in (kit.write_zip, kit.write_tar):
        whole = write(tmp_path / "whole", files()).read_bytes()
        (tmp_path / "given").write_bytes(whole[: max(1, len(whole) * share // 100)])
        assert how_it_ends(tmp_path / "given") in (
            "read",
            "evidence-invalid",
            "evidence-incomplete",
        )


def test_a_later_part_of_a_split_archive_is_told(tmp_path: Path) -> None:
    whole = kit.write_zip(tmp_path / "whole", files()).read_bytes()
    (tmp_path / "given").write_bytes(whole[len(whole) // 2 :])
    assert refusal(tmp_path / "given").code == "evidence-invalid"


def test_a_damaged_member_is_an_error_of_its_source(tmp_path: Path) -> None:
    content = bytearray(kit.write_zip(tmp_path / "given", files()).read_bytes())
    with zipfile.ZipFile(tmp_path / "given") as archive:
        member = next(
            each for each in archive.infolist() if each.filename.endswith("/upgrades.yaml")
        )
    start = member.header_offset + 30 + len(member.filename)
    content[start + 20 : start + 30] = b"\0" * 10
    (tmp_path / "given").write_bytes(content)
    source = load(tmp_path / "given")["sources"]["upgrade"]  # type: ignore[index]
    assert source["state"] == "error"


def names_in_zip(name: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        kit.write_zip(path, {**files(), name: b"x"}, top="")

    return write


def names_in_tar(name: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        kit.write_tar(path, {**files(), name: b"x"}, top="")

    return write


def link_in_tar(kind: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with tarfile.open(path, "w:gz") as archive:
            entry = tarfile.TarInfo("yamls/cluster/v1/nodes.yaml")
            entry.type, entry.linkname = kind, "/etc/shadow"
            archive.addfile(entry)

    return write


def link_in_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo("yamls/cluster/v1/nodes.yaml")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/shadow")


def bomb_in_zip(path: Path) -> None:
    kit.write_zip(path, {**files(), "logs/a/b/c.log": b"0" * 30_000_000})


def bomb_in_tar(path: Path) -> None:
    kit.write_tar(path, {"logs/a/b/c.log": b"0" * 30_000_000})


def many_in_zip(path: Path) -> None:
    kit.write_zip(path, {f"logs/a/b/{number}.log": b"" for number in range(100)})


def many_without_directory(path: Path) -> None:
    many_in_zip(path)
    path.write_bytes(path.read_bytes()[:-3000])


def endless_header_in_tar(path: Path) -> None:
    with tarfile.open(
        path, "w:gz", format=tarfile.PAX_FORMAT, pax_headers={"x": "y" * 200_000}
    ) as archive:
        archive.addfile(tarfile.TarInfo("a"), io.BytesIO())


HOSTILE = {
    "up-zip": names_in_zip("../../etc/x.yaml"),
    "up-tar": names_in_tar("../x.yaml"),
    "inside-zip": names_in_zip("yamls/../../x.yaml"),
    "absolute-zip": names_in_zip("/etc/passwd"),
    "absolute-tar": names_in_tar("/etc/passwd"),
    "backslash": names_in_zip("..\\..\\x"),
    "escapes": names_in_zip("yamls/\x1b[2J.yaml"),
    "drive": names_in_zip("C:\\x"),
    "symlink-tar": link_in_tar(tarfile.SYMTYPE),
    "hard-link-tar": link_in_tar(tarfile.LNKTYPE),
    "symlink-zip": link_in_zip,
    "bomb-zip": bomb_in_zip,
    "bomb-tar": bomb_in_tar,
    "many-zip": many_in_zip,
    "many-without-directory": many_without_directory,
    "long-name": names_in_zip("x" * 5000),
    "endless-header": endless_header_in_tar,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_archive_ends_in_one_error(kind: str, tmp_path: Path) -> None:
    HOSTILE[kind](tmp_path / "given")
    error = refusal(
        tmp_path / "given", limits=SMALL if "many" in kind or "bomb" in kind else LIMITS
    )
    assert error.code == "archive-unsafe", error


def test_what_lies_about_its_size_is_stopped_while_it_is_read(tmp_path: Path) -> None:
    content = files()
    content["yamls/cluster/v1/nodes.yaml"] = b"apiVersion: v1\nitems:\n" + b"- a: b\n" * 300_000
    path = kit.write_zip(tmp_path / "given", content)
    packed = bytearray(path.read_bytes())
    position = 0
    while (position := packed.find(b"PK\x01\x02", position)) >= 0:
        packed[position + 24 : position + 28] = struct.pack("<I", 10)
        position += 4
    path.write_bytes(packed)
    # The directory says 10 bytes; zipfile stops there, and the check sum does not fit.
    assert load(path)["sources"]["nodes"]["state"] == "error"  # type: ignore[index]


def test_what_is_unpacked_in_all_is_bounded(tmp_path: Path) -> None:
    path = kit.write_folder(tmp_path / "given", files())
    assert refusal(path, limits=replace(LIMITS, unpacked=20_000)).code == "archive-unsafe"


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    content = {**files(), "bundleGenerationError.log": b"x" * 900_000}
    error = refusal(
        kit.write_folder(tmp_path / "given", content), limits=replace(LIMITS, line=50_000)
    )
    assert error.code == "archive-unsafe"


@pytest.mark.parametrize(
    "item",
    [
        b"- a: " + b"[" * 200_000,
        b"- a: &x [1]\n  b: *x",
        b"- a: &x [*x]",
        b"- &a a: {b: *a}",
        b"- ? [a]\n  : b",
        b"- a: \x01",
        b"- 'a",
        b"- just text",
        b"- " + b"- " * 5000,
        b"- a: !!python/object/apply:os.system [true]",
        b"- a: " + b"x" * 70_000,
    ],
)
def test_hostile_yaml_is_an_error_of_its_source(item: bytes, tmp_path: Path) -> None:
    content = files()
    content["yamls/cluster/v1/nodes.yaml"] = b"apiVersion: v1\nitems:\n" + item + b"\nkind: List\n"
    path = kit.write_folder(tmp_path / "given", content)
    limits = replace(LIMITS, item=60_000)
    states = {"error"} if b"python" not in item else {"error", "ok"}
    assert load(path, limits=limits)["sources"]["nodes"]["state"] in states  # type: ignore[index]


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    path = kit.write_folder(tmp_path / "given", files())
    secret = tmp_path / "secret.yaml"
    secret.write_text("apiVersion: v1\nitems:\n- metadata:\n    name: node-9\nkind: List\n")
    nodes = path / kit.NAME / "yamls/cluster/v1/nodes.yaml"
    nodes.unlink()
    os.symlink(secret, nodes)
    assert load(path)["nodes"] is None
