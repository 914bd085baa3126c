# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built tarball, installed into an empty place, works without the checkout."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
COLLECTION = "harvester_ops.remediation"
DOCUMENTED = ("module", "filter", "inventory", "lookup", "test")
# Where a plugin of the kind lives, when that is not its name.
FOLDERS = {"module": "modules"}

SHIPPED = {"README.md", "CHANGELOG.md", "LICENSES/GPL-3.0-or-later.txt", "meta/runtime.yml"}
SHIPPED |= {"requirements.txt", "meta/execution-environment.yml", "MANIFEST.json", "FILES.json"}
SHIPPED |= {"execution-environment.yml", "decision-environment.yml"}
SHIPPED_FOLDERS = {
    "LICENSES",
    "changelogs",
    "docs",
    "extensions",
    "files",
    "meta",
    "playbooks",
    "plugins",
    "roles",
}


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """The output of a program of the virtual environment that must succeed."""
    done = subprocess.run(
        [str(BIN / command[0]), *map(str, command[1:])],
        cwd=cwd,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tarball")
    run("ansible-galaxy", "collection", "build", "--output-path", folder, cwd=CHECKOUT)
    (built,) = folder.glob("*.tar.gz")
    return built


@pytest.fixture(scope="module")
def installed(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty collections path with nothing but the tarball's content."""
    path = tmp_path_factory.mktemp("collections")
    # Without the last setting the checkout, linked into .venv, counts as installed already.
    install = ("ansible-galaxy", "collection", "install", "--offline", "-p", path, tarball)
    run(*install, cwd=path, ANSIBLE_COLLECTIONS_SCAN_SYS_PATH="0")
    return path


@pytest.fixture
def isolated(installed: Path) -> dict[str, str]:
    """Settings with which Ansible finds the installed copy and not the checkout's import tree."""
    return {"ANSIBLE_COLLECTIONS_PATH": str(installed), "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "0"}


def files_below(folder: str) -> list[str]:
    """The checkout's files of a folder, compiled ones left out."""
    files = (CHECKOUT / folder).rglob("*")
    names = (file.relative_to(CHECKOUT).as_posix() for file in files if file.is_file())
    return [name for name in names if not name.endswith(".pyc")]


def plugin_names(kind: str) -> list[str]:
    """Plugins of a kind, from the checkout."""
    folder = CHECKOUT / "plugins" / FOLDERS.get(kind, kind)
    files = (*folder.glob("*.py"), *folder.glob("*.yml"))
    return sorted({f"{COLLECTION}.{file.stem}" for file in files if file.stem != "__init__"})


def test_the_tarball_holds_what_users_need_and_nothing_else(tarball: Path) -> None:
    with tarfile.open(tarball) as archive:
        names = {member.name for member in archive if not member.isdir()}
    assert names >= SHIPPED
    assert {name.split("/")[0] for name in names if "/" in name} <= SHIPPED_FOLDERS
    assert {name for name in names if "/" not in name} <= SHIPPED
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    parts = [
        path
        for folder in ("extensions", "playbooks", "plugins", "roles")
        for path in files_below(folder)
    ]
    assert names >= set(parts)


@pytest.mark.parametrize("kind", DOCUMENTED)
def test_every_plugin_is_documented(installed: Path, isolated: dict[str, str], kind: str) -> None:
    names = plugin_names(kind)
    if not names:
        return
    output = run("ansible-doc", "-t", kind, "--json", *names, cwd=installed, **isolated)
    documents = json.loads(output)
    assert sorted(documents) == names
    for name, document in documents.items():
        assert str(installed) in document["doc"]["filename"], name
        assert document["doc"]["short_description"]


def test_every_role_is_documented(installed: Path, isolated: dict[str, str]) -> None:
    roles = sorted(path.name for path in (CHECKOUT / "roles").iterdir() if path.is_dir())
    output = run("ansible-doc", "-t", "role", "--json", "-l", COLLECTION, cwd=installed, **isolated)
    assert sorted(json.loads(output)) == [f"{COLLECTION}.{role}" for role in roles]


@pytest.mark.parametrize(
    "playbook", sorted(path.name for path in (CHECKOUT / "playbooks").glob("*.yml"))
)
def test_every_playbook_parses(installed: Path, isolated: dict[str, str], playbook: str) -> None:
    path = installed / "ansible_collections/harvester_ops/remediation/playbooks" / playbook
    run("ansible-playbook", "--syntax-check", path, cwd=installed, **isolated)


@pytest.mark.parametrize(
    "playbook",
    sorted(path.stem for path in (CHECKOUT / "playbooks").glob("*.yml") if "-" not in path.stem),
)
def test_every_playbook_is_found_by_its_full_name(
    installed: Path, isolated: dict[str, str], playbook: str
) -> None:
    name = f"{COLLECTION}.{playbook}"
    run("ansible-playbook", "--syntax-check", name, cwd=installed, **isolated)


@pytest.fixture(scope="module")
def build_context(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ansible-builder makes of the definition in the checkout."""
    folder = tmp_path_factory.mktemp("environment")
    shutil.copy(CHECKOUT / "execution-environment.yml", folder)
    shutil.copy(tarball, folder)
    run("ansible-builder", "create", "--output-filename", "Containerfile", cwd=folder)
    return folder / "context"


def test_the_execution_environment_installs_the_collection(
    build_context: Path, tmp_path: Path
) -> None:
    """The galaxy stage of the build, as its Containerfile has it, with nothing but the context."""
    text = (build_context / "Containerfile").read_text()
    assert "COPY _build /build\nWORKDIR /build" in text
    install = ("ansible-galaxy", "collection", "install", "--offline", "-r", "requirements.yml")
    alone = {"ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "0"}
    run(*install, "-p", tmp_path, cwd=build_context / "_build", **alone)
    found = run("ansible-builder", "introspect", "--sanitize", tmp_path, cwd=tmp_path)
    wanted = (CHECKOUT / "requirements.txt").read_text().splitlines()
    # ansible-builder leaves PyYAML to ansible-core.
    for requirement in filter(lambda line: line and not line.startswith(("#", "PyYAML")), wanted):
        assert requirement in found
    assert "ca-certificates" in found


def test_the_decision_environment_installs_the_collection(tarball: Path, tmp_path: Path) -> None:
    shutil.copy(CHECKOUT / "decision-environment.yml", tmp_path)
    shutil.copy(tarball, tmp_path)
    given = ("--file", "decision-environment.yml", "--output-filename", "Containerfile")
    run("ansible-builder", "create", *given, cwd=tmp_path)
    context = tmp_path / "context"
    text = (context / "Containerfile").read_text()
    assert "ENV JAVA_HOME=" in text
    built = (context / "_build/requirements.txt").read_text()
    assert "ansible-rulebook==" in built
    assert "java-" in (context / "_build/bindep.txt").read_text()
    install = ("ansible-galaxy", "collection", "install", "--offline", "-r", "requirements.yml")
    alone = {"ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "0"}
    target = tmp_path / "installed"
    run(*install, "-p", target, cwd=context / "_build", **alone)
    (source,) = target.rglob("event_source/pending_release.py")
    assert (source.parents[2] / "rulebooks/pending_release.yml").is_file()


@pytest.mark.parametrize("intact", [True, False])
def test_helm_gets_into_the_environment_only_with_its_checksum(
    build_context: Path, tmp_path: Path, intact: bool
) -> None:
    """The command of the Containerfile, against a mirror that is a folder."""
    lines = (build_context / "Containerfile").read_text().splitlines()
    (command,) = (line.removeprefix("RUN ") for line in lines if "sha256sum" in line)
    given = dict(
        line.removeprefix("ARG ").split("=") for line in lines if line.startswith("ARG HELM_")
    )
    assert len(given["HELM_SHA256"]) == 64
    (tmp_path / "bin").mkdir()
    archive = tmp_path / f"helm-v{given['HELM_VERSION']}-linux-{given['HELM_ARCH']}.tar.gz"
    program = tmp_path / "helm"
    program.write_text("#!/bin/sh\necho v3\n")
    program.chmod(0o755)
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(program, f"linux-{given['HELM_ARCH']}/helm")
    given.update(HELM_URL=tmp_path.as_uri(), HELM_FOLDER=str(tmp_path / "bin"))
    if intact:
        given["HELM_SHA256"] = hashlib.sha256(archive.read_bytes()).hexdigest()
    done = subprocess.run(["sh", "-c", command], env={**os.environ, **given}, check=False)
    assert (done.returncode == 0) == intact
    assert (tmp_path / "bin/helm").exists() == intact


def test_the_checkout_is_the_installed_collection() -> None:
    """make setup's promise: an edit in the checkout is seen at once."""
    site = Path(sysconfig.get_path("purelib"))
    link = site / "ansible_collections/harvester_ops/remediation"
    assert link.resolve() == CHECKOUT
