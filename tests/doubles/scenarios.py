# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The named scenarios: how a cluster is made ill, by failure mode of FM 6.

Every entry of ``SCENARIOS`` is made by a function that takes the Rancher version, so that the
same illness can be had on another line: ``scenario("pending-upgrade-lock", "v2.13.0")``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from controlplane.handle import ControlPlane
from doubles import clusterrepo, faults
from doubles.apply_manifests import Script
from doubles.cluster import Illness, StuckCluster
from doubles.rancher_lines import candidates_of, line_of, previous_of

Action = Callable[[StuckCluster], None]

FLEET = "cattle-fleet-system"
SYSTEM = "cattle-system"
_LOST_TIMED_OUT = """Upgrading Rancher
Rancher patch file to be run via helm upgrade
Error: UPGRADE FAILED: timed out waiting for the condition"""


@dataclass(frozen=True)
class Scenario:
    """One way to be stuck.

    ``before`` acts on the installed cluster, ``before_job`` when Rancher and fleet are played,
    ``after`` once the job waits.
    """

    summary: str
    illness: Illness
    before: Action | None = None
    before_job: Action | None = None
    after: Action | None = None

    def create(
        self, control_plane: ControlPlane, directory: Path, *, helm: Path | None = None
    ) -> StuckCluster:
        """Make a control plane's cluster ill in this way; stop it when done."""
        stuck = StuckCluster.create(
            control_plane,
            directory,
            self.illness,
            helm=helm,
            before=self.before,
            before_job=self.before_job,
        )
        if self.after is not None:
            try:
                self.after(stuck)
            except BaseException:
                stuck.stop()
                raise
        return stuck

    def without_rancher(self) -> Scenario:
        """The same with Rancher not played: ``StuckCluster.start_rancher`` starts it later."""
        return replace(self, illness=replace(self.illness, play_rancher=False))


def _candidates(rancher: str) -> Illness:
    """Release candidates of the awaited charts installed, their releases wanted."""
    installed = {name: (version,) for name, version in candidates_of(rancher).items()}
    return Illness(rancher=rancher, installed=installed)


def _older(rancher: str, **installed: tuple[str, ...]) -> Illness:
    """The awaited charts as the Rancher release before left them."""
    charts = previous_of(rancher).charts
    versions: dict[str, tuple[str, ...]] = {
        name: (charts[name],) for name in ("fleet-crd", "fleet", "rancher-webhook")
    }
    versions |= {name.replace("_", "-"): value for name, value in installed.items()}
    return Illness(rancher=rancher, installed=versions)


def _wanted(stuck: StuckCluster, chart: str) -> str:
    return stuck.illness.target.charts[chart]


def _installed(stuck: StuckCluster, chart: str) -> str:
    return stuck.illness.installed[chart][-1]


# -- versions ----------------------------------------------------------------------------------


def healthy(rancher: str) -> Scenario:
    """Nothing is wrong: the job went through."""
    return Scenario(
        "nothing is wrong: the phase is over",
        Illness(rancher=rancher, stuck_at=r"^Upgrading Harvester$"),
        after=lambda stuck: stuck.wait_for_condition("SystemServicesUpgraded", "True"),
    )


def still_moving(rancher: str) -> Scenario:
    """Rancher's helm is at work and its pods are slow; ``faults.release_pods`` lets them come."""
    return Scenario(
        "Rancher's helm upgrades fleet right now and waits for slow pods",
        replace(_older(rancher), settles=False),
        before=lambda stuck: faults.hold_pods(stuck, FLEET),
        after=lambda stuck: faults.wait_for_operation(stuck, "fleet"),
    )


def rc_to_ga_skip_fleet(rancher: str) -> Scenario:
    """FM 6.1, and 6.2 where Rancher compares versions only."""
    return Scenario(
        "Rancher takes the installed release candidates for the releases (FM 6.1, 6.2)",
        _candidates(rancher),
    )


def rc_to_ga_skip_exact_chart(rancher: str) -> Scenario:
    """FM 6.2: only the webhook is a release candidate."""
    candidate = candidates_of(rancher)["rancher-webhook"]
    return Scenario(
        "only rancher-webhook is a release candidate (FM 6.2)",
        Illness(
            rancher=rancher,
            installed={"rancher-webhook": (candidate,)},
            stuck_at=r"^wait helm release cattle-system rancher-webhook ",
        ),
    )


def wrong_version_expected(rancher: str) -> Scenario:
    """FM 6.10: the release file names a release candidate that sorts above the release."""
    fleet = line_of(rancher).charts["fleet"]
    return Scenario(
        "the job waits for a release candidate Rancher will never install (FM 6.10)",
        Illness(rancher=rancher, expected={"fleet": f"{fleet}-rc.6", "fleet-crd": f"{fleet}-rc.6"}),
    )


def expected_lower_than_installed(rancher: str) -> Scenario:
    """FM 6.10b: the target carries an older Rancher than the running one."""
    fleet = line_of(rancher).charts["fleet"]
    major, _plus, app = fleet.partition("+up")
    newer = f"{_next_patch(major)}+up{_next_patch(app)}"
    return Scenario(
        "fleet is newer than what the target carries (FM 6.10b)",
        Illness(rancher=rancher, installed={"fleet": (newer,), "fleet-crd": (newer,)}),
    )


def _next_patch(version: str) -> str:
    head, _dot, patch = version.rpartition(".")
    return f"{head}.{int(patch) + 1}"


def server_version_mismatch(rancher: str) -> Scenario:
    """FM 6.11: the image was built with another version inside."""
    return Scenario(
        "the running Rancher image says it is another version (FM 6.11)",
        Illness(
            rancher=rancher,
            server_version=f"{rancher}-hotfix.1",
            start_at="rancher-version",
            stuck_at=r"^Wait for Rancher to be upgraded to ",
        ),
    )


# -- locks -------------------------------------------------------------------------------------


def pending_upgrade_lock(rancher: str) -> Scenario:
    """FM 6.3: fleet is pending at its old version; Rancher is silent about it."""
    return Scenario(
        "a killed helm left fleet pending-upgrade (FM 6.3)",
        _older(rancher),
        before=lambda stuck: faults.kill_upgrade(stuck, "fleet", _installed(stuck, "fleet")),
    )


_NO_SUCH_NODE = {
    "nodeSelector": {"disktype": "none"},
    "extraEnv": [{"name": "LEFT_OVER", "value": "yes"}],
}


def half_applied_lock(rancher: str) -> Scenario:
    """FM 6.3 on a revision that has set what the target does not have."""
    return Scenario(
        "a killed helm left fleet pending with a nodeSelector that no other revision has (FM 6.3)",
        _older(rancher),
        before=lambda stuck: faults.kill_upgrade(
            stuck, "fleet", _installed(stuck, "fleet"), values=_NO_SUCH_NODE
        ),
    )


def leftovers_hold_pods(rancher: str) -> Scenario:
    """FM 6.3b: only the pending Secret was removed, and Rancher's upgrade waits for pods that fit on no node."""

    def before(stuck: StuckCluster) -> None:
        faults.set_setting(stuck, "system-managed-charts-operation-timeout", "6s")
        faults.kill_upgrade(stuck, "fleet", _installed(stuck, "fleet"), values=_NO_SUCH_NODE)
        faults.unlock(stuck, "fleet")

    return Scenario(
        "a removed revision has left a nodeSelector in fleet's objects, and its pods fit on no node (FM 6.3b)",
        _older(rancher),
        before=before,
        after=lambda stuck: _wait_for_rancher(stuck, "exited 1"),
    )


def pending_install(rancher: str) -> Scenario:
    """FM 6.4: fleet was never installed to its end."""
    return Scenario(
        "a killed helm left fleet pending-install, nothing is deployed (FM 6.4)",
        _older(rancher, fleet=()),
        before=lambda stuck: faults.kill_upgrade(stuck, "fleet", _wanted(stuck, "fleet")),
    )


def pending_rollback_lock(rancher: str) -> Scenario:
    """FM 6.5: somebody's rollback was killed."""
    old = previous_of(rancher).charts["fleet"]
    return Scenario(
        "a killed rollback left fleet pending-rollback (FM 6.5)",
        _older(rancher, fleet=(old, old)),
        before=lambda stuck: faults.kill_rollback(stuck, "fleet", 1),
    )


def pending_but_right_version(rancher: str) -> Scenario:
    """FM 6.6: helm had applied everything when it was killed."""
    return Scenario(
        "a killed helm left fleet pending-upgrade at the wanted version (FM 6.6)",
        _older(rancher),
        before=lambda stuck: faults.kill_upgrade(
            stuck, "fleet", _wanted(stuck, "fleet"), applied=True
        ),
    )


def failed_release(rancher: str) -> Scenario:
    """FM 6.7: pods cannot start, and Rancher's attempts fail as the first one did."""

    def before(stuck: StuckCluster) -> None:
        faults.set_setting(stuck, "system-managed-charts-operation-timeout", "6s")
        faults.fail_upgrade(stuck, "fleet", _wanted(stuck, "fleet"))
        faults.hold_pods(stuck, FLEET)

    return Scenario(
        "fleet's upgrade fails again and again: its pods are not let in (FM 6.7)",
        _older(rancher),
        before=before,
        after=lambda stuck: _wait_for_rancher(stuck, "exited 1"),
    )


def _wait_for_rancher(stuck: StuckCluster, text: str, timeout: float = 240.0) -> None:
    stuck.control_plane.wait_for(
        f"{text!r} in Rancher's log",
        lambda: any(text in line for line in stuck.rancher_log()),
        timeout,
    )


# -- the catalog -------------------------------------------------------------------------------


def clusterrepo_stale_index(rancher: str) -> Scenario:
    """FM 6.8: the index was made from an older commit."""
    return Scenario(
        "the index is older than the charts in the Rancher pod (FM 6.8)",
        replace(_older(rancher), harvester=_harvester_without_refresh(rancher)),
        before=_stale_index,
        after=lambda stuck: _wait_for_rancher(stuck, "no chart version found for fleet-"),
    )


def _harvester_without_refresh(rancher: str) -> str:
    """The Harvester of a Rancher, or the last one whose script does not refresh the ClusterRepo."""
    harvester = line_of(rancher).harvester
    return "v1.8.0" if Script.of(harvester).refreshes_repo else harvester


def _stale_index(stuck: StuckCluster) -> None:
    charts = {
        name: (version,) for name, version in previous_of(stuck.illness.rancher).charts.items()
    }
    faults.index_of_an_older_commit(stuck, charts)


def clusterrepo_index_missing(rancher: str) -> Scenario:
    """FM 6.9: the index ConfigMaps are deleted, then Rancher wants another version."""
    wanted = line_of(rancher).charts
    older = previous_of(rancher).charts

    def after(stuck: StuckCluster) -> None:
        faults.wait_for_index(stuck)
        faults.delete_index(stuck)
        # Unlike fleet-version no environment variable of the image beats it.
        faults.set_setting(stuck, "fleet-min-version", wanted["fleet"])
        _wait_for_rancher(stuck, "Failed to find system chart fleet")

    charts = ("fleet", "fleet-crd")
    return Scenario(
        "the index ConfigMaps are gone (FM 6.9)",
        replace(
            _older(rancher, rancher_webhook=(wanted["rancher-webhook"],)),
            desired={name: older[name] for name in charts},
            bundled={name: (wanted[name], older[name]) for name in charts},
        ),
        after=after,
    )


def clusterrepo_index_corrupt(rancher: str) -> Scenario:
    """FM 6.9: a chunk of the index is cut off, at an unchanged commit."""

    def before(stuck: StuckCluster) -> None:
        line = stuck.illness.target
        charts = {name: tuple(versions) for name, versions in stuck.bundled_charts(line).items()}
        faults.index_of_an_older_commit(stuck, charts)
        patch = {"status": {"commit": faults.bundled_head(stuck)}}
        stuck.cluster.patch(clusterrepo.KIND, clusterrepo.CHARTS, patch, subresource="status")
        faults.truncate_index(stuck)

    return Scenario(
        "the index cannot be unpacked (FM 6.9)",
        _older(rancher),
        before=before,
        after=lambda stuck: _wait_for_rancher(stuck, "unexpected EOF"),
    )


def clusterrepo_bundle_lost(rancher: str) -> Scenario:
    """FM 6.9 and 3.4: from 2.12 on, deleting the ClusterRepo deletes the bundle in the leader."""
    charts = ("fleet-crd", "fleet")
    old, wanted = previous_of(rancher).charts, line_of(rancher).charts

    def before_job(stuck: StuckCluster) -> None:
        for name in charts:
            stuck.run_helm("rollback", name, "1", "-n", FLEET, "--no-hooks")
        faults.recreate_charts_repo(stuck)
        faults.wait_for_download_error(stuck, "Could not resolve host")

    return Scenario(
        "the ClusterRepo was deleted, and with it the charts in the leader (FM 6.9, 3.4)",
        Illness(rancher=rancher, installed={name: (old[name], wanted[name]) for name in charts}),
        before_job=before_job,
        after=lambda stuck: _wait_for_rancher(stuck, 'configmaps "" not found'),
    )


def clusterrepos_deleted_retry_trap(rancher: str) -> Scenario:
    """FM 6.25: the first attempt died after deleting the ClusterRepos, the next ones on that."""
    return Scenario(
        "every attempt dies on the ClusterRepos the first one deleted (FM 6.25)",
        replace(
            _older(rancher),
            running_rancher=previous_of(rancher).version,
            start_at="upgrade-rancher",
            stuck_at=r'clusterrepos.catalog.cattle.io "rancher-charts" not found',
            failed_pod_logs=(_LOST_TIMED_OUT,),
        ),
        before_job=faults.delete_cluster_repos,
    )


# -- operations --------------------------------------------------------------------------------


def helm_operation_fails(rancher: str) -> Scenario:
    """FM 6.13: the shell image is pinned to one that no node has."""
    shell = line_of(rancher).shell
    return Scenario(
        "the pinned shell image is on no node (FM 6.13)",
        # Every operation waits a minute for its pod: Rancher does not come to rest for long.
        replace(_older(rancher), node_shell_images=(f"rancher/shell:{shell}",), settles=False),
        before=lambda stuck: faults.set_setting(stuck, "shell-image", "rancher/shell:v0.1.26"),
        after=_wait_for_image_pull,
    )


def _wait_for_image_pull(stuck: StuckCluster) -> None:
    def waiting() -> bool:
        return any(
            "ErrImagePull" in str(pod["status"])
            for pod in stuck.cluster.list("pods", SYSTEM)
            if pod["metadata"]["name"].startswith("helm-operation-")
        )

    stuck.control_plane.wait_for("a helm operation that cannot be pulled", waiting, 120)


def helm_operation_too_old(rancher: str) -> Scenario:
    """FM 6.13: the pinned shell image is there, but its helm lacks a flag."""
    pinned = "rancher/shell:v0.1.26"
    shell = f"rancher/shell:{line_of(rancher).shell}"
    return Scenario(
        "the helm in the pinned shell image is too old (FM 6.13)",
        replace(_older(rancher), node_shell_images=(shell, pinned)),
        before=lambda stuck: faults.set_setting(stuck, "shell-image", pinned),
        after=lambda stuck: _wait_for_rancher(stuck, "exited 1"),
    )


def webhook_unreachable(rancher: str) -> Scenario:
    """FM 6.19: Rancher's admission webhook does not answer, so helm cannot write."""
    return Scenario(
        "helm cannot write: Rancher's webhook does not answer (FM 6.19)",
        _older(rancher),
        before=lambda stuck: faults.make_webhook_unreachable(stuck, FLEET),
        after=lambda stuck: _wait_for_rancher(stuck, "exited 1"),
    )


def missing_priority_class(rancher: str) -> Scenario:
    """FM 6.23: rancher-config names a PriorityClass that does not exist."""

    def before(stuck: StuckCluster) -> None:
        faults.set_setting(stuck, "system-managed-charts-operation-timeout", "6s")
        faults.configure_rancher(stuck, priorityClassName="gone-critical")

    return Scenario(
        "rancher-config names a PriorityClass that does not exist (FM 6.23)",
        _older(rancher),
        before=before,
        after=lambda stuck: _wait_for_rancher(stuck, "exited 1"),
    )


def bad_rancher_config(rancher: str) -> Scenario:
    """FM 6.23: fleet's document in rancher-config is not YAML."""
    return Scenario(
        "fleet's values in rancher-config are not YAML (FM 6.23)",
        _older(rancher),
        before=lambda stuck: faults.configure_rancher(stuck, fleet="agentTLSMode: [system-store"),
        after=lambda stuck: _wait_for_rancher(stuck, "failed to unmarshal 'fleet' value"),
    )


# -- fleet -------------------------------------------------------------------------------------


def _imported_then_lost(stuck: StuckCluster) -> None:
    """The agent is in place, then fleet-controller comes back and knows no server."""
    faults.wait_for_agent(stuck)
    faults.forget_server_in_kubeconfig(stuck)
    faults.set_fleet_server(stuck, "")
    faults.restart(stuck, "fleet-controller", FLEET)


def fleet_configmap_lost_apiserverurl(rancher: str) -> Scenario:
    """FM 6.16: the chart upgrade wiped the address, and nothing puts it back."""
    return Scenario(
        "fleet's ConfigMap has lost apiServerURL and CA (FM 6.16)",
        Illness(
            rancher=rancher,
            mcm=False,
            start_at="fleet-fields",
            stuck_at=r"condition Imported is not updated",
        ),
        before=lambda stuck: faults.set_fleet_server(stuck, "https://10.53.0.10/"),
        before_job=_imported_then_lost,
    )


def fleet_agent_absent(rancher: str) -> Scenario:
    """FM 6.27: the agent's workload is gone."""

    def before_job(stuck: StuckCluster) -> None:
        faults.wait_for_agent(stuck)
        faults.delete_agent(stuck)

    return Scenario(
        "fleet-agent is gone and nothing redeploys it (FM 6.27)",
        Illness(rancher=rancher, stuck_at=r"^resource was not created, continue"),
        before_job=before_job,
    )


def fleet_agent_not_redeployed(rancher: str) -> Scenario:
    """FM 6.28: for Fleet 0.13 and later a start of fleet-controller is no reason to deploy the agent again."""

    def before_job(stuck: StuckCluster) -> None:
        faults.wait_for_agent(stuck)
        faults.evict(stuck, "fleet-controller", FLEET)

    return Scenario(
        "fleet-controller was evicted after it had deployed its agent, and sees no reason to do it again (FM 6.28)",
        Illness(
            rancher=rancher,
            start_at="fleet-fields",
            stuck_at=r"condition Imported is not updated",
        ),
        before_job=before_job,
    )


def pinned_values_in_release(rancher: str) -> Scenario:
    """FM 6.22 on top of 6.1: fleet's values pin an image."""
    old = previous_of(rancher).charts["fleet"].partition("+up")[2]
    return Scenario(
        "fleet is a release candidate, and its values pin an old image (FM 6.22, 6.1)",
        _candidates(rancher),
        before=lambda stuck: faults.pin_values(
            stuck, "fleet", _installed(stuck, "fleet"), image=f"v{old}"
        ),
    )


def helm_cannot_read_last_revision(rancher: str) -> Scenario:
    """FM 6.39: all Secrets of release fleet were deleted."""

    def after(stuck: StuckCluster) -> None:
        faults.lose_release(stuck, "fleet")
        stuck.wait_for_job_line(r"^Error: release: not found")

    return Scenario(
        "release fleet has no revision left (FM 6.39)",
        _candidates(rancher),
        after=after,
    )


def upstream_chart_pending(rancher: str) -> Scenario:
    """FM 6.39: a person's upgrade with the upstream chart was killed."""
    app = previous_of(rancher).charts["fleet"].partition("+up")[2]
    return Scenario(
        "an upgrade to the upstream fleet chart was killed (FM 6.39, 6.3)",
        _older(rancher),
        before=lambda stuck: faults.kill_upgrade(stuck, "fleet", app),
    )


# -- the job -----------------------------------------------------------------------------------


def rancher_phase_skipped(rancher: str) -> Scenario:
    """FM 6.24: the retried pod found Rancher new and skipped what waits for the dependencies."""
    return Scenario(
        "a retried pod skipped the Rancher phase; fleet and webhook are old (FM 6.24)",
        replace(
            _candidates(rancher),
            start_at="upgrade-rancher",
            stuck_at=r"^Sleep for 5 seconds to retry",
            failed_pod_logs=(_LOST_TIMED_OUT,),
        ),
        before_job=lambda stuck: faults.wait_for_agent_in_chart(stuck, "harvester"),
    )


def bundle_locked(rancher: str) -> Scenario:
    """FM 6.17: what the job waits for after the Rancher step."""
    old = previous_of(rancher).harvester.removeprefix("v")
    wanted = line_of(rancher).harvester.removeprefix("v")
    return Scenario(
        "an agent was killed while it upgraded Harvester's chart, another one was refused (FM 6.17)",
        Illness(
            rancher=rancher,
            installed={"harvester": (old,)},
            start_at="after-rancher",
            stuck_at=r"^Sleep for 5 seconds to retry",
        ),
        before=lambda stuck: faults.lock_bundle(stuck, wanted),
    )


def job_backoff_limit(rancher: str) -> Scenario:
    """FM 6.26: all attempts are used up."""
    return Scenario(
        "the job has used up its attempts (FM 6.26)",
        replace(
            _candidates(rancher),
            stuck_at=r"timed out waiting",
            failed_pod_logs=(_LOST_TIMED_OUT,) * 7,
        ),
        after=lambda stuck: stuck.wait_for_condition("SystemServicesUpgraded", "False"),
    )


def capi_cluster_wait_never_ends(rancher: str) -> Scenario:
    """FM 6.21: the script waits for a generation that nothing will bump."""
    return Scenario(
        "the CAPI cluster's generation does not rise (FM 6.21)",
        Illness(
            rancher=rancher,
            # The scripts that wait for a higher generation end with 1.7.3.
            start_at="settle",
            capi_generation=1,
            stuck_at=r"^Waiting for CAPI cluster fleet-local/local to be provisioned",
        ),
    )


def legacy_capi_webhooks(rancher: str) -> Scenario:
    """FM 6.20: webhooks of an older CAPI whose service is gone refuse every write."""

    def before(stuck: StuckCluster) -> None:
        faults.bump_capi_cluster(stuck)
        faults.add_legacy_capi_webhooks(stuck)

    return Scenario(
        "webhooks of an older CAPI refuse writes to the cluster (FM 6.20)",
        Illness(
            rancher=rancher,
            start_at="settle",
            capi_generation=1,
            stuck_at=r"^Waiting for CAPI cluster fleet-local/local to be provisioned",
            # The script removes them itself when it comes from v1.7.0 to v1.7.9.
            previous_harvester="v1.7.0-rc5",
        ),
        before=before,
    )


def plan_skip_restart_stuck(rancher: str) -> Scenario:
    """FM 6.35: the Plan before the Rancher step does not end."""
    suc = previous_of(rancher).charts["system-upgrade-controller"]
    return Scenario(
        "the Plan before the Rancher step does not end (FM 6.35)",
        replace(
            _older(rancher, system_upgrade_controller=(suc,)),
            running_rancher=previous_of(rancher).version,
            start_at="upgrade-rancher",
            stuck_at=r"^Waiting for plan \S+ to complete",
        ),
        before=faults.stick_plan,
    )


def missing_workspace_holds_plan(rancher: str) -> Scenario:
    """FM 6.38 as it is seen on the next upgrade: the Plan before the Rancher step does not end (6.35)."""

    def before(stuck: StuckCluster) -> None:
        faults.forget_fleet_workspace(stuck)
        faults.stick_plan(stuck)

    return replace(
        plan_skip_restart_stuck(rancher),
        summary="the local cluster lost its Fleet workspace long ago, and a Plan does not end (FM 6.38, 6.35)",
        before=before,
    )


def missing_fleetworkspacename(rancher: str) -> Scenario:
    """FM 6.38, seen beside 6.1."""
    return Scenario(
        "the local cluster has no fleetWorkspaceName; release candidates too (FM 6.38, 6.1)",
        _candidates(rancher),
        before=faults.forget_fleet_workspace,
    )


# -- several at once ---------------------------------------------------------------------------


def lock_and_skip_and_lost_url(rancher: str) -> Scenario:
    """FM 6.3, 6.1 and 6.16 together."""

    def before(stuck: StuckCluster) -> None:
        faults.forget_server_in_kubeconfig(stuck)
        faults.kill_upgrade(stuck, "fleet", _installed(stuck, "fleet"))

    return Scenario(
        "a lock, release candidates and a lost apiServerURL at once (FM 6.3, 6.1, 6.16)",
        replace(_candidates(rancher), mcm=False),
        before=before,
    )


def stale_index_and_lock(rancher: str) -> Scenario:
    """FM 6.8 and 6.3 together."""

    def before(stuck: StuckCluster) -> None:
        faults.kill_upgrade(stuck, "fleet", _installed(stuck, "fleet"))
        _stale_index(stuck)

    return Scenario(
        "a stale index and a lock at once (FM 6.8, 6.3)",
        replace(_older(rancher), harvester=_harvester_without_refresh(rancher)),
        before=before,
        after=lambda stuck: _wait_for_rancher(stuck, "no chart version found for fleet-"),
    )


_BUILDERS: Mapping[str, tuple[Callable[[str], Scenario], str]] = {
    "healthy": (healthy, "v2.11.0"),
    "still-moving": (still_moving, "v2.11.0"),
    "rc-to-ga-skip-fleet": (rc_to_ga_skip_fleet, "v2.11.0"),
    "rc-to-ga-skip-exact-chart": (rc_to_ga_skip_exact_chart, "v2.11.0"),
    "pending-upgrade-lock": (pending_upgrade_lock, "v2.11.0"),
    "half-applied-lock": (half_applied_lock, "v2.11.0"),
    "leftovers-hold-pods": (leftovers_hold_pods, "v2.11.0"),
    "pending-install-no-deployed": (pending_install, "v2.11.0"),
    "pending-rollback-lock": (pending_rollback_lock, "v2.11.0"),
    "pending-but-right-version": (pending_but_right_version, "v2.11.0"),
    "failed-release": (failed_release, "v2.11.0"),
    "clusterrepo-stale-index": (clusterrepo_stale_index, "v2.11.2"),
    "clusterrepo-or-index-missing": (clusterrepo_index_missing, "v2.11.0"),
    "clusterrepo-index-corrupt": (clusterrepo_index_corrupt, "v2.11.0"),
    "clusterrepo-bundle-lost": (clusterrepo_bundle_lost, "v2.12.2"),
    "wrong-version-expected": (wrong_version_expected, "v2.14.0"),
    "expected-lower-than-installed": (expected_lower_than_installed, "v2.13.0"),
    "server-version-mismatch": (server_version_mismatch, "v2.11.0"),
    "helm-operation-fails": (helm_operation_fails, "v2.11.0"),
    "helm-operation-too-old": (helm_operation_too_old, "v2.11.0"),
    "fleet-configmap-lost-apiserverurl": (fleet_configmap_lost_apiserverurl, "v2.11.0"),
    "rancher-webhook-unreachable": (webhook_unreachable, "v2.11.0"),
    "legacy-capi-webhooks": (legacy_capi_webhooks, "v2.14.0"),
    "capi-cluster-wait-never-ends": (capi_cluster_wait_never_ends, "v2.11.0"),
    "pinned-values-in-release": (pinned_values_in_release, "v2.11.0"),
    "missing-priorityclass": (missing_priority_class, "v2.11.0"),
    "bad-rancher-config": (bad_rancher_config, "v2.11.0"),
    "rancher-phase-skipped": (rancher_phase_skipped, "v2.11.0"),
    "bundle-errapplied-operation-in-progress": (bundle_locked, "v2.11.0"),
    "clusterrepos-deleted-retry-trap": (clusterrepos_deleted_retry_trap, "v2.11.0"),
    "job-backoff-limit": (job_backoff_limit, "v2.11.0"),
    "fleet-agent-absent": (fleet_agent_absent, "v2.11.0"),
    "fleet-agent-not-redeployed": (fleet_agent_not_redeployed, "v2.13.0"),
    "plan-skip-restart-stuck": (plan_skip_restart_stuck, "v2.11.0"),
    "missing-workspace-holds-plan": (missing_workspace_holds_plan, "v2.11.0"),
    "missing-fleetworkspacename": (missing_fleetworkspacename, "v2.11.0"),
    "helm-cannot-read-last-revision": (helm_cannot_read_last_revision, "v2.11.0"),
    "upstream-chart-pending": (upstream_chart_pending, "v2.11.0"),
    "lock-and-skip-and-lost-url": (lock_and_skip_and_lost_url, "v2.11.0"),
    "stale-index-and-lock": (stale_index_and_lock, "v2.11.2"),
}


def scenario(name: str, rancher: str = "") -> Scenario:
    """A scenario, on a Rancher version other than its usual one if told; KeyError if unknown."""
    build, usual = _BUILDERS[name]
    return build(rancher or usual)


SCENARIOS: Mapping[str, Scenario] = {name: scenario(name) for name in _BUILDERS}
