# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts import (
    archive as chart_archive,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.charts import (
    chart_archive as make_chart,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.charts import (
    chart_yaml,
    member,
    tar_of,
)

VERSION = "106.0.0+up0.12.0"
GOOD = make_chart("fleet", VERSION)


def written(directory: Path, content: bytes) -> Path:
    path = directory / "chart.tgz"
    path.write_bytes(content)
    return path


def refusal(directory: Path, content: bytes) -> RemediationError:
    with pytest.raises(RemediationError) as caught:
        chart_archive.read_archive(written(directory, content), "the archive")
    assert "the archive" in caught.value.message
    return caught.value


def test_a_good_archive_is_described(tmp_path: Path) -> None:
    archive = chart_archive.verify_archive(written(tmp_path, GOOD), "fleet", VERSION)
    assert (archive.name, archive.version, archive.app_version) == ("fleet", VERSION, "0.12.0")
    assert archive.digest == hashlib.sha256(GOOD).hexdigest()
    assert archive.size == len(GOOD)
    assert archive.entries == 3
    assert archive.unpacked_size == len(gzip.decompress(GOOD))


@pytest.mark.parametrize("prefix", ["", "sha256:"])
def test_the_digest_is_compared(tmp_path: Path, prefix: str) -> None:
    path = written(tmp_path, GOOD)
    right = prefix + hashlib.sha256(GOOD).hexdigest().upper().replace("SHA256:", "sha256:")
    chart_archive.verify_archive(path, "fleet", VERSION, digest=right)
    with pytest.raises(RemediationError) as caught:
        chart_archive.verify_archive(path, "fleet", VERSION, digest=prefix + "0" * 64)
    assert caught.value.code == "chart-digest-mismatch"


@pytest.mark.parametrize(
    ("name", "version", "app_version"),
    [
        ("fleet-crd", VERSION, None),
        ("fleet", "106.0.0+up0.12.0-rc.3", None),
        ("fleet", "106.0.0", None),
        ("fleet", "v" + VERSION, None),
        ("fleet", VERSION, "0.12.1"),
    ],
)
def test_another_chart_is_never_taken_in_its_place(
    tmp_path: Path, name: str, version: str, app_version: str | None
) -> None:
    with pytest.raises(RemediationError) as caught:
        chart_archive.verify_archive(
            written(tmp_path, GOOD), name, version, app_version=app_version
        )
    assert caught.value.code == "chart-mismatch"
    assert version in caught.value.message


@pytest.mark.parametrize("cut", [1, 5, 9, 60, len(GOOD) // 2])
def test_a_cut_off_archive_is_invalid(tmp_path: Path, cut: int) -> None:
    assert refusal(tmp_path, GOOD[:-cut]).code == "chart-archive-invalid"


def test_a_cut_behind_a_whole_tar_is_noticed(tmp_path: Path) -> None:
    error = refusal(tmp_path, gzip.compress(gzip.decompress(GOOD))[:-8])
    assert "cut off" in error.message


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"<html>", "no gzip file"),
        (b"\x1f\x8b\x08", "cut off"),
        (b"\x1f\x8b\x08" + b"\xff" * 100, "damaged"),
        (gzip.compress(b""), "tar archive"),
        (gzip.compress(b"no tar at all"), "tar archive"),
        (gzip.compress(tar_of([])), "no Chart.yaml"),
        (gzip.compress(tar_of([member("fleet/values.yaml", "a: 1")])), "no Chart.yaml"),
        (gzip.compress(tar_of([member("fleet/sub/Chart.yaml", "a: 1")])), "no Chart.yaml"),
        (gzip.compress(tar_of([member("fleet/Chart.yaml", "- 1")])), "no mapping"),
        (gzip.compress(tar_of([member("fleet/Chart.yaml", "a: [")])), "no YAML"),
        (gzip.compress(tar_of([member("fleet/Chart.yaml", b"\xff\xfe\x00")])), "no YAML"),
        (gzip.compress(tar_of([member("fleet/Chart.yaml", "name: fleet")])), "without version"),
        (gzip.compress(tar_of([member("fleet/Chart.yaml", "version: [1]")])), "without name"),
        (
            gzip.compress(tar_of([member("a/Chart.yaml", "name: a"), member("b/x", "")])),
            "more than one directory: a, b",
        ),
    ],
)
def test_what_is_no_chart_is_invalid(tmp_path: Path, content: bytes, told: str) -> None:
    error = refusal(tmp_path, content)
    assert error.code == "chart-archive-invalid"
    assert told in error.message


def special(name: str, kind: bytes, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (member("/etc/cron.d/x", "x"), "absolute name"),
        (member("C:/x", "x"), "absolute name"),
        (member("fleet/../../etc/x", "x"), "leaves its directory"),
        (member("../x", "x"), "leaves its directory"),
        (member("fleet\\..\\x", "x"), "malformed name"),
        (special("fleet/link", tarfile.SYMTYPE, "/etc/passwd"), "a link"),
        (special("fleet/link", tarfile.LNKTYPE, "fleet/Chart.yaml"), "a link"),
        (special("fleet/device", tarfile.CHRTYPE), "a device"),
        (special("fleet/device", tarfile.BLKTYPE), "a device"),
        (special("fleet/pipe", tarfile.FIFOTYPE), "a device or another special file"),
        (member("fleet/Chart.yaml", chart_yaml("fleet", "9.9.9")), "Chart.yaml twice"),
    ],
)
def test_a_hostile_entry_is_unsafe(
    tmp_path: Path, entry: tuple[tarfile.TarInfo, bytes], told: str
) -> None:
    error = refusal(tmp_path, make_chart(extra=[entry]))
    assert error.code == "chart-archive-unsafe"
    assert told in error.message
    assert sorted(os.listdir(tmp_path)) == ["chart.tgz"]


def test_a_gzip_bomb_is_not_unfolded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chart_archive, "MAX_UNPACKED_BYTES", 2_000_000)
    bomb = make_chart(extra=[member("fleet/zero", b"\0" * 60_000_000)])
    tracemalloc.start()
    try:
        error = refusal(tmp_path, bomb)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
    assert error.code == "chart-archive-unsafe"


@pytest.mark.parametrize(
    "behind",
    [gzip.compress(tar_of([member("../x", "x")])), b"\0", b"x" * 300_000],
    ids=["a stream", "a zero", "much"],
)
def test_what_hides_behind_the_gzip_stream_is_noticed(tmp_path: Path, behind: bytes) -> None:
    # Go's gzip reader goes on with a second stream: helm would unpack what nobody has looked at.
    without_end = gzip.decompress(GOOD).rstrip(b"\0")
    without_end += b"\0" * (-len(without_end) % 512)
    for first in (GOOD, gzip.compress(without_end)):
        error = refusal(tmp_path, first + behind)
        assert error.code == "chart-archive-unsafe"
        assert "behind its end" in error.message


def test_what_unfolds_a_hundredfold_is_unsafe_however_small_it_is(tmp_path: Path) -> None:
    bomb = make_chart(extra=[member("fleet/zero", b"\0" * 5_000_000)])
    assert len(bomb) * 100 < 5_000_000
    error = refusal(tmp_path, bomb)
    assert error.code == "chart-archive-unsafe"
    assert "unpacks to more than" in error.message


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
@pytest.mark.parametrize("first", [True, False])
def test_a_header_without_end_is_not_read_into_memory(
    tmp_path: Path, kind: bytes, first: bool
) -> None:
    header = tarfile.TarInfo("header")
    header.type, header.size = kind, 30_000_000
    block = header.tobuf(tarfile.USTAR_FORMAT) + os.urandom(300_000)
    tar = gzip.decompress(GOOD).rstrip(b"\0")
    tar += b"\0" * (-len(tar) % 512)
    error = refusal(tmp_path, gzip.compress(block if first else tar + block))
    assert error.code == "chart-archive-unsafe"
    assert "header of 30000000 bytes" in error.message


def test_what_a_chart_says_about_kubernetes_is_read(tmp_path: Path) -> None:
    text = (
        chart_yaml("fleet", VERSION)
        + 'kubeVersion: ">= 1.28.0-0"\nannotations:\n  catalog.cattle.io/kube-version: "< 1.33.0-0"\n'
    )
    content = gzip.compress(tar_of([member("fleet/Chart.yaml", text)]))
    archive = chart_archive.read_archive(written(tmp_path, content))
    assert archive.kube_version == ">= 1.28.0-0"
    assert archive.annotations == {"catalog.cattle.io/kube-version": "< 1.33.0-0"}
    assert "annotations" not in archive.to_dict()
    plain = chart_archive.read_archive(written(tmp_path, GOOD))
    assert (plain.kube_version, plain.annotations) == (None, {})


def test_a_bomb_behind_the_end_of_the_tar_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chart_archive, "MAX_UNPACKED_BYTES", 2_000_000)
    bomb = gzip.compress(gzip.decompress(GOOD) + b"\0" * 5_000_000)
    assert "unpacks to more than" in refusal(tmp_path, bomb).message


@pytest.mark.parametrize(
    ("limit", "content"),
    [
        ("MAX_ENTRIES", make_chart()),
        ("MAX_CHART_YAML_BYTES", make_chart()),
        ("MAX_ARCHIVE_BYTES", make_chart()),
    ],
)
def test_sizes_are_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, content: bytes
) -> None:
    monkeypatch.setattr(chart_archive, limit, 2)
    assert refusal(tmp_path, content).code == "chart-archive-unsafe"


@pytest.mark.parametrize("text", ["1.10", "1e3", "0x10", "2026-11-23", "true", "~"])
def test_a_version_is_text_whatever_yaml_makes_of_it(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, make_chart("fleet", text, app_version=text))
    assert chart_archive.verify_archive(path, "fleet", text, app_version=text).version == text


def test_entries_for_directories_and_a_leading_dot_are_fine(tmp_path: Path) -> None:
    directory = tarfile.TarInfo("./fleet")
    directory.type = tarfile.DIRTYPE
    root = tarfile.TarInfo("./")
    root.type = tarfile.DIRTYPE
    content = tar_of(
        [
            (root, b""),
            (directory, b""),
            member("./fleet/Chart.yaml", chart_yaml("fleet", VERSION)),
            member("./fleet/charts/sub/Chart.yaml", chart_yaml("sub", "1.0.0")),
        ]
    )
    archive = chart_archive.read_archive(written(tmp_path, gzip.compress(content)))
    assert archive.name == "fleet"


def absent(directory: Path) -> Path:
    return directory / "nowhere"


def a_directory(directory: Path) -> Path:
    return directory


@pytest.mark.parametrize("path_in", [absent, a_directory])
def test_an_unreadable_file_is_named(tmp_path: Path, path_in: Callable[[Path], Path]) -> None:
    with pytest.raises(RemediationError) as caught:
        chart_archive.read_archive(path_in(tmp_path))
    assert caught.value.code == "chart-not-found"
    assert str(path_in(tmp_path)) in caught.value.message


@given(st.binary(max_size=2000), st.integers(0, 5))
def test_any_content_gives_an_answer(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, form: int
) -> None:
    directory = tmp_path_factory.mktemp("archive")
    tar = gzip.decompress(GOOD)
    spot = len(noise) * 7 % len(tar)
    content = [
        noise,
        b"\x1f\x8b\x08" + noise,
        gzip.compress(noise),
        gzip.compress(noise.ljust(1536, b"\0")),
        gzip.compress(tar[:spot] + noise + tar[spot + len(noise) :]),
        GOOD[: spot % len(GOOD)] + noise,
    ][form]
    path = written(directory, content)
    try:
        code = chart_archive.read_archive(path) and "intact"
    except RemediationError as error:
        code = error.code
    assert code in ("intact", "chart-archive-invalid", "chart-archive-unsafe")
    if code == "intact":
        with tarfile.open(fileobj=io.BytesIO(content)) as opened:
            assert opened.getnames()
