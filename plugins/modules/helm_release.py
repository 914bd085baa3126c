#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: helm_release
short_description: Upgrade, roll back, unlock or clean one Helm release, with preconditions
version_added: 0.1.0
description:
  - Does one thing to one existing release, if the release still is what the caller has seen, and reads
    afterwards from the cluster whether it happened. Helm's own word is not taken for it.
  - A release is never uninstalled and never installed.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  state:
    description:
      - V(upgraded) upgrades to O(chart_version) out of the archive O(chart_path). A release whose last
        revision is pending is refused.
      - V(rolled_back) rolls back to O(revision), which must decode, be deployed or superseded and of the
        same chart. A pending last revision must be nobody's, as with V(unlocked).
      - V(unlocked) deletes the Secret of the last revision if that is pending, and nothing else. It must
        be nobody's (no helm operation runs on the release and it is older than O(stale_after)), and the
        backup must hold it.
      - V(cleaned) removes from the live objects of a deployed or failed release what Helm leaves behind
        when a revision is removed or fails, fields that only helm owns and that the manifest does not have,
        and objects that carry Helm's ownership annotations of the release and that no manifest lists.
        CustomResourceDefinitions, namespaces and persistent volumes are never deleted.
      - V(upgraded) and V(rolled_back) do the same before and after Helm's work.
    type: str
    choices: [upgraded, rolled_back, unlocked, cleaned]
    required: true
  expected_revision:
    description:
      - Number of the last revision that the caller has seen. The module fails, with what it saw, when
        there is another one and the state asked for is not reached already.
      - Required with V(unlocked).
    type: int
  expected_uid:
    description: UID of the last revision's Secret that the caller has seen.
    type: str
  expected_resource_version:
    description: Resource version of the last revision's Secret that the caller has seen.
    type: str
  values:
    description:
      - With V(upgraded), exactly the values to use. Values of earlier revisions are never reused.
      - They are not logged; the result shows them, with C(--diff), with secrets replaced.
      - Without it they are computed as M(harvester_ops.remediation.rancher_values_info) does, so that Rancher
        finds nothing to do afterwards.
    type: dict
  take_ownership:
    description:
      - With V(upgraded), whether helm may adopt objects of the chart that belong to no release or to
        another one. V(when_refused) allows it only after helm has complained about ownership.
    type: str
    choices: [never, when_refused, always]
    default: when_refused
  force:
    description:
      - Force changes. Of a release that was applied server-side, fields that other managers have set are
        overridden. The objects of a release that was applied by the client are replaced.
      - Without it the module fails with C(field-conflict) before it changes a release that was applied
        server-side, when the chart sets fields that another manager has set to other values. Fields that are
        known to be shared are taken over all the same, and put back right after helm where no other step does it.
      - It does not help against immutable fields, with neither Helm; such an object must be deleted.
    type: bool
    default: false
  revision:
    description: With V(rolled_back), the revision to go back to.
    type: int
  revision_uid:
    description: With V(rolled_back), UID that the Secret of O(revision) must have.
    type: str
  stale_after:
    description:
      - With V(unlocked) and V(rolled_back), seconds after which a pending revision counts as abandoned,
        from the time at which Helm began it or its Secret was made, whichever is later.
    type: int
    default: 600
  backup_path:
    description:
      - With V(unlocked), a file of the backup set with the Secret in YAML or JSON, alone, in a list or
        among other documents. It is read and compared before anything is deleted.
    type: path
  backup_sha256:
    description: With V(unlocked), the SHA-256 of O(backup_path) as it was when it was written.
    type: str
  backup_content_sha256:
    description:
      - With V(unlocked), instead of O(backup_path) for a backup set that is encrypted or in the cluster only,
        the C(content_sha256) that M(harvester_ops.remediation.remediation_backup) returns for the Secret.
    type: str
  wait:
    description: Whether helm waits until the objects of the release are ready.
    type: bool
    default: true
  timeout:
    description:
      - Seconds in which something must change while helm waits for the objects of the release and its hooks. A rollout
        that makes progress gets twice that time from helm.
      - What cannot become ready (no node for a pod, no image, a quota) is given up after four tenths of that time.
      - helm itself is stopped after four times that time and a minute, whatever becomes of this module.
    type: int
    default: 300
  history_max:
    description:
      - Revisions that helm keeps, V(0) for all. In namespace C(harvester-system) all are kept, because
        deleting such Secrets has been refused there.
    type: int
    default: 5
  lock_holder:
    description:
      - Holder of the cluster lock. Right before helm is started, the lock is renewed for as long as that
        helm can live, which goes on when this module is killed. The module fails with the error C(lock-lost)
        when this holder does not hold it (any more).
      - Without it no lock is held.
    type: str
extends_documentation_fragment:
  - harvester_ops.remediation.release
  - harvester_ops.remediation.release.values
  - harvester_ops.remediation.release.chart
  - harvester_ops.remediation.kubernetes_auth
  - harvester_ops.remediation.helm
  - harvester_ops.remediation.attributes
notes:
  - Values are never returned. With C(--diff) they are shown with secrets replaced.
  - helm is not needed for O(state=unlocked) and O(state=cleaned).
attributes:
  check_mode:
    support: full
    details:
      - helm runs with C(--dry-run=server), and deletion is sent to the API server as dry run.
  diff_mode:
    support: full
    details:
      - Shown are versions, values and the objects that change, with secrets replaced. In check mode the objects
        are those that helm renders with C(--dry-run=server).
  idempotent:
    support: full
seealso:
  - module: harvester_ops.remediation.helm_release_info
  - module: harvester_ops.remediation.rancher_chart
  - module: harvester_ops.remediation.rancher_values_info
"""

EXAMPLES = r"""
---
- name: Upgrade fleet from a release candidate to the release
  harvester_ops.remediation.helm_release:
    namespace: cattle-fleet-system
    release: fleet
    state: upgraded
    expected_revision: 4
    chart_version: 106.0.0+up0.12.0
    chart_path: "{{ fleet_chart.path }}"
    chart_digest: "{{ fleet_chart.sha256 }}"

- name: Unlock fleet, whose upgrade was killed hours ago
  harvester_ops.remediation.helm_release:
    namespace: cattle-fleet-system
    release: fleet
    state: unlocked
    expected_revision: 5
    backup_path: "{{ backup.path }}/secrets/sh.helm.release.v1.fleet.v5.yaml"
    backup_sha256: "{{ backup.sha256 }}"

- name: Roll fleet back to the revision that worked
  harvester_ops.remediation.helm_release:
    namespace: cattle-fleet-system
    release: fleet
    state: rolled_back
    revision: 4
    expected_revision: 5

- name: Remove the nodeSelector that a removed revision of fleet has left behind
  harvester_ops.remediation.helm_release:
    namespace: cattle-fleet-system
    release: fleet
    state: cleaned
    expected_revision: 6
"""

RETURN = r"""
before:
  description:
    - The last revision as it was found, without values; null when there was none.
    - Its keys are those of the revisions of M(harvester_ops.remediation.helm_release_info).
  returned: success
  type: dict
  sample:
    revision: 4
    status: deployed
    chart_name: fleet
    chart_version: 106.0.0+up0.12.0-rc.3
after:
  description: The last revision as it is now; in check mode as it would be, as far as that can be told.
  returned: success
  type: dict
  sample:
    revision: 5
    status: deployed
    chart_name: fleet
    chart_version: 106.0.0+up0.12.0
leftovers:
  description:
    - Fields and objects that earlier revisions have left behind. Values have secrets replaced.
    - In check mode, what would be removed as far as the API server can tell.
  returned: success
  type: list
  elements: dict
  contains:
    object:
      description: The object, as C(Kind/namespace/name).
      type: str
    field:
      description: Path of the field; empty for a whole object.
      type: str
    value:
      description: The start of its value.
      type: str
    revision:
      description: The revision that set it, as far as that can be known.
      type: int
    outcome:
      description: V(removed), or V(refused) when the API server did not allow that.
      type: str
    reason:
      description: What the API server said.
      type: str
  sample:
    - object: Deployment/cattle-fleet-system/fleet-controller
      field: spec.template.spec.nodeSelector
      value: "{'disktype': 'ssd'}"
      revision: 5
      outcome: removed
      reason: ""
took_ownership:
  description: Whether helm was allowed to adopt objects.
  returned: success
  type: bool
note:
  description: What else a person should know, for example that helm failed and the release is deployed anyway.
  returned: success
  type: str
pinned_keys:
  description: With O(state=upgraded), values that still pin images or versions.
  returned: success
  type: list
  elements: str
helm:
  description: The helm program, its version, and how many times it was started.
  returned: success
  type: dict
  sample:
    path: /usr/local/bin/helm
    version: v3.22.0
    runs: 2
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ..module_utils._core.errors import RemediationError
from ..module_utils._core.redaction import redact, redact_text
from ..module_utils._helm.change import ReleaseChange
from ..module_utils._helm.clean import CleanRequest, clean
from ..module_utils._helm.cli import HelmCli, find_helm
from ..module_utils._helm.expectation import Expectation, history_max
from ..module_utils._helm.manifest_diff import manifest_diff
from ..module_utils._helm.options import CHART, HELM, RELEASE, VALUES
from ..module_utils._helm.outcome import Outcome
from ..module_utils._helm.patience import Patience
from ..module_utils._helm.rollback import RollbackRequest, roll_back
from ..module_utils._helm.storage import Revision
from ..module_utils._helm.unlock import Backup, SealedBackup, UnlockRequest, unlock
from ..module_utils._helm.upgrade import UpgradeRequest, upgrade
from ..module_utils._kube.auth import helm_environment
from ..module_utils._module import ModuleContext, run_module
from ..module_utils._rancher.charts.archive import verify_archive
from ..module_utils._rancher.server.live_actor import actor_finder
from ..module_utils._rancher.server.upgrade_values import upgrade_values
from ..module_utils._rancher.values.computed import pinned_keys
from ..module_utils._run.cluster_lock import LockRequest, renew

ARGUMENT_SPEC: dict[str, Any] = {
    **RELEASE,
    **VALUES,
    **CHART,
    **HELM,
    "state": {
        "type": "str",
        "choices": ["upgraded", "rolled_back", "unlocked", "cleaned"],
        "required": True,
    },
    "expected_revision": {"type": "int"},
    "expected_uid": {"type": "str"},
    "expected_resource_version": {"type": "str"},
    "values": {"type": "dict", "no_log": True},
    "take_ownership": {
        "type": "str",
        "choices": ["never", "when_refused", "always"],
        "default": "when_refused",
    },
    "force": {"type": "bool", "default": False},
    "revision": {"type": "int"},
    "revision_uid": {"type": "str"},
    "stale_after": {"type": "int", "default": 600},
    "backup_path": {"type": "path"},
    "backup_sha256": {"type": "str"},
    "backup_content_sha256": {"type": "str"},
    "wait": {"type": "bool", "default": True},
    "timeout": {"type": "int", "default": 300},
    "history_max": {"type": "int", "default": 5},
    "lock_holder": {"type": "str"},
}


# The clocks of helm's machine and of the API server need not agree to the second.
_LOCK_MARGIN = 60


@dataclass(frozen=True)
class _Done:
    """An outcome with what the states add: the values used, and the helm that ran."""

    outcome: Outcome
    values: dict[str, Any] | None = None
    helm: HelmCli | None = None


def _change(context: ModuleContext) -> ReleaseChange:
    params = context.params
    return ReleaseChange(
        namespace=params["namespace"],
        release=params["release"],
        timeout=params["timeout"],
        wait=params["wait"],
        history_max=history_max(params["namespace"], params["history_max"]),
        force=params["force"],
        dry_run=context.check_mode,
    )


def _renew_lock(context: ModuleContext) -> Callable[[float], object]:
    """What renews the cluster lock for some seconds and a minute, if there is a holder."""
    holder = context.params["lock_holder"]

    def renew_for(seconds: float) -> None:
        if holder:
            duration = int(seconds) + _LOCK_MARGIN
            renew(context.client(), LockRequest(holder, duration_seconds=duration))

    return renew_for


def _helm(context: ModuleContext, executable: str, environment: Mapping[str, str]) -> HelmCli:
    return HelmCli(
        executable,
        environment,
        tmpdir=context.tmpdir,
        before_change=_renew_lock(context),
        watch=lambda change: Patience(
            context.client(), change.namespace, change.release, change.timeout
        ).ends,
    )


def _expectation(params: dict[str, Any]) -> Expectation:
    return Expectation(
        params["expected_revision"], params["expected_uid"], params["expected_resource_version"]
    )


def _upgraded(context: ModuleContext, given: dict[str, Any] | None) -> _Done:
    params = context.params
    chart, version = params["chart"] or params["release"], params["chart_version"]
    path = Path(params["chart_path"])
    verify_archive(
        path, chart, version, digest=params["chart_digest"], app_version=params["app_version"]
    )
    executable = find_helm(params["helm_binary"])
    values = upgrade_values(context.client(), chart, params) if given is None else given
    request = UpgradeRequest(
        change=_change(context),
        chart_path=path,
        chart_name=chart,
        chart_version=version,
        values=values,
        take_ownership=params["take_ownership"],
        expected=_expectation(params),
    )
    with helm_environment(params, tmpdir=context.tmpdir) as environment:
        cli = _helm(context, executable, environment)
        return _Done(upgrade(context.client(), cli, request), values, cli)


def _rolled_back(context: ModuleContext) -> _Done:
    params, client = context.params, context.client()
    executable = find_helm(params["helm_binary"])
    request = RollbackRequest(
        change=_change(context),
        revision=params["revision"],
        revision_uid=params["revision_uid"],
        stale_after=params["stale_after"],
        expected=_expectation(params),
    )
    with helm_environment(params, tmpdir=context.tmpdir) as environment:
        cli = _helm(context, executable, environment)
        return _Done(roll_back(client, cli, request, actor_finder(client)), None, cli)


def _unlocked(context: ModuleContext) -> _Done:
    params, client = context.params, context.client()
    backup: Backup | SealedBackup | None = None
    if params["backup_path"]:
        backup = Backup(Path(params["backup_path"]), params["backup_sha256"])
    elif params["backup_content_sha256"]:
        backup = SealedBackup(params["backup_content_sha256"])
    request = UnlockRequest(
        namespace=params["namespace"],
        release=params["release"],
        expected=_expectation(params),
        backup=backup,
        stale_after=params["stale_after"],
        dry_run=context.check_mode,
        find_actor=actor_finder(client),
    )
    return _Done(unlock(client, request))


def _cleaned(context: ModuleContext) -> _Done:
    params = context.params
    request = CleanRequest(
        namespace=params["namespace"],
        release=params["release"],
        dry_run=context.check_mode,
        expected=_expectation(params),
    )
    return _Done(clean(context.client(), request))


def _act(context: ModuleContext, values: dict[str, Any] | None) -> _Done:
    state = context.params["state"]
    if state == "upgraded":
        return _upgraded(context, values)
    acts = {"rolled_back": _rolled_back, "unlocked": _unlocked, "cleaned": _cleaned}
    return acts[state](context)


def _diff_side(revision: Revision | None, values: dict[str, Any] | None) -> dict[str, Any]:
    if revision is None:
        return {}
    document = {
        key: getattr(revision, key)
        for key in ("revision", "status", "chart_name", "chart_version", "app_version")
    }
    return {**document, "values": redact(dict(revision.config) if values is None else values)}


def _diff(context: ModuleContext, done: _Done) -> dict[str, Any]:
    outcome = done.outcome
    before = _diff_side(outcome.before, None)
    after = _diff_side(outcome.after, done.values)
    if outcome.leftovers:
        before["leftovers"] = [each.to_dict() for each in outcome.leftovers]
        after["leftovers"] = [
            each.to_dict() for each in outcome.leftovers if each.outcome != "removed"
        ]
    if outcome.changed and outcome.before and outcome.after:
        rendered = outcome.after.manifest if outcome.rendered is None else outcome.rendered
        before["objects"], after["objects"] = manifest_diff(outcome.before.manifest, rendered)
    if context.check_mode and outcome.changed and context.params["state"] == "upgraded":
        after.update(_prospect(context.params, outcome.before))
    return {"before": before, "after": after}


def _prospect(params: dict[str, Any], before: Revision | None) -> dict[str, Any]:
    """What an upgrade in check mode leads to."""
    return {
        "revision": before.revision + 1 if before else 1,
        "status": "deployed",
        "chart_name": params["chart"] or params["release"],
        "chart_version": params["chart_version"],
        "app_version": params["app_version"],
    }


def _result(context: ModuleContext, done: _Done) -> dict[str, Any]:
    result = done.outcome.to_dict()
    result["note"] = redact_text(result["note"])
    if context.check_mode and done.outcome.changed and context.params["state"] == "upgraded":
        result["after"] = {**result["after"], **_prospect(context.params, done.outcome.before)}
    if done.values is not None:
        result["pinned_keys"] = list(pinned_keys(done.values))
    helm = done.helm
    result["helm"] = helm and {
        "path": helm.program,
        "version": helm.known_version,
        "runs": helm.runs,
    }
    if context.diff:
        result["diff"] = _diff(context, done)
    return result


def _redacted_details(details: dict[str, Any]) -> dict[str, Any]:
    """Only what comes from helm is free text; the rest are names and numbers that must stay legible."""
    return {key: redact_text(value) if key == "line" else value for key, value in details.items()}


def handle(context: ModuleContext) -> dict[str, Any]:
    """Bring the release into the state asked for."""
    values = context.take("values")
    try:
        return _result(context, _act(context, values))
    except RemediationError as error:
        # What helm says may quote values.
        raise RemediationError(
            error.code,
            redact_text(error.message),
            error.remedy,
            retryable=error.retryable,
            details=_redacted_details(error.details),
        ) from error


def main() -> NoReturn:
    """Run the module."""
    run_module(
        ARGUMENT_SPEC,
        handle,
        required_if=[
            ("state", "upgraded", ["chart_version", "chart_path"]),
            ("state", "rolled_back", ["revision"]),
            ("state", "unlocked", ["expected_revision"]),
        ],
        required_together=[("backup_path", "backup_sha256")],
        mutually_exclusive=[("backup_path", "backup_content_sha256")],
    )


if __name__ == "__main__":
    main()
