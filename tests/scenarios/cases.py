# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be said and done about every scenario of ``doubles.scenarios``: the table.

How a cluster is made ill stands there, under the same name; FM is docs/failure-modes.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

RC_SKIP = ("rc-to-ga-skip-fleet fleet", "rc-to-ga-skip-fleet fleet-crd")
UPGRADE_ALL = ("upgrade-fleet-crd", "upgrade-fleet", "upgrade-rancher-webhook")
# After an unlock Rancher is given the time to do the rest, and only then it is done for it.
UNLOCK_FLEET = (
    "unlock-fleet",
    "nudge",
    "let-rancher-upgrade-fleet",
    "upgrade-fleet",
    "restore-fleet-config",
)
# What the pending revision alone has set would stay without it.
ROLL_BACK_FLEET = ("roll-back-fleet", *UNLOCK_FLEET[1:])
# With the index whole again, Rancher is given the time to do all of it.
FLEET_AFTER_INDEX = (
    "nudge",
    "let-rancher-upgrade-fleet-crd",
    "upgrade-fleet-crd",
    "let-rancher-upgrade-fleet",
    "upgrade-fleet",
)
AFTER_INDEX = (
    *FLEET_AFTER_INDEX,
    "let-rancher-upgrade-rancher-webhook",
    "upgrade-rancher-webhook",
    "restore-fleet-config",
)


RELEASE_SECRET = "delete secrets cattle-fleet-system/sh.helm.release.v1"


@dataclass(frozen=True)
class Case:
    """One scenario on one Rancher, with one helm in the operator's hands, on releases that ``made_by`` has written.

    ``findings`` are all that fail, in their order, each with the name of its object; ``steps`` are
    all steps of the plan in their order; ``instructions`` name the findings of which a part is left
    to a person. Where one round is not enough, these two are of the last, and ``first_steps`` of the one
    before it. ``verdict`` is how an approved run ends; ``deletes`` is what such a run deletes
    besides what helm and the cluster lock delete of their own. The last revisions of the releases
    ``aged`` are made an hour older. With ``rancher_rests`` Rancher does not run during the repair
    and starts only after it.
    """

    scenario: str
    findings: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    instructions: tuple[str, ...] = ()
    first_steps: tuple[str, ...] = ()
    verdict: str = "repaired"
    deletes: tuple[str, ...] = ()
    rancher: str = ""
    helm: int = 3
    made_by: int = 3
    rancher_rests: bool = False
    aged: tuple[str, ...] = ()
    options: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = [self.scenario, self.rancher, f"helm{self.helm}"]
        parts.append(f"on-helm{self.made_by}" if self.made_by != 3 else "")
        parts.append("rancher-rests" if self.rancher_rests else "")
        return "-".join(filter(None, parts))


CASES = (
    Case("healthy", verdict="healthy"),
    Case("still-moving", verdict="moving"),
    Case(
        "rc-to-ga-skip-fleet",
        findings=(*RC_SKIP, "rc-to-ga-skip-exact-chart rancher-webhook"),
        steps=(*UPGRADE_ALL, "restore-fleet-config"),
    ),
    Case(
        "rc-to-ga-skip-exact-chart",
        findings=("rc-to-ga-skip-exact-chart rancher-webhook",),
        steps=("upgrade-rancher-webhook",),
    ),
    Case(
        "pending-upgrade-lock",
        findings=("pending-upgrade-lock fleet",),
        steps=UNLOCK_FLEET,
        deletes=(f"{RELEASE_SECRET}.fleet.v2",),
    ),
    Case("half-applied-lock", findings=("pending-upgrade-lock fleet",), steps=ROLL_BACK_FLEET),
    Case(
        "half-applied-lock", findings=("pending-upgrade-lock fleet",), steps=ROLL_BACK_FLEET, helm=4
    ),
    Case(
        "leftovers-hold-pods",
        findings=("leftovers-hold-pods fleet",),
        aged=("fleet",),
        steps=("remove-leftovers-fleet", "upgrade-fleet", "restore-fleet-config"),
    ),
    Case(
        "pending-install-no-deployed",
        findings=("pending-install-no-deployed fleet",),
        instructions=("pending-install-no-deployed",),
        verdict="needs_human",
    ),
    Case(
        "pending-rollback-lock",
        findings=("pending-rollback-lock fleet",),
        steps=UNLOCK_FLEET,
        deletes=(f"{RELEASE_SECRET}.fleet.v3",),
    ),
    Case(
        "pending-but-right-version",
        findings=("pending-but-right-version fleet",),
        steps=UNLOCK_FLEET,
        deletes=(f"{RELEASE_SECRET}.fleet.v2",),
    ),
    Case(
        "failed-release",
        findings=("failed-release fleet",),
        aged=("fleet",),
        instructions=("failed-release",),
        verdict="needs_human",
    ),
    Case(
        "clusterrepo-stale-index",
        findings=("clusterrepo-stale-index rancher-charts",),
        steps=("refresh-index", *AFTER_INDEX),
        instructions=("clusterrepo-stale-index",),
        # The scripts of Harvester 1.8.1 and later refresh the index themselves.
        rancher="v2.11.2",
    ),
    Case(
        "clusterrepo-or-index-missing",
        findings=("clusterrepo-or-index-missing rancher-charts",),
        steps=("refresh-index", *FLEET_AFTER_INDEX, "restore-fleet-config"),
        instructions=("clusterrepo-or-index-missing",),
    ),
    Case(
        "clusterrepo-index-corrupt",
        findings=("clusterrepo-or-index-missing rancher-charts",),
        steps=("rebuild-index", *AFTER_INDEX),
        instructions=("clusterrepo-or-index-missing",),
        deletes=tuple(
            f"delete configmaps cattle-system/rancher-charts-{chunk}-UID" for chunk in (0, 1)
        ),
    ),
    Case(
        "wrong-version-expected",
        findings=("wrong-version-expected fleet", "wrong-version-expected fleet-crd"),
        instructions=("wrong-version-expected",),
        verdict="needs_human",
    ),
    Case(
        "expected-lower-than-installed",
        findings=(
            "expected-lower-than-installed fleet",
            "expected-lower-than-installed fleet-crd",
        ),
        instructions=("expected-lower-than-installed",),
        verdict="needs_human",
    ),
    Case(
        "server-version-mismatch",
        findings=("server-version-mismatch rancher",),
        instructions=("server-version-mismatch",),
        verdict="needs_human",
    ),
    Case(
        "helm-operation-fails",
        findings=("helm-operation-fails shell-image",),
        steps=("reset-shell-image", "nudge"),
        instructions=("helm-operation-fails",),
        # Rancher watches a pod for a minute, also one that cannot start; then it tries again.
        options={"rancher_grace": 75},
    ),
    Case(
        "fleet-configmap-lost-apiserverurl",
        findings=("fleet-configmap-lost-apiserverurl fleet-controller",),
        steps=("restore-fleet-config",),
    ),
    Case(
        "pinned-values-in-release",
        findings=(
            *RC_SKIP,
            "rc-to-ga-skip-exact-chart rancher-webhook",
            "pinned-values-in-release fleet",
        ),
        steps=(*UPGRADE_ALL, "restore-fleet-config"),
        options={"accept": ["pinned-values-in-release"]},
    ),
    Case(
        "rancher-phase-skipped",
        findings=(
            "bundle-or-managedchart-modified harvester",
            *RC_SKIP,
            "rc-to-ga-skip-exact-chart rancher-webhook",
            "rancher-phase-skipped hvst-upgrade-x7k2p-apply-manifests",
        ),
        steps=(*UPGRADE_ALL, "nudge", "restore-fleet-config", "create-stv-aggregation"),
        instructions=("bundle-or-managedchart-modified",),
    ),
    Case(
        "clusterrepos-deleted-retry-trap",
        findings=("clusterrepos-deleted-retry-trap hvst-upgrade-x7k2p-apply-manifests",),
        steps=("create-cluster-repos",) * 3,
        # The Job's back-off before its next pod is up to six minutes.
        options={"verify_timeout": 400},
    ),
    Case(
        "job-backoff-limit",
        findings=(
            "job-backoff-limit hvst-upgrade-x7k2p",
            *RC_SKIP,
            "rc-to-ga-skip-exact-chart rancher-webhook",
        ),
        steps=(*UPGRADE_ALL, "restore-fleet-config"),
        instructions=("job-backoff-limit",),
        verdict="needs_human",
    ),
    Case(
        "helm-cannot-read-last-revision",
        findings=(
            "helm-cannot-read-last-revision fleet",
            "rc-to-ga-skip-fleet fleet-crd",
            "rc-to-ga-skip-exact-chart rancher-webhook",
        ),
        steps=("upgrade-fleet-crd", "upgrade-rancher-webhook"),
        instructions=("helm-cannot-read-last-revision",),
        verdict="needs_human",
    ),
    Case(
        "legacy-capi-webhooks",
        findings=("legacy-capi-webhooks mutating-webhook-configuration",),
        steps=("delete-legacy-capi-webhooks",) * 2,
        deletes=(
            "delete mutatingwebhookconfigurations mutating-webhook-configuration",
            "delete validatingwebhookconfigurations validating-webhook-configuration",
        ),
        rancher="v2.14.0",
    ),
    Case(
        "plan-skip-restart-stuck",
        findings=("plan-skip-restart-stuck hvst-upgrade-x7k2p-skip-restart-rancher-system-agent",),
        steps=("restart-system-upgrade-controller",),
    ),
    Case(
        "fleet-agent-not-redeployed",
        findings=("fleet-agent-not-redeployed local",),
        steps=("redeploy-fleet-agent",),
        instructions=("fleet-agent-not-redeployed",),
    ),
    Case(
        "bundle-errapplied-operation-in-progress",
        findings=("bundle-errapplied-operation-in-progress mcc-harvester",),
        steps=("roll-back-harvester", "resync-bundle"),
        options={"accept": ["bundle-errapplied-operation-in-progress"]},
    ),
    Case(
        # Seen on the upgrade after the one that should have set it.
        "missing-workspace-holds-plan",
        findings=(
            "missing-fleetworkspacename local",
            "plan-skip-restart-stuck hvst-upgrade-x7k2p-skip-restart-rancher-system-agent",
        ),
        steps=("set-fleet-workspace-name", "restart-system-upgrade-controller"),
    ),
    Case(
        "upstream-chart-pending",
        findings=("pending-upgrade-lock fleet",),
        steps=UNLOCK_FLEET,
        deletes=(f"{RELEASE_SECRET}.fleet.v2",),
    ),
    Case(
        "lock-and-skip-and-lost-url",
        findings=(
            "pending-upgrade-lock fleet",
            "rc-to-ga-skip-fleet fleet-crd",
            "rc-to-ga-skip-exact-chart rancher-webhook",
            "fleet-configmap-lost-apiserverurl fleet-controller",
        ),
        steps=("unlock-fleet", *UPGRADE_ALL, "restore-fleet-config"),
        deletes=(f"{RELEASE_SECRET}.fleet.v2",),
    ),
    Case(
        "stale-index-and-lock",
        findings=("clusterrepo-stale-index rancher-charts", "pending-upgrade-lock fleet"),
        steps=("unlock-fleet", "refresh-index", *AFTER_INDEX),
        instructions=("clusterrepo-stale-index",),
        deletes=(f"{RELEASE_SECRET}.fleet.v2",),
        rancher="v2.11.2",
    ),
)

# What looks like one of the above to an operator, and is handled the same way.
LOOKALIKES = (
    Case(
        "bad-rancher-config",
        findings=("missing-priorityclass-or-bad-rancher-config rancher-config",),
        instructions=("missing-priorityclass-or-bad-rancher-config",),
        verdict="needs_human",
    ),
    Case(
        "fleet-agent-absent",
        findings=("fleet-agent-kind-or-absent fleet-agent",),
        instructions=("fleet-agent-kind-or-absent",),
        verdict="needs_human",
    ),
    Case(
        "helm-operation-too-old",
        findings=("helm-operation-fails shell-image",),
        steps=("reset-shell-image", "nudge"),
        instructions=("helm-operation-fails",),
    ),
    Case(
        # The script sets the field itself right after the Rancher step, so it is no finding before.
        "missing-fleetworkspacename",
        findings=(*RC_SKIP, "rc-to-ga-skip-exact-chart rancher-webhook"),
        steps=(*UPGRADE_ALL, "restore-fleet-config"),
    ),
)

# Rancher alone builds an index, so those modes cannot be repaired without it.
RANCHER_RESTS = tuple(
    replace(case, rancher_rests=True)
    for case in CASES
    if case.scenario
    in (
        "rc-to-ga-skip-exact-chart",
        "pending-upgrade-lock",
        "pending-rollback-lock",
        "pending-but-right-version",
        "fleet-configmap-lost-apiserverurl",
    )
)

# Releases that Helm 4 has written were applied server-side, and Rancher runs that Helm there, too.
PAIRS = ((3, 4), (4, 3), (4, 4))
LET_RANCHER = "let-rancher-upgrade-"
# What these remove kept Rancher, or the job before it, from the releases.
RANCHER_IS_NEXT = {"reset-shell-image", "create-cluster-repos", "restart-system-upgrade-controller"}


def on_releases_of(made_by: int, case: Case) -> Case:
    """The case on releases that another Helm has written.

    Harvester writes fleet's configuration, too. What was applied server-side Rancher's own helm cannot upgrade then, so
    it is not waited for; where Rancher has to try again for another reason, it fails at them and is helped.
    """
    if made_by == 4 and RANCHER_IS_NEXT & set(case.steps):
        helped = ("upgrade-fleet", "restore-fleet-config")
        return replace(case, made_by=made_by, first_steps=case.steps, steps=helped, instructions=())
    waits = [step for step in case.steps if step.startswith(LET_RANCHER)]
    steps = case.steps
    if made_by == 4 and f"{LET_RANCHER}fleet" in waits:
        left_out = {f"{LET_RANCHER}fleet", *(("nudge",) if len(waits) == 1 else ())}
        steps = tuple(step for step in steps if step not in left_out)
    return replace(case, made_by=made_by, steps=steps)


# Where Helm 4 makes the releases, the first fails for two reasons, one after the other: its pods, and fields of Harvester;
# see test_fields_of_others.py. The second does not move then, for these fields refuse Rancher's helm at once. The third is
# not ill: the next server-side apply takes away what was left.
OF_HELM_3_ONLY = ("failed-release", "still-moving", "leftovers-hold-pods")

OTHER_PAIRS = tuple(
    replace(on_releases_of(made_by, case), helm=helm)
    for made_by, helm in PAIRS
    for case in (*CASES, *LOOKALIKES)
    if made_by == 3 or case.scenario not in OF_HELM_3_ONLY
)
