# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import io
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.exec import ExecResult
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.catalog.cluster_repo import (
    ClusterRepo,
    IndexEntry,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts import (
    pod_source as source,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts.request import (
    ChartRequest,
    FetchedChart,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts.sink import (
    ChartSink,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.server.pods import (
    PodChoice,
    RancherPod,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.catalog import cluster_repo
from ansible_collections.harvester_ops.remediation.tests.unit.builders.charts import chart_archive
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster

RC, GA = "106.0.0+up0.12.0-rc.3", "106.0.0+up0.12.0"
REQUEST = ChartRequest("fleet", GA)
USUAL_PATH = f"assets/fleet/fleet-{GA}.tgz"
DEFAULT_HASH = "4b40cac650031b74776e87c1a726b0484d0877c3ec137da0872547ff9b73a721"
BUNDLED = f"/var/lib/rancher-data/local-catalogs/v2/rancher-charts/{DEFAULT_HASH}"
CLONES = [f"{base}/rancher-charts/{DEFAULT_HASH}" for base in source.BASE_DIRECTORIES]
COMMIT = "9f3c0a6f5d0c1a4b2e7f88d0c3b1a5e4d6f70812"
CHART = chart_archive("fleet", GA)


def blob_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Pods:
    """Pods with git repositories in them: (pod, clone) -> path -> content; a directory's path ends in /."""

    def __init__(self, content: Mapping[tuple[str, str], Mapping[str, bytes]]) -> None:
        self.content = content
        self.commands: list[tuple[str, list[str]]] = []
        # What happens to the bytes of each transfer; the last one counts from then on.
        self.transfers: list[tuple[slice, ExecResult]] = []

    def run(self, name: str, argv: Sequence[str], take: source.TakeOutput | None) -> ExecResult:
        self.commands.append((name, list(argv)))
        if argv[0] == "ls":
            return self._ls(name, argv[2:])
        assert list(argv[:4]) == ["git", "-c", "safe.directory=*", "-C"]
        clone, command = self.content[name, argv[4]], argv[5]
        if command == "rev-parse":
            return ExecResult(COMMIT.encode() + b"\n", b"", 0, "")
        if command == "ls-tree":
            return self._ls_tree(clone, argv[9:])
        assert take is not None, "an archive is streamed"
        if command == "archive":
            take(clone[argv[-1].removeprefix(f"{COMMIT}:") + "/"])
            return ExecResult(b"", b"", 0, "")
        content = next(each for each in clone.values() if blob_id(each) == argv[-1])
        part, result = self.transfers.pop(0) if self.transfers else (slice(None), OK)
        take(content[part][:5])
        take(content[part][5:])
        return result

    def _ls(self, name: str, parents: Sequence[str]) -> ExecResult:
        text, missing = "", ""
        for parent in parents:
            found = [
                d.rpartition("/")[2]
                for pod, d in self.content
                if pod == name and d.startswith(parent)
            ]
            if found:
                text += f"{parent}:\n" + "\n".join(found) + "\n\n"
            else:
                missing += f"ls: cannot access '{parent}': No such file or directory\n"
        # What the test bed answers, and some kubelets: no exit code.
        return ExecResult(text.encode(), missing.encode(), None, "Internal error occurred")

    @staticmethod
    def _ls_tree(clone: Mapping[str, bytes], paths: Sequence[str]) -> ExecResult:
        lines = []
        for path, content in clone.items():
            if path.endswith("/") and path[:-1] in paths:
                lines.append(f"040000 tree {blob_id(content)}       -\t{path[:-1]}\0")
            elif path in paths or any(
                path.startswith(each) for each in paths if each.endswith("/")
            ):
                lines.append(f"100644 blob {blob_id(content)} {len(content):7}\t{path}\0")
        return ExecResult("".join(lines).encode(), b"", 0, "")


OK = ExecResult(b"", b"", 0, "")


def rancher(name: str, *, leader: bool = False) -> RancherPod:
    return RancherPod(name, "", True, leader)


def fetch(
    pods: Pods, *names: str, request: ChartRequest = REQUEST, **passed_over: str
) -> tuple[FetchedChart, bytes]:
    content = io.BytesIO()
    choice = PodChoice([rancher(name) for name in names or ("a",)], passed_over)
    return source.fetch_from_pods(choice, request, pods.run, ChartSink(content)), content.getvalue()


def refusal(
    pods: Pods, *names: str, request: ChartRequest = REQUEST, **passed_over: str
) -> RemediationError:
    with pytest.raises(RemediationError) as caught:
        fetch(pods, *names, request=request, **passed_over)
    return caught.value


@pytest.mark.parametrize("clone", CLONES)
def test_the_chart_is_found_in_every_place_rancher_looks(clone: str) -> None:
    pods = Pods({("a", clone): {USUAL_PATH: CHART}})
    fetched, content = fetch(pods)
    assert content == CHART
    assert fetched.head_commit == COMMIT
    assert "Pod/cattle-system/a" in fetched.origin
    assert not fetched.repacked
    assert pods.commands[-1][1][5:] == ["cat-file", "blob", blob_id(CHART)]
    assert len(pods.commands) == 4


def test_the_path_in_the_index_comes_first() -> None:
    entry = IndexEntry(
        GA, urls=("assets/moved/f.tgz", "https://x/y.tgz", "../../etc/passwd", "/etc/x")
    )
    pods = Pods({("a", BUNDLED): {"assets/moved/f.tgz": CHART, USUAL_PATH: b"another"}})
    request = ChartRequest("fleet", GA, entry=entry)
    assert fetch(pods, request=request)[1] == CHART
    assert request.repository_paths == ["assets/moved/f.tgz", USUAL_PATH]


def test_the_repository_of_the_cluster_repo_comes_before_another() -> None:
    url = "https://example.com/charts.git"
    obj = cluster_repo("mine")
    obj["spec"]["gitRepo"] = url
    request = ChartRequest("fleet", GA, repo_name="mine", repo=ClusterRepo.from_object(obj))
    base = f"{source.BASE_DIRECTORIES[0]}/mine"
    pods = Pods(
        {
            ("a", f"{base}/0000"): {USUAL_PATH: b"of another"},
            ("a", f"{base}/{source.url_hash(url)}"): {USUAL_PATH: CHART},
        }
    )
    assert fetch(pods, request=request)[1] == CHART


@pytest.mark.parametrize("name", ["0" * 64, source.url_hash("https://mirror.example/charts")])
def test_a_changed_chart_default_url_does_not_matter(name: str) -> None:
    clone = f"{source.BASE_DIRECTORIES[0]}/rancher-charts/{name}"
    assert fetch(Pods({("a", clone): {USUAL_PATH: CHART}}))[1] == CHART


def test_a_chart_kept_as_a_directory_is_packed() -> None:
    entry = IndexEntry(GA, urls=(f"charts/fleet/{GA}",))
    pods = Pods({("a", BUNDLED): {f"charts/fleet/{GA}/": CHART}})
    fetched, content = fetch(pods, request=ChartRequest("fleet", GA, entry=entry))
    assert (fetched.repacked, content) == (True, CHART)
    assert pods.commands[-1][1][5:] == [
        *("archive", "--format=tar.gz", "--prefix=fleet/", f"{COMMIT}:charts/fleet/{GA}")
    ]


BROKEN = ExecResult(b"", b"", None, "the connection broke: reset")


@pytest.mark.parametrize(
    "mishap",
    [
        (slice(0, 100), BROKEN),
        (slice(0, 100), OK),
        (slice(0, 0), ExecResult(b"", b"", None, "the stream ended without a status")),
        (slice(None, None, -1), OK),
    ],
)
def test_an_archive_that_does_not_arrive_as_git_has_it_is_fetched_again(
    mishap: tuple[slice, ExecResult],
) -> None:
    pods = Pods({("a", BUNDLED): {USUAL_PATH: CHART}})
    pods.transfers = [mishap, mishap]
    assert fetch(pods)[1] == CHART
    pods.transfers = [mishap] * source.ATTEMPTS
    error = refusal(pods)
    assert error.code == "chart-not-found"
    assert mishap[1].error in error.message or "bytes arrived" in error.message


def test_a_repository_with_sha256_names_is_checked_too() -> None:
    identity = hashlib.sha256(b"blob %d\0" % len(CHART) + CHART).hexdigest()
    content = io.BytesIO()

    def run(_pod: str, argv: Sequence[str], take: source.TakeOutput | None) -> ExecResult:
        if "ls-tree" in argv:
            line = f"100644 blob {identity} {len(CHART)}\t{USUAL_PATH}\0"
            return ExecResult(line.encode(), b"", 0, "")
        if take is not None:
            take(CHART)
        text = f"{BUNDLED.rpartition('/')[0]}:\n{DEFAULT_HASH}\n" if argv[0] == "ls" else COMMIT
        return ExecResult(text.encode(), b"", 0, "")

    choice = PodChoice([rancher("a")], {})
    source.fetch_from_pods(choice, REQUEST, run, ChartSink(content))
    assert content.getvalue() == CHART


@pytest.mark.parametrize("checkout", [True, False])
@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_a_real_git_answers_as_expected_checked_out_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkout: bool, object_format: str
) -> None:
    origin, bases = tmp_path / "origin", [str(tmp_path / name) for name in ("a", "b", "c")]
    clone = Path(bases[2]) / "rancher-charts" / DEFAULT_HASH
    archive = origin / USUAL_PATH
    monkeypatch.setattr(source, "BASE_DIRECTORIES", tuple(bases))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")

    def git(*arguments: str) -> None:
        user = ("-c", "user.name=charts", "-c", "user.email=charts@example.com")
        subprocess.run(["git", *user, *arguments], check=True, capture_output=True)

    def run(_pod: str, argv: Sequence[str], take: source.TakeOutput | None) -> ExecResult:
        done = subprocess.run(argv, capture_output=True, check=False)
        if take is not None:
            take(done.stdout)
        stdout = b"" if take else done.stdout
        return ExecResult(stdout, done.stderr, done.returncode, "" if not done.returncode else "x")

    git("init", "--quiet", f"--object-format={object_format}", str(origin))
    archive.parent.mkdir(parents=True)
    archive.write_bytes(CHART)
    archive.with_name(f"fleet-{RC}.tgz").write_bytes(b"candidate")
    git("-C", str(origin), "add", "--all")
    git("-C", str(origin), "commit", "--quiet", "--message=charts")
    clone.parent.mkdir(parents=True)
    how = [] if checkout else ["--no-checkout"]
    git("clone", "--quiet", *how, str(origin), str(clone))
    assert (clone / USUAL_PATH).exists() == checkout

    content, choice = io.BytesIO(), PodChoice([rancher("a")], {})
    source.fetch_from_pods(choice, REQUEST, run, ChartSink(content))
    assert content.getvalue() == CHART
    missing = ChartRequest("fleet", "106.0.1")
    with pytest.raises(RemediationError, match="Nearest there: ") as caught:
        source.fetch_from_pods(choice, missing, run, ChartSink(io.BytesIO()))
    assert caught.value.details["nearest"] == [GA, RC]


def test_the_next_pod_is_asked_when_one_does_not_have_it() -> None:
    pods = Pods({("a", BUNDLED): {}, ("c", BUNDLED): {USUAL_PATH: CHART}})
    fetched, _content = fetch(pods, "a", "b", "c")
    assert "Pod/cattle-system/c" in fetched.origin


def test_a_pod_that_hangs_does_not_hide_the_next() -> None:
    pods = Pods({("b", BUNDLED): {USUAL_PATH: CHART}})

    def run(name: str, argv: Sequence[str], take: source.TakeOutput | None) -> ExecResult:
        if name == "a":
            raise RemediationError("timeout", "git in Pod/cattle-system/a did not end.", "")
        return pods.run(name, argv, take)

    choice = PodChoice([rancher("a"), rancher("b")], {})
    assert source.fetch_from_pods(choice, REQUEST, run, ChartSink(io.BytesIO()))


@pytest.mark.parametrize("code", ["forbidden", "unauthorized", "chart-archive-unsafe"])
def test_a_missing_permission_and_a_flood_are_told_at_once(code: str) -> None:
    def run(_name: str, _argv: Sequence[str], _take: object) -> ExecResult:
        raise RemediationError(code, "no exec", "")

    choice = PodChoice([rancher("a"), rancher("b")], {})
    with pytest.raises(RemediationError) as caught:
        source.fetch_from_pods(choice, REQUEST, run, ChartSink(io.BytesIO()))
    assert caught.value.code == code


def test_not_found_tells_what_each_pod_said_and_has() -> None:
    others = {f"assets/fleet/fleet-{RC}.tgz": b"1", "assets/fleet/fleet-105.0.2+up0.11.2.tgz": b"2"}
    error = refusal(Pods({("a", BUNDLED): others}), "a", "b", old="runs v2.10.1, wanted is v2.11.0")
    assert error.code == "chart-not-found"
    assert "a: commit 9f3c0a6f5d0c does not have it" in error.message
    assert "b: it has no clone of rancher-charts" in error.message
    assert "old: runs v2.10.1, wanted is v2.11.0" in error.message
    assert f"Nearest there: {RC}, 105.0.2+up0.11.2." in error.message


def test_a_leader_whose_charts_went_with_the_cluster_repo_is_told() -> None:
    choice = PodChoice([rancher("a", leader=True)], {})
    with pytest.raises(RemediationError, match="the leader deletes it with the ClusterRepo"):
        source.fetch_from_pods(choice, REQUEST, Pods({}).run, ChartSink(io.BytesIO()))


def test_no_rancher_pod_is_told() -> None:
    with pytest.raises(RemediationError, match="none runs"):
        source.fetch_from_pod(Cluster(), REQUEST, ChartSink(io.BytesIO()))


def test_a_listing_says_which_clones_there_are() -> None:
    one, _two, three = (f"{base}/r" for base in source.BASE_DIRECTORIES)
    listing = f"{three}:\nx\n\n{one}:\ny\n{source.url_hash('u')}\n\n"
    assert source.clones_in(listing, "r", "u") == [
        *(f"{one}/{source.url_hash('u')}", f"{three}/x", f"{one}/y")
    ]
    assert source.clones_in("", "r", "u") == []
