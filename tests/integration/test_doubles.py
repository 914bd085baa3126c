# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The doubles behave as FM says: proven on a real control plane, before anything relies on them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from controlplane.handle import ControlPlane
from doubles import clusterrepo, decision, faults, helm_storage, rancher_settings, system_charts
from doubles.cluster import StuckCluster
from doubles.kube import Cluster
from doubles.operations import PREPARATION_SECONDS, HelmOperations, OperationFailed, Upgrade
from doubles.rancher import fleet_events
from doubles.rancher_lines import line_of
from doubles.rate_limit import RateLimitedKey, delay_after
from doubles.resources import by_name, crds
from doubles.scenarios import scenario
from doubles.watch import Changes, Watched

BUNDLE = (
    "/var/lib/rancher-data/local-catalogs/v2/rancher-charts/"
    "4b40cac650031b74776e87c1a726b0484d0877c3ec137da0872547ff9b73a721"
)
REPO = "clusterrepos.catalog.cattle.io"
# Of Rancher's operations, in times of the real one's.
PACE = 0.25


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Any]:
    """Plays a scenario on a control plane of its own; all is stopped at the end."""
    started: list[tuple[ControlPlane, StuckCluster | None]] = []

    def start(name: str, rancher: str = "", **changes: Any) -> StuckCluster:
        control_plane = ControlPlane.up(tmp_path / "controlplane")
        started.append((control_plane, None))
        chosen = scenario(name, rancher)
        chosen = replace(chosen, illness=replace(chosen.illness, rancher_pace=PACE, **changes))
        stuck = chosen.create(control_plane, tmp_path / "cluster")
        started[-1] = (control_plane, stuck)
        return stuck

    yield start
    for control_plane, stuck in started:
        if stuck is not None:
            stuck.stop()
        control_plane.down()


def leader(stuck: StuckCluster) -> str:
    """The name of the pod that leads."""
    lease = stuck.cluster.get("leases", "cattle-controllers", "kube-system")
    return str(lease["spec"]["holderIdentity"])


def in_rancher(stuck: StuckCluster, *command: str) -> bytes:
    """Run a command in the leader pod, through the API server."""
    pod = leader(stuck)
    done = stuck.control_plane.kubectl("exec", "-n", "cattle-system", pod, "--", *command)
    return done.stdout


def nudge(stuck: StuckCluster) -> None:
    """FM P-NUDGE."""
    annotations = {"repair/nudge": str(time.time_ns())}
    stuck.cluster.patch(REPO, "rancher-charts", {"metadata": {"annotations": annotations}})


def wait_for_rancher_line(stuck: StuckCluster, text: str, timeout: float = 90.0) -> str:
    """Wait for a line with a text in the leader's log."""
    found = stuck.control_plane.wait_for(
        f"{text!r} in Rancher's log",
        lambda: next((line for line in stuck.rancher_log() if text in line), None),
        timeout,
    )
    return str(found)


def revisions(stuck: StuckCluster) -> dict[str, tuple[int, str, str]]:
    """Number, status and chart of the last revision of each awaited release."""
    found = {}
    for name, namespace in (
        ("fleet-crd", "cattle-fleet-system"),
        ("fleet", "cattle-fleet-system"),
        ("rancher-webhook", "cattle-system"),
    ):
        revision = helm_storage.last(stuck.cluster, namespace, name)
        assert revision is not None, name
        found[name] = (revision.number, revision.status, revision.chart)
    return found


def upgrade_by_hand(stuck: StuckCluster, name: str, namespace: str, version: str) -> None:
    """What FM 6.1 tells a person to do, with the chart out of the Rancher pod."""
    archive = in_rancher(
        stuck, "git", "-C", BUNDLE, "show", f"HEAD:assets/{name}/{name}-{version}.tgz"
    )
    path = stuck.directory / f"{name}.tgz"
    path.write_bytes(archive)
    values = stuck.directory / f"{name}.yaml"
    values.write_text(stuck.run_helm("get", "values", name, "-n", namespace, "-o", "yaml"))
    options = ["--reset-values", "--history-max", "5", "--wait", "--timeout", "1m"]
    stuck.run_helm("upgrade", name, str(path), "-n", namespace, "-f", str(values), *options)


def config_map(name: str) -> dict[str, Any]:
    """An empty one."""
    metadata = {"namespace": "default", "name": name}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


class TestWatch:
    """A double looks when something has changed, and else only now and then."""

    def test_a_change_is_seen_at_once(self, control_plane: ControlPlane) -> None:
        cluster = Cluster(control_plane.kubeconfig)
        watched = Watched("configmaps", "default", "seen")
        changes = Changes(cluster, [watched], at_least=3600)
        assert changes.due(), "the first look needs no reason"
        control_plane.wait_for("the watch", changes.due)
        self.stays_quiet(changes)
        cluster.create(config_map("unseen"))
        self.stays_quiet(changes)
        cluster.create(config_map("seen"))
        control_plane.wait_for("the new ConfigMap to be noticed", changes.due)
        cluster.delete("configmaps", "seen", "default")
        control_plane.wait_for("its end to be noticed", changes.due)

    @staticmethod
    def stays_quiet(changes: Changes) -> None:
        time.sleep(0.5)
        assert not changes.due()

    def test_what_is_not_served_yet_is_watched_later(self, control_plane: ControlPlane) -> None:
        cluster = Cluster(control_plane.kubeconfig)
        kind = "virtualmachines.kubevirt.io"
        # Another test may have had it served before.
        control_plane.kubectl("delete", "crd", kind, "--ignore-not-found", "--wait")
        changes = Changes(cluster, [Watched(kind)], at_least=3600)
        assert changes.due()
        self.stays_quiet(changes)
        (definition,) = crds([by_name(kind)])
        cluster.ensure(definition)
        control_plane.wait_for("the watch", changes.due)

    def test_without_a_change_it_is_time_after_a_while(self, control_plane: ControlPlane) -> None:
        changes = Changes(Cluster(control_plane.kubeconfig), [], at_least=0.3)
        assert changes.due()
        assert not changes.due()
        time.sleep(0.4)
        assert changes.due()
        changes.look_again()
        assert changes.due()


class TestReleaseCandidateTakenForRelease:
    """rc-to-ga-skip-fleet: harvester #8001."""

    def test_is_stuck_and_goes_on_once_upgraded_by_hand(self, play: Any) -> None:
        stuck = play("rc-to-ga-skip-fleet")
        assert stuck.job_log()[-1] == (
            "wait helm release cattle-fleet-system fleet fleet-106.0.0+up0.12.0 0.12.0 deployed"
        )
        assert stuck.condition("SystemServicesUpgraded") == "Unknown"
        self.rancher_skips_and_says_so_only_at_debug(stuck)
        self.chart_in_the_pod_is_the_one_in_the_index(stuck)

        self.doubles_hardly_ask_while_nothing_happens(stuck)

        before = revisions(stuck)
        assert {number for number, _status, _chart in before.values()} == {1}
        upgrade_by_hand(stuck, "fleet-crd", "cattle-fleet-system", "106.0.0+up0.12.0")
        upgrade_by_hand(stuck, "fleet", "cattle-fleet-system", "106.0.0+up0.12.0")
        stuck.wait_for_job_line(r"^wait helm release cattle-system rancher-webhook ")
        assert stuck.condition("SystemServicesUpgraded") == "Unknown"
        upgrade_by_hand(stuck, "rancher-webhook", "cattle-system", "106.0.0+up0.7.0")
        stuck.wait_for_job_line(r"^Upgrading Harvester Cluster Repo$")
        stuck.wait_for_condition("SystemServicesUpgraded", "True")

        nudge(stuck)
        time.sleep(PACE * PREPARATION_SECONDS[1] + 2)
        assert revisions(stuck) == {
            "fleet-crd": (2, "deployed", "fleet-crd-106.0.0+up0.12.0"),
            "fleet": (2, "deployed", "fleet-106.0.0+up0.12.0"),
            "rancher-webhook": (2, "deployed", "rancher-webhook-106.0.0+up0.7.0"),
        }
        assert not stuck.cluster.list("pods", "cattle-system", "pod-impersonation.cattle.io/token")

    @staticmethod
    def doubles_hardly_ask_while_nothing_happens(stuck: StuckCluster) -> None:
        """But the job's script, which asks once a second for the release it waits for."""
        asked = len(stuck.control_plane.audit_log.read_bytes().splitlines())
        time.sleep(6)
        asked = len(stuck.control_plane.audit_log.read_bytes().splitlines()) - asked
        assert asked < 90, asked  # looking twice a second made it 180

    @staticmethod
    def rancher_skips_and_says_so_only_at_debug(stuck: StuckCluster) -> None:
        assert not any("Skipping" in line for line in stuck.rancher_log())
        in_rancher(stuck, "loglevel", "--set", "debug")
        nudge(stuck)
        for name in ("fleet", "fleet-crd"):
            line = wait_for_rancher_line(stuck, f"for release {name}, since")
            assert line.endswith(
                "[DEBUG] Skipping installing/upgrading desired version 106.0.0+up0.12.0 for "
                f"release {name}, since current version 106.0.0+up0.12.0-rc.3 is greater or equal "
                "to minimal required version 106.0.0+up0.12.0"
            )
        in_rancher(stuck, "loglevel", "--set", "info")
        assert not any("[ERROR]" in line for line in stuck.rancher_log())

    @staticmethod
    def chart_in_the_pod_is_the_one_in_the_index(stuck: StuckCluster) -> None:
        path = "assets/fleet/fleet-106.0.0+up0.12.0.tgz"
        archive = in_rancher(stuck, "git", "-C", BUNDLE, "show", f"HEAD:{path}")
        with tarfile.open(fileobj=io.BytesIO(archive)) as chart:
            member = chart.extractfile("fleet/Chart.yaml")
            assert member is not None
            assert "version: 106.0.0+up0.12.0\n" in member.read().decode()
        entry = index_of(stuck)["entries"]["fleet"][0]
        assert (entry["version"], entry["urls"]) == ("106.0.0+up0.12.0", [path])
        assert entry["digest"] == hashlib.sha256(archive).hexdigest()


def index_of(stuck: StuckCluster) -> dict[str, Any]:
    """The index, put together from its ConfigMaps as FM 3.3 says."""
    name = stuck.cluster.get(REPO, "rancher-charts")["status"]["indexConfigMapName"]
    blob, chunks = b"", 0
    while name:
        chunk = stuck.cluster.get("configmaps", name, "cattle-system")
        blob, chunks = blob + base64.b64decode(chunk["binaryData"]["content"]), chunks + 1
        name = chunk["metadata"]["annotations"]["catalog.cattle.io/next"]
    assert chunks > 1, "the index should need more than one ConfigMap, as the real one does"
    index: dict[str, Any] = json.loads(gzip.decompress(blob))
    return index


def unlock_and_nudge(stuck: StuckCluster) -> None:
    """FM 6.3, the minimal form; before it Rancher says nothing at all."""
    in_rancher(stuck, "loglevel", "--set", "debug")
    nudge(stuck)
    wait_for_rancher_line(stuck, "for release fleet-crd, since")
    assert not any("release fleet," in line or "[ERROR]" in line for line in stuck.rancher_log())
    last = helm_storage.last(stuck.cluster, "cattle-fleet-system", "fleet")
    assert last is not None
    assert last.status == "pending-upgrade"
    stuck.cluster.delete("secrets", last.secret["metadata"]["name"], "cattle-fleet-system")
    nudge(stuck)


def refresh_repo(stuck: StuckCluster) -> None:
    """FM 6.8: a change of the spec is what makes Rancher look at the charts again."""
    nudge(stuck)
    time.sleep(PACE * PREPARATION_SECONDS[1] + 2)
    assert revisions(stuck)["fleet"][0] == 1
    spec = {"spec": {"forceUpdate": "2026-01-01T00:00:00Z"}}
    stuck.cluster.patch(REPO, "rancher-charts", spec)


def rebuild_index(stuck: StuckCluster) -> None:
    """FM 6.9: the lost ConfigMap is noticed at the next look at the ClusterRepo."""
    spec = {"spec": {"forceUpdate": "2026-01-01T00:00:00Z"}}
    stuck.cluster.patch(REPO, "rancher-charts", spec)


def restart_rancher(stuck: StuckCluster) -> None:
    """FM 6.9 on 2.12: only a new pod has the charts again."""
    rebuild_index(stuck)
    faults.wait_for_download_error(stuck, "Could not resolve host")
    (condition,) = stuck.cluster.get(REPO, "rancher-charts")["status"]["conditions"]
    assert (condition["status"], condition["reason"]) == ("False", "Error")
    assert "management-state/git-repo/" in condition["message"]
    assert condition["message"].endswith("Will retry after 5m0s")
    assert not any("Could not resolve host" in line for line in stuck.rancher_log())
    old_leader = leader(stuck)
    faults.restart(stuck, "rancher", "cattle-system")
    stuck.control_plane.wait_for("a new leader", lambda: leader(stuck) != old_leader, 90)
    # The failed attempt would be repeated after minutes; a change of the spec is quicker.
    spec = {"spec": {"forceUpdate": "2026-01-02T00:00:00Z"}}
    stuck.cluster.patch(REPO, "rancher-charts", spec)


def recreate_repos(stuck: StuckCluster) -> None:
    """FM 6.25: the running Rancher's branch; the next attempt deletes them again itself."""
    clusterrepo.add_repositories(stuck.cluster, "release-v2.10")
    faults.set_setting(stuck, "chart-default-branch", "")


def restore_fleet_server(stuck: StuckCluster) -> None:
    """FM 6.16."""

    def complains() -> bool:
        log = stuck.control_plane.kubectl(
            "logs",
            "-n",
            "cattle-fleet-system",
            "-l",
            "app=fleet-controller",
            "--tail=-1",
            "-c",
            "fleet-agentmanagement",
        )
        return b"missing apiServerURL in fleet config for cluster auto registration" in log.stdout

    stuck.control_plane.wait_for("fleet-agentmanagement to complain", complains)
    faults.set_fleet_server(stuck, "https://10.53.0.10/")


def let_pods_in(stuck: StuckCluster) -> None:
    """FM 6.7: the cause is gone, and Rancher is told."""
    faults.release_pods(stuck, "cattle-fleet-system")
    # The ReplicaSet tries again later and later: the real 300 s are needed here.
    faults.set_setting(stuck, "system-managed-charts-operation-timeout", "300s")
    time.sleep(1)
    nudge(stuck)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("pending-upgrade-lock", unlock_and_nudge),
        ("clusterrepo-stale-index", refresh_repo),
        ("clusterrepo-or-index-missing", rebuild_index),
        ("clusterrepo-bundle-lost", restart_rancher),
        ("clusterrepos-deleted-retry-trap", recreate_repos),
        ("fleet-configmap-lost-apiserverurl", restore_fleet_server),
        ("failed-release", let_pods_in),
    ],
)
def test_stays_stuck_until_the_remedy_of_fm(
    play: Any, name: str, remedy: Callable[[StuckCluster], None]
) -> None:
    stuck = play(name)
    time.sleep(PACE * PREPARATION_SECONDS[1] + 2)
    assert stuck.condition("SystemServicesUpgraded") == "Unknown"
    remedy(stuck)
    stuck.wait_for_condition("SystemServicesUpgraded", "True")
    wanted = line_of(stuck.illness.rancher).charts
    for chart, (_number, status, installed) in revisions(stuck).items():
        assert (status, installed) == ("deployed", f"{chart}-{wanted[chart]}")


def test_job_of_1_8_rolls_a_locked_release_back_by_itself(play: Any) -> None:
    stuck = play("pending-upgrade-lock", "v2.14.0", minute=0.5)
    stuck.wait_for_job_line(r"^fleet-108\.\S+ in pending-upgrade state for \d+ minutes$")
    stuck.wait_for_job_line(r"^deadline exceeded. rolling back fleet to revision 1 ")
    stuck.wait_for_job_line(r"^Rollback was a success")
    nudge(stuck)
    stuck.wait_for_job_line(r"^completed helm release cattle-fleet-system fleet ")


def test_deleted_job_pod_is_retried_and_skips_rancher(play: Any) -> None:
    stuck = play("rc-to-ga-skip-fleet")
    selector = "harvesterhci.io/upgradeComponent=manifest"
    pod = stuck.cluster.list("pods", "harvester-system", selector)[0]["metadata"]["name"]
    stuck.cluster.delete("pods", pod, "harvester-system")
    stuck.wait_for_job_line(r"^Skip update Rancher. The version is already v2.11.0$")


class Cache:
    """The cluster as the caches of Rancher's controllers read it."""

    def __init__(self, settings: dict[str, str], maps: dict[str, dict[str, str]]) -> None:
        self.settings, self.maps = settings, maps

    def list(self, resource: str) -> list[dict[str, Any]]:
        values = self.settings if resource == rancher_settings.SETTING else {}
        return [{"metadata": {"name": name}, "value": value} for name, value in values.items()]

    def find(self, _resource: str, name: str, _namespace: str) -> dict[str, Any] | None:
        return (
            {"metadata": {"resourceVersion": name}, "data": self.maps[name]}
            if name in self.maps
            else None
        )


class TestRancherAsMeasured:
    """What running the real controllers has shown (FM 2.2, 2.3, 2.6)."""

    @staticmethod
    def snapshot(
        environment: dict[str, str], settings: dict[str, str], **maps: dict[str, str]
    ) -> rancher_settings.Snapshot:
        cache: Any = Cache(settings, {name.replace("_", "-"): data for name, data in maps.items()})
        made = rancher_settings.Snapshot(cache, environment)
        made.refresh()
        made.refresh()
        return made

    def test_the_environment_beats_a_setting_unless_it_is_empty(self) -> None:
        given = rancher_settings.process_environment(line_of("v2.11.0"), {"CATTLE_SHELL_IMAGE": ""})
        patched = {"fleet-version": "9.9.9", "shell-image": "pinned"}
        read = self.snapshot(given, patched)
        assert read.setting("fleet-version") == "106.0.0+up0.12.0"
        assert read.setting("shell-image") == "pinned"

    def test_config_map_name_selects_the_map_of_the_priority_class_only(self) -> None:
        usual, other = {"fleet": "a: 1", "priorityClassName": "p"}, {"fleet": "b: 1"}
        read = self.snapshot({}, {"config-map-name": "other"}, rancher_config=usual, other=other)
        assert read.rancher_config() == {"fleet": "a: 1"}
        other["priorityClassName"] = "q"
        read = self.snapshot({}, {"config-map-name": "other"}, rancher_config=usual, other=other)
        assert read.rancher_config() == {"fleet": "a: 1", "priorityClassName": "q"}

    def test_empty_proxies_are_passed_and_only_the_first_document_counts(self) -> None:
        config = {"fleet": "a: 1\n---\nb: 2"}
        read = self.snapshot({"HTTP_PROXY": "", "NO_PROXY": ""}, {}, rancher_config=config)
        values = system_charts.fleet_values(read, (2, 11))
        assert values["gitjob"] == {"proxy": "", "noProxy": ""}
        assert (values["proxy"], values["a"], "b" in values) == ("", 1, False)
        assert "proxy" not in system_charts.fleet_values(self.snapshot({}, {}), (2, 11))

    def test_every_event_is_a_request_of_its_own(self) -> None:
        started = set(rancher_settings.defaults(line_of("v2.11.0"), "10.53.0.10"))
        assert len(fleet_events(started, {"rancher-charts", "rancher-rke2-charts"})) == 7
        assert fleet_events({"fleet-version"}, set()) == ["fleet-version"]
        assert fleet_events({"shell-image"}, {"rancher-rke2-charts"}) == []

    def test_a_failed_operation_names_no_chart(self) -> None:
        ended = {"name": "helm", "state": {"terminated": {"exitCode": 1}}}
        pods: Any = SimpleNamespace(find=lambda *_name: {"status": {"containerStatuses": [ended]}})
        operations = HelmOperations(pods, "helm", Path(), ())
        with pytest.raises(OperationFailed) as caught:
            operations._wait("helm-operation-x")
        assert (
            str(caught.value) == "failed to install , pod cattle-system/helm-operation-x exited 1"
        )


class TestRanchersPace:
    """It takes its time before an operation, and more where it has failed (FM 2.6)."""

    def test_a_pod_comes_ten_to_fourteen_seconds_after_the_decision(self) -> None:
        asked: list[float] = []
        operations = HelmOperations(SimpleNamespace(), "helm", Path(), ())  # type: ignore[arg-type]

        def wait(seconds: float) -> bool:
            asked.append(seconds)
            return True

        operations._stopping.wait = wait  # type: ignore[assignment,method-assign]
        upgrade = Upgrade("cattle-fleet-system", "fleet", "fleet", "1.0.0", {}, True, 300)
        with pytest.raises(OperationFailed, match="context canceled"):
            operations.upgrade(upgrade, b"", "rancher/shell:v0.4.0")
        assert PREPARATION_SECONDS == (10.0, 14.0)
        assert [10 <= seconds <= 14 for seconds in asked] == [True]

    @pytest.mark.parametrize(
        ("failures", "seconds"), [(0, 0.005), (1, 0.01), (13, 30), (29, 30), (30, 120), (90, 120)]
    )
    def test_failures_put_the_next_look_off(self, failures: int, seconds: float) -> None:
        assert delay_after(failures) == seconds

    def test_a_nudge_after_failures_waits_and_after_a_success_does_not(self) -> None:
        clock = SimpleNamespace(now=0.0)
        key = RateLimitedKey(lambda: float(clock.now))
        assert not key.take()
        for _failure in range(40):
            key.request()
            clock.now += 120
            assert key.take()
            assert not key.take()
        key.request()
        clock.now += 119
        assert not key.take()
        key.request()  # one more nudge: the earlier time counts
        clock.now += 1
        assert key.take()
        key.succeeded()
        key.request()
        clock.now += 0.005
        assert key.take()


class TestDecision:
    """The double decides as the real code did in the recorded situations (FM 2.7)."""

    RECORDED = Path(__file__).parents[1] / "unit" / "data" / "rancher-decisions.jsonl.gz"

    def test_agrees_with_what_rancher_did(self) -> None:
        counted = 0
        for case, result in self.cases():
            assert self.decided(case, result) == {
                "action": result["action"],
                "version": result["version"],
                "values": result["values"] or {},
            }, case["id"]
            counted += 1
        assert counted == 4137

    @classmethod
    def cases(cls) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """All cases with an index: without one the manager never asks for a decision."""
        with gzip.open(cls.RECORDED, "rt", encoding="utf-8") as file:
            for line in file:
                recorded = json.loads(line)
                if recorded["case"]["index"] is not None:
                    yield recorded["case"], recorded["result"]

    @staticmethod
    def decided(case: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
        last = case["last_revision"]
        installed = last and decision.Installed(
            last["status"], last["chart_version"], last["config"] or {}
        )
        wish = decision.Wish(
            case["chart"],
            case["namespace"],
            case["release"] or case["chart"],
            case["min"],
            case["exact"],
        )
        line = decision.Line.of(case["rancher"])
        index = {case["chart"]: case["index"]}
        try:
            found = decision.decide(line, wish, index, installed, case["values"], case["cp_taint"])
        except (decision.InstallError, decision.ChartNameMissing):
            return {"action": "error", "version": None, "values": {}}
        if found.debug:
            assert result["log"] == [f"debug: {found.debug}"]
        return {
            "action": found.action,
            "version": found.version or None,
            "values": found.values or {},
        }
