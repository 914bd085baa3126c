# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every line that the manifest job prints, by what it means (FM 1.7, 1.8).

The texts are those of Harvester's upgrade_manifests.sh, lib.sh and migrations from v1.0.0 to v1.9.0-rc6, and of the
kubectl, virtctl and helm that they run. A test walks all of them (tests/unit/data/job-log-lines.tsv). The script runs
from top to bottom under ``bash -e``, so a line that is printed outside of a loop proves that every wait above it is over.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

WAIT = "wait"
"""Printed when the script starts to wait for something, or while it does."""
END = "end"
"""Printed outside of every loop: the wait before it is over."""
FAILURE = "failure"
"""The script gives up here, or a program it runs has failed; it ends a wait too."""
NOTE = "note"
"""Can be printed inside of a wait and neither starts nor ends one."""


@dataclass(frozen=True)
class Row:
    """One kind of line. Named groups become fields, ``fields`` are those that the line leaves out."""

    kind: str
    line_class: str
    expression: re.Pattern[str]
    fields: Mapping[str, str] = field(default_factory=dict)
    told: bool = True
    """Whether an event is made of it: a note is only told when something depends on it."""


def _row(kind: str, line_class: str, expression: str, **fields: str) -> Row:
    return Row(kind, line_class, re.compile(expression), fields)


def _untold(kind: str, *expressions: str) -> Row:
    return Row(kind, NOTE, re.compile("|".join(expressions)), told=False)


_RELEASE = (
    r"(?P<namespace>\S+) (?P<release>\S+) (?P<chart>\S+) (?P<app_version>\S+) (?P<status>\S+)"
)
_NOT_FOUND = r"^Error from server \(NotFound\): "
_CAPI = r"CAPI cluster (?P<namespace>[^\s/]+)/(?P<name>[^\s,]+)"
_PHASE = r"phase=(?P<phase>[^,)]*)"
_OBSERVED = r"observed=(?P<generation>[^,)]*), metadata=(?P<wanted_generation>[^,)]*)"
_INSTANCE_MANAGER = r"instance-manager(?:-r| \(aio\))"
_LOCAL_CLUSTER = {"namespace": "fleet-local", "name": "local"}
_CLUSTER_REPO = {
    "namespace": "cattle-system",
    "workload": "deployment",
    "name": "harvester-cluster-repo",
}

_FAILURES = (
    _row("cluster-repo-not-found", FAILURE, _NOT_FOUND + r'clusterrepos\.catalog\.cattle\.io "(?P<name>[^"]+)" not found'),
    _row("setting-not-found", FAILURE, _NOT_FOUND + r'settings\.management\.cattle\.io "(?P<name>[^"]+)" not found'),
    _row("upgrade-failed", FAILURE, r"UPGRADE FAILED: (?P<detail>.*)"),
    _row(
        "version-guard",
        FAILURE,
        r"(?P<detail>Version checking failed\. Abort|Current version is not supported\. Abort the upgrade"
        r"|upgrading from dev versions to non-dev versions is prohibited|downgrading is prohibited"
        r"|current version does not meet minimum upgrade requirement"
        r"|cross-version upgrades from/to any prerelease version are prohibited)",
    ),
    _row(
        "script-error",
        FAILURE,
        r"^(?P<detail>\[ERROR\] .*|CRITICAL ERROR: .*|Fail to get host ctr binary\.|fail to wait rollout .*)",
    ),
)  # fmt: skip

_RANCHER_ROWS = (
    _row("helm-release", WAIT, rf"^wait helm release {_RELEASE}\s*$"),
    _row("helm-release-completed", END, rf"^completed helm release {_RELEASE}\s*$"),
    _row(
        "helm-release-pending",
        NOTE,
        r"^(?P<chart>[^\s:]+):(?P<app_version>\S+) in (?P<status>pending-\S+) state for (?P<minutes>\d+) minutes",
    ),
    _row("helm-rollback", NOTE, r"^deadline exceeded\. rolling back"),
    _row("helm-rollback-ended", NOTE, r"^rollback succeeded, resume wait", result="succeeded"),
    _row("helm-rollback-ended", NOTE, r"^failed to rollback .* resume wait", result="failed"),
    _row("helm-rollback-ended", NOTE, r"^no deployed revision found, cannot rollback", result="impossible"),
    _row("rancher-version", WAIT, r"^Wait for Rancher to be upgraded to (?P<version>\S+?)\.\.\."),
    _row("rancher-version", WAIT, r"^Wait for Rancher to be upgraded\.\.\."),
    _row("rancher-skipped", END, r"^Skip update Rancher\. The version is already (?P<version>\S+)"),
    _row("rancher-dependencies", WAIT, r"^Wait for Rancher dependencies helm releases"),
    _row("upgrading-rancher", END, r"^Upgrading Rancher\s*$"),
    _row("helm-upgrade-rancher", END, r"^Rancher patch file to be run via helm upgrade"),
    _row("rancher-upgraded", END, r'^Release "rancher" has been upgraded'),
    _row(
        "capi-cluster",
        WAIT,
        rf"^Waiting for {_CAPI} to be provisioned \(current phase: (?P<phase>.*?), current generation: (?P<generation>[^,)]*)",
    ),
    _row("capi-cluster", WAIT, rf"^Waiting for {_CAPI} to be provisioned \({_PHASE}, {_OBSERVED}"),
    _row("capi-cluster", WAIT, rf"^{_CAPI} reconcile in progress \({_PHASE}, {_OBSERVED}"),
    _row("capi-cluster", WAIT, rf"^{_CAPI} appears ready \({_PHASE}, generation=(?P<generation>(?P<wanted_generation>[^,)]*))"),
    _row("capi-cluster", WAIT, rf"^failed to get {_CAPI}, retry"),
    _row("capi-cluster-provisioned", END, rf"^{_CAPI} is provisioned"),
    # Up to v1.1.0 the wait itself prints nothing.
    _row("capi-cluster", WAIT, r"^Wait for cluster settling down", **_LOCAL_CLUSTER),
    _row(
        "fleet-agent-missing",
        WAIT,
        r"^resource was not created, continue"
        rf'|{_NOT_FOUND}(?:deployments|statefulsets)\.apps "fleet-agent" not found'
        r"|^waiting for (?:statefulset|deployment) \S+ to be created"
        r"|^fleet-agent pod is not found, continue",
    ),
    # What follows the patch waits without a word until the agent is rolled out.
    _row(
        "fleet-agent-old",
        WAIT,
        r"^patch cluster\.fleet local to new generation|^cluster\.fleet\.cattle\.io/local patched"
        r"|^wait for fleet-agent, current timestamp|^waiting for fleet-agent creation timestamp to be updated"
        r"|^wait until fleet-agent is redeployed|^fleet-agent is old, \d+ < \d+",
    ),
    _row("fleet-agent-redeployed", END, r"^fleet-agent is (?:new|redeployed)|^end with new timestamp"),
    _row("field-agent-tls-mode", WAIT, r"^wait for new field agentTLSMode in \S+ (?P<where>crd|configmap)"),
    _row("field-agent-tls-mode-found", END, r"^new field agentTLSMode is found in"),
    _row("not-imported", WAIT, r"condition Imported is (?P<detail>not found|not updated)"),
    _row("not-imported", WAIT, r"^wait until cluster\.fleet local is Imported"),
    _row("imported", END, r"condition Imported is updated|^cluster\.fleet local is Imported"),
    _row("cluster-not-ready", WAIT, r"^wait until cluster\.fleet local is Ready|condition Ready is (?:not found|false)"),
    _row("cluster-ready", END, r"condition Ready is true|^cluster\.fleet local is not Ready, skip waiting"),
    _row("fleet-config-not-restored", END, r"^both apiServerURL and apiServerCA saved values are empty"),
)  # fmt: skip

_SHARED_ROWS = (
    _row(
        "upgrade-repo",
        WAIT,
        r"^(?P<detail>Try to bring up the upgrade repo|Wait for upgrade repo (?:ready|HTTP endpoint ready)"
        r"|Waiting for upgrade repo (?:resource|deployment|VM)|Upgrade repo (?:resource not found|deployment is|VM is)"
        r"|Detected upgrade repo type|Failed to download)",
    ),
    # The script prints the release file as soon as the repository serves it.
    _row("upgrade-repo-ready", END, r"^harvester: \S+$|Upgrade repo is fully ready and accessible"),
    _row("download", WAIT, r'Downloading the file from "(?P<url>[^"]*)"'),
    _row(
        "plan",
        WAIT,
        r"^(?:Creating plan (?P<name>\S+) to |plan\.upgrade\.cattle\.io/(?P<created>\S+) created)",
    ),
    _row("plan", WAIT, r"^Waiting for plan (?P<name>\S+) to complete"),
    _row("plan-completed", END, r"^Plan \S+ completed?s?\."),
    _row("managed-chart", WAIT, r"^Waiting for ManagedChart [^\s/]+/(?P<name>\S+) from generation"),
    _row("managed-chart", WAIT, r"^wait managedchart (?P<name>\S+) to be ready"),
    _row(
        "managed-chart",
        WAIT,
        r"^Current version: [^,]*, .*Current state: (?P<state>[^,]*), Current generation:"
        r"|^Target version: .*, Target state: |^Sleep for 5 seconds to retry"
        r"|^chart is not found, continue|^ ready is 0, continue",
    ),
    _row(
        "rollout-finished",
        END,
        r"successfully rolled out\s*$|^statefulset rolling update complete|roll out complete: \d+ new pods",
    ),
    _row("rollout", WAIT, r"^wait rollout -n (?P<namespace>\S+) (?P<workload>\S+) (?P<name>\S+)"),
    _row("rollout", WAIT, r"^continue waiting rollout (?P<workload>\S+) (?P<name>[^\s,]+), \d+"),
    _row("rollout", WAIT, r'^Waiting for (?P<workload>deployment|statefulset) "(?P<name>[^"]+)" rollout to finish'),
    _row("rollout", WAIT, r'^Waiting for daemon set "(?P<name>[^"]+)" rollout to finish', workload="daemonset"),
    _row(
        "rollout",
        WAIT,
        r"^Waiting for (?:deployment|daemon set|statefulset) spec update to be observed"
        r"|^Waiting for \d+ pods to be ready|^Waiting for partitioned roll out to finish",
    ),
    _row("rollout", WAIT, r"^Waiting for harvester-cluster-repo deployment ready", **_CLUSTER_REPO),
    _row(
        "cluster-repo",
        WAIT,
        r"^(?:Force refreshing|Waiting for|Current) clusterrepo (?P<name>\S+) "
        r"(?:catalog index|to exist|to have a downloadTime)",
    ),
    _row("cluster-repo", WAIT, r"^clusterrepo\.catalog\.cattle\.io/(?P<name>\S+) patched"),
    _row("cluster-repo", WAIT, r"^Waiting for cluster repo catalog index update", name="harvester-charts"),
    _row("cluster-repo-updated", END, r"^Clusterrepo \S+ catalog index updated"),
)  # fmt: skip

_LATER_ROWS = (
    _row("kubevirt", WAIT, r"^Waiting for KubeVirt to upgraded? to (?P<version>\S+?)\.\.\."),
    _row("kubevirt", WAIT, r"^KubeVirt current version: (?P<current>[^,]*), target version: (?P<version>\S*)"),
    _row("longhorn-manager", WAIT, r"^Waiting for LH settling down"),
    _row("longhorn-manager", WAIT, r"^Waiting for longhorn-manager to be upgraded(?: \((?P<ready>\d*)/(?P<nodes>\d*)\))?"),
    _row("instance-manager-ready", END, rf"^Checking {_INSTANCE_MANAGER}.* on node \S+ OK|^Skip waiting {_INSTANCE_MANAGER}"),
    _row("instance-manager", WAIT, rf"^Checking {_INSTANCE_MANAGER} pod on node (?P<node>[^\s.]+)"),
    _row("instance-manager", WAIT, rf"^{_INSTANCE_MANAGER}.* (?:is not 1|is not running) on node (?P<node>[^\s,]+), will retry"),
    _row("instance-manager", WAIT, rf"^{_INSTANCE_MANAGER} pod image is not \S+, will retry"),
    _row("vm-shutdown", WAIT, r"^Waiting for VM shutdown\.\.\.\((?P<left>\d*) left\)"),
    _row("pods-deleted", WAIT, r"^there are still (?P<left>\d+) pods in (?P<namespace>\S+) to be deleted"),
    _row("addon-crd", WAIT, r"^wait for addons\.harvesterhci\.io crd to be created"),
    _row("addon", WAIT, r"^wait addon status to be |^wait for addon status to be \S+, current is|^current status is .*, continue wait: \d+"),
    _row("addon-ready", END, r"^addon status is AddonDeploySuccessful\s*$|^the addon did not become "),
    _row("fleet-bundles", WAIT, r"^some bundles are not ready|^get bundle status fail, try again"),
    _row("fleet-bundles-ready", END, r"^all bundles are ready|^finish wait fleet bundles|^Skip waiting for all fleet bundles"),
    _row(
        "next-phase",
        END,
        r"^(?P<phase>Check current local-rke-state secret type|Upgrading Harvester Cluster Repo|Upgrading Harvester"
        r"|Upgrading Monitoring|Checking if migrating Longhorn|Ensuring existing rancher-expose|Applying cdi manifests"
        r"|Applying whereabouts manifests|Sync containerd-registry|Upgrading Managedchart|Applying extra manifests"
        r"|upgrade addon \S+|Check and apply default rke2-traefik)",
    ),
)  # fmt: skip

# Outside of every loop, before or within the Rancher phase, or in every phase.
_STEPS = (
    r"Executing \S+ pre-hook", r"Check and patch rke2-multus", r"Resource '\S+' not found\. Creating",
    r"Waiting 10s for RKE2 controller", r"Current policy is '", r"Verified: failurePolicy is",
    r"Skip (?:migrate overcommit|set tls-internal|patch management cluster|minimum upgradable)",
    r"Warning: (?:failed to get \S+ setting|overcommit-config)", r"overcommit-config already has", r"Preserving current overcommit-config",
    r"(?:Checking|Setting) KubeVirt workload", r"Setting kubevirt workload", r"Backing up workloadUpdateMethods",
    r"KubeVirt workloadUpdateMethods is", r"The (?:final )?content of ", r"Patching\.\.\.", r"Upgrading\.\.\.",
    r"Pause the harvester managedchart", r"Annotate management cluster", r"Rancher values:",
    r"rancher shell-image is", r"3-node cluster with witness", r"Rancher image values are in legacy mode",
    r"clean capi legay webhooks", r"saved apiServer", r"config field on configmap", r"restore apiServer",
    r"apiServerURL .* have already been same", r"the configmap will be restored to", r"sleep 20s for fleet-controller",
    r"Force refresh rancher-charts", r"Rancher deployment and pods", r"Wait for Rancher de\w+ (?:rollout|becoming)",
    r"Create cattle-system/stv-aggregation", r"Deleting plan ", r"Current version: [^,]*$", r"Minimum upgradable version",
    r"No restriction\.", r"Current version is supported", r"upgrade needed$", r"NODE_CURRENT_HARVESTER_VERSION is",
    r"\S+ is not existing, NODE_CURRENT", r"Importing \S+ images from repo", r"Images in \S+ already present",
    r"cluster\.fleet local status", r"fleet-\w+ pods and creationTimestamp", r"Patch configmap/",
    r"Something goes wrong, the patch json", r"Checking if configmap/", r"ConfigMap (?:not found|already exists)",
    r"Remove rke\.cattle\.io/", r" ready is ", r"no target managedchart", r"VLAN is disabled",
    r"(?:the )?patch file \S+ is not existing", r"the \S+ increased timeoutSeconds is",
    # What kubectl says of a change; the loops change nothing.
    r"\S+/\S+ (?:patched|configured|created|unchanged|deleted|labeled|annotated|scaled|replaced|restarted)(?: \(.*\))?$",
    r'\S+ "\S+" (?:force )?deleted',
)  # fmt: skip

# Outside of every loop, after the Rancher phase.
_LATER_STEPS = (
    r"Current secret type is: ", r"Scale (?:down|up) Rancher deployment", r"Remove old secret and apply",
    r"The ingress class name of", r"Setting the ingress class name", r"(?:patch )?longhorn \S+",
    r"Skip migrate longhorn", r"Temporarily disabling the Longhorn", r"Starting migration of CRDs", r"[Mm]igrating \S+ \.\.\.",
    r"Re-enabling the CR validation", r"Rancher registries already set", r"Appl(?:y|ying) ", r"No extra manifests in",
    r"Only versions before v", r"(?:Upgrade|Creating) ClusterRole", r"ClusterRole harvesterhci", r"No rolebinding ",
    r"the \S+ has already been target version", r"(?:the )?managedchart \S+ ", r"upgrading managedchart ",
    r"Stop \S+/\S+$", r"(?:Logging Event Audit|Monitoring): ", r"(?:logging|monitoring) has already been addon",
    r"The current version is \S+, will check", r"[Ww]ait for rollout of ", r"success to wait rollout",
    r"there (?:is no|are \d* ?pods|are \S+ pods) ", r"saved (?:managedchart|eventTailer) config", r"delete ",
    r"eventTailer \S+ is not found", r"all pods in \S+ are deleted", r"replace ", r"(?:en|dis)able \S+ addon",
    r"final \S+ addon yaml", r"patch ", r"did not find ", r"(?:current|after patch,) ClaimRef is", r"the new status is",
    r"grafana pv status", r"the status\.phase of", r"detect vip fail", r"annotate addon with", r"addon ", r"to be patched file",
    r"try to (?:patch|convert) ", r"\.spec\.valuesContent has", r"check \S+", r"(?:eventrouter|fluentbit|eventTailer)\b",
    r"fallback to", r"new patch of addon", r"need not patch", r"patch_grafana_", r"fail to get ", r"current valuesContent",
    r"rancherMonitoring\.enabled and", r"kubevirt (?:additional|comparePatches)", r"Adding kubevirt", r"the prepared ",
    r"the created object", r"harvester setting ", r"upgrade harvester upgradelog", r"upgradelog(?:uid)? is not found",
    r"logging \S+-infra", r"failed to (?:delete|patch|create|get setting)", r"current logging ", r"fluentbitagent ",
    r"configmap \S+ ", r"kubectl get \S+ -n kube-system \S+ failed", r"jq parse kubevip", r"add (?:logging|event) ", r"the (?:logging audit|event) resource",
    r"add(?:ing)? ",
)  # fmt: skip

_NOTES = (
    _untold("pods-not-found", r"^fleet-\w+ pods are not found", r"^cluster\.fleet local is not found"),
    _untold("value", r"^(?:true|false|deployment|vm|\d+)$"),
    _untold("date", r"^\w{3} +\w{3} +\d+ \d\d:\d\d:\d\d (?:[AP]M )?\S+ \d{4}$"),
    _untold(
        "program-error",
        r"^Error(?: from server)?\b", r"^error: ", r"^The connection to the server ", r"^Unable to connect to the server",
        r"^[EWI]\d{4} \d\d:\d\d:\d\d", r"^curl: \(\d+\)", r"^Warning: ", r"^VM \S+ was scheduled to ", r"^Usage:",
    ),
    _untold("helm", r"^Rollback was a success", r"^NOTES:$"),
    _untold("log", r'^time="', r"^level="),
    # What is printed of an object: YAML, JSON, or one of kubectl's tables.
    _untold("document", r"^\s*(?:- )*[\w.\-/\"']+:(?: |$)", r"^\s*- ", r"^\s*[\[\]{}]", r"^---$"),
    _untold("table", r"^(?:NAMESPACE +)?NAME  +[A-Z]", r"^\S+ {2,}\S+.* {2,}\S+"),
)  # fmt: skip


ROWS: tuple[Row, ...] = (
    *_FAILURES,
    *_RANCHER_ROWS,
    *_SHARED_ROWS,
    *_LATER_ROWS,
    _row("step", END, "^(?:" + "|".join(_STEPS) + ")"),
    _row("later-step", END, "^(?:" + "|".join(_LATER_STEPS) + ")"),
    *_NOTES,
)
"""The table; the first row that fits a line counts."""

STEPS = frozenset({"step", "later-step"})
"""Kinds of which only the last line in a row is of interest."""

AFTER_RANCHER = frozenset(row.kind for row in _LATER_ROWS) | {"rancher-skipped"}
"""Kinds that the script prints only when it is done with Rancher."""

IN_RANCHER = frozenset(row.kind for row in _RANCHER_ROWS if row.line_class in (WAIT, NOTE)) | {
    "upgrading-rancher"
}
"""Kinds that show that the script is at the Rancher step, or was."""


@functools.lru_cache(maxsize=4096)
def classify(text: str) -> tuple[Row, Mapping[str, str]] | None:
    """The row of a line and the fields that it gives; None for a line that no release is known to print."""
    for row in ROWS:
        match = row.expression.search(text)
        if match is not None:
            return row, {**row.fields, **dict(_given(match))}
    return None


def _given(match: re.Match[str]) -> Iterator[tuple[str, str]]:
    for name, value in match.groupdict().items():
        if value is not None:
            yield ("name" if name == "created" else name), value
