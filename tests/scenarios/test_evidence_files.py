# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a cluster is said of its files: of its support bundle, and of the archive of collect."""

from __future__ import annotations

import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.tests.scenarios.bundled import write_bundle
from ansible_collections.harvester_ops.remediation.tests.scenarios.cases import (
    CASES,
    LOOKALIKES,
    Case,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.playbook import (
    Document,
    Finished,
    Playbook,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.sick_cluster import (
    PATIENCE,
    SickCluster,
    sick_cluster,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.walk import become_old, failed
from doubles.scenarios import Scenario, scenario

COLLECT = "harvester_ops.remediation.collect"
CANARY = "c4n4ry-d0-n0t-sh0w"
# What explains a wait can be hidden in a bundle; that it lasts too long is then all there is to say.
STANDS_IN = {"pending-lock-of-unknown-history", "job-waits-too-long"}


@pytest.mark.parametrize("case", [*CASES, *LOOKALIKES], ids=str)
def test_files_say_what_the_cluster_says(case: Case, tmp_path: Path) -> None:
    planned = _with_secrets(scenario(case.scenario, case.rancher))
    with sick_cluster(planned, tmp_path, case.helm, case.made_by) as sick:
        become_old(sick, *case.aged)
        _log_a_secret(sick)
        log = sick.audit.mark()
        live = sick.operator.diagnose()
        assert failed(live.document("findings")) == list(case.findings), live
        plain = _archive_of(sick, tmp_path / "plain")
        pseudonymous = _archive_of(sick, tmp_path / "pseudonymous", collect_obfuscate=True)
        assert log.writes() == []
        bundle = write_bundle(sick.stuck.cluster, tmp_path / "bundle")
        nodes = sick.control_plane.nodes
    _says_the_same(_read(tmp_path / "of-plain", plain), live)
    _says_the_same(_read(tmp_path / "of-pseudonymous", pseudonymous), live)
    assert not [name for name in nodes if name.encode() in _content(pseudonymous)]
    _says_the_same_or_what_it_lacks(_read(tmp_path / "of-bundle", bundle), live)
    _shows_no_secret(tmp_path, bundle)


def _with_secrets(planned: Scenario) -> Scenario:
    values = {**planned.illness.rancher_values, "bootstrapPassword": CANARY}
    return replace(planned, illness=replace(planned.illness, rancher_values=values))


def _log_a_secret(sick: SickCluster) -> None:
    """Before everything else in the log of every pod of the job."""
    for path in (sick.stuck.directory / "job").glob("*.log"):
        text = path.read_text(encoding="utf-8")
        line = f"{text.partition(' ')[0]} stdout F curl: password={CANARY}"
        path.write_text(f"{line}\n{text}", encoding="utf-8")


def _archive_of(sick: SickCluster, folder: Path, **options: object) -> Path:
    operator = replace(sick.operator, options={**sick.operator.options, **options})
    run = operator.writing_to(folder).run(COLLECT)
    assert run.code == 0, run
    (archive,) = folder.glob("support-*.tar.gz")
    assert f"remediation_evidence={archive}" in run.output.replace("\n", ""), run
    return archive


def _read(folder: Path, path: Path) -> Finished:
    """Diagnose a file with the same patience, and no cluster in reach."""
    offline = Playbook(folder).with_options(kubeconfig="/none", **PATIENCE)
    run = offline.diagnose(evidence=str(path))
    assert run.code == 0, run
    return run


def _content(archive: Path) -> bytes:
    """All that is in an archive, names included."""
    with tarfile.open(archive) as members:
        found = [(member.name, members.extractfile(member)) for member in members]
        return b"\n".join(name.encode() + stream.read() for name, stream in found if stream)


def _says_the_same(seen: Finished, live: Finished) -> None:
    again, first = seen.document("findings"), live.document("findings")
    assert (again["verdict"], _modes(again, "fail")) == (first["verdict"], _modes(first, "fail"))


def _says_the_same_or_what_it_lacks(seen: Finished, live: Finished) -> None:
    """The same failure modes, or that they are unknown; never one that the cluster does not have."""
    found, first = seen.document("findings"), live.document("findings")
    known = {each["id"] for each in found["rules"] if each["outcome"] != "unknown"}
    aside = {each["id"] for each in found["set_aside"]}
    # What the cluster shows to be a case of something else, which a file cannot know.
    general = {each["id"] for each in first["set_aside"]}
    for outcome in ("fail", "warn"):
        invented = _modes(found, outcome) - STANDS_IN - _modes(first, outcome) - general
        assert invented == set(), seen
    missed = _modes(first, "fail") - _modes(found, "fail")
    assert missed & known <= aside, seen
    assert (found["verdict"] == "healthy") <= (first["verdict"] == "healthy"), seen


def _modes(findings: Document, outcome: str) -> set[str]:
    return {each["id"] for each in findings["findings"] if each["outcome"] == outcome}


def _shows_no_secret(folder: Path, bundle: Path) -> None:
    """The canaries are in the bundle, and in nothing that was made from it or from the cluster."""
    for path in folder.glob("*/**/*"):
        made_by_us = not path.is_relative_to(folder / "controlplane")
        if path.is_file() and made_by_us and not path.is_relative_to(folder / "cluster"):
            content = _content(path) if path.name.endswith(".tar.gz") else path.read_bytes()
            assert CANARY.encode() not in content, path
    assert bundle.is_file()
