# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the Rancher step of the job needs: its ClusterRepos, the chart index, the shell image, a readable rancher-config
(FM 6.8, 6.9, 6.13, 6.23, 6.25)."""

from __future__ import annotations

import re

from .._diagnosis.facts.decisions import server_version
from .._diagnosis.facts.index import OK, index_state
from .._diagnosis.facts.shell_image import rancher_config_state, shell_image
from .._documents.evidence import Evidence
from .._harvester.upgrade_path.release_table import HarvesterRelease
from .._rancher.decision.rancher_version import RancherVersion
from .._rancher.decision.system_charts import default_shell_images
from .check import FAIL, PASS, UNKNOWN, WARN, Check
from .questions import rancher_step_runs

# The job deletes them without --ignore-not-found under `bash -e` (FM 1.7 step 6).
_DELETED_REPOS = ("rancher-charts", "rancher-rke2-charts", "rancher-partner-charts")
_DELETED_SETTING = "chart-default-branch"
#: The scripts of Harvester 1.4 to 1.6 undo exactly this pin (FM 1.7 step 3).
_UNDONE_PIN, _UNDOING_LINES = "rancher/shell:v0.1.26", ((1, 4), (1, 5), (1, 6))
_RESET = (
    """kubectl patch settings.management.cattle.io shell-image --type merge -p '{"value":""}'"""
)
_TAG = re.compile(r"v(\d{1,6})\.(\d{1,6})\.(\d{1,6})")


def catalog_checks(evidence: Evidence, target: HarvesterRelease) -> list[Check]:
    """All of them; what could not be read is unknown."""
    runs = rancher_step_runs(server_version(evidence), target)
    return [
        *(_deleted_objects(evidence) if runs else []),
        *_index(evidence),
        *_shell_image(evidence, target),
        *_rancher_config(evidence),
    ]


def _deleted_objects(evidence: Evidence) -> list[Check]:
    checks = []
    if evidence.readable("cluster_repos"):
        gone = [name for name in _DELETED_REPOS if evidence.cluster_repo(name) is None]
        checks += [_missing(f"ClusterRepo/{name}") for name in gone]
    if evidence.readable("settings") and _DELETED_SETTING not in (evidence.settings or {}):
        checks.append(_missing(f"Setting/{_DELETED_SETTING}"))
    if not checks and evidence.readable("cluster_repos", "settings"):
        message = "The ClusterRepos and the Setting that the job deletes are there."
        checks.append(Check("catalog-objects", PASS, "ClusterRepo/rancher-charts", message))
    return checks


def _missing(subject: str) -> Check:
    message = f"{subject} does not exist; the upgrade job deletes it, and dies when there is nothing to delete."
    what = "Restart the Rancher Deployment (it creates it again), or create it by hand."
    return Check("catalog-objects", FAIL, subject, message, what, "6.25")


def _index(evidence: Evidence) -> list[Check]:
    subject, state = "ClusterRepo/rancher-charts", index_state(evidence)
    if state == OK:
        return [Check("chart-index", PASS, subject, "Rancher's chart index is readable.")]
    if state == "unknown":
        return []
    message = f"Rancher's chart index is {state}: whatever kept it from being built can do so again after the upgrade."
    what = "See why in the condition Downloaded of ClusterRepo rancher-charts; of git's failures Rancher's log says nothing."
    return [Check("chart-index", WARN, subject, message, what, "6.9")]


def _shell_image(evidence: Evidence, target: HarvesterRelease) -> list[Check]:
    subject = "Setting/shell-image"
    if not evidence.readable("settings"):
        return []
    state = shell_image(evidence)
    pin = state.value
    deployed = state.environment if state.in_deployment else None
    checks = [_environment(str(deployed))] if deployed else []
    doubt = evidence.setting("shell-image").doubt
    if doubt:
        return [
            *checks,
            Check("shell-image", UNKNOWN, subject, f"What it pins is unknown: {doubt}."),
        ]
    if not pin:
        return [*checks, Check("shell-image", PASS, subject, "The shell image is not pinned.")]
    if pin == _UNDONE_PIN and _is_undone_by(target):
        message = f"It pins {pin}, which the scripts of {target.version} undo by themselves."
        return [*checks, Check("shell-image", PASS, subject, message)]
    rancher = RancherVersion.parse(target.rancher)
    defaults = default_shell_images(rancher) if rancher else ()
    outcome, why = _judge_pin(pin, defaults, target)
    message = f"It pins {pin}: {why}"
    what = f"Take the pin away: {_RESET}" if outcome != PASS else ""
    return [*checks, Check("shell-image", outcome, subject, message, what, "6.13")]


def _judge_pin(pin: str, defaults: tuple[str, ...], target: HarvesterRelease) -> tuple[str, str]:
    if not defaults:
        return UNKNOWN, f"which image {target.version} needs is not known."
    wanted = " or ".join(defaults)
    if pin in defaults:
        return PASS, f"the default of Rancher {target.rancher}."
    carried = [f"rancher/shell:{tag}" for tag in target.shell_images]
    if pin in carried:
        return WARN, f"{target.version} carries it, but its Rancher means to use {wanted}."
    nowhere = "an air-gapped node cannot pull it" if carried else "it may not be on the nodes"
    if _is_older(pin, defaults):
        return (
            FAIL,
            f"its helm is older than Rancher {target.rancher} needs ({wanted}), and {nowhere}.",
        )
    return WARN, f"Rancher {target.rancher} means to use {wanted}, and {nowhere}."


def _is_older(pin: str, defaults: tuple[str, ...]) -> bool:
    tags = [_tag(image) for image in (pin, *defaults)]
    return tags[0] is not None and all(tag is not None and tags[0] < tag for tag in tags[1:])


def _tag(image: str) -> tuple[int, ...] | None:
    match = _TAG.fullmatch(image.rpartition(":")[2])
    return tuple(int(part) for part in match.groups()) if match else None


def _is_undone_by(target: HarvesterRelease) -> bool:
    match = _TAG.match(target.version)
    return match is not None and (int(match[1]), int(match[2])) in _UNDOING_LINES


def _environment(image: str) -> Check:
    message = f"Deployment/cattle-system/rancher sets CATTLE_SHELL_IMAGE={image}, which outlives the upgrade."
    what = "Take it out of extraEnv in the values of the release rancher."
    return Check("shell-image", WARN, "Deployment/cattle-system/rancher", message, what, "6.13")


def _rancher_config(evidence: Evidence) -> list[Check]:
    state = rancher_config_state(evidence)
    subject = "ConfigMap/cattle-system/rancher-config"
    checks = []
    if state.priority_class_missing:
        named_by = f"ConfigMap/cattle-system/{state.priority_class_map}"
        message = f"It names the PriorityClass {state.priority_class}, which does not exist: no pod of Fleet would start."
        checks.append(
            Check("rancher-config", FAIL, named_by, message, "Create the PriorityClass.", "6.23")
        )
    for chart, error in sorted(state.errors.items()):
        message = f"Its values for {chart} are no YAML mapping ({error}): Rancher does not touch the chart."
        checks.append(
            Check("rancher-config", FAIL, subject, message, f"Correct the key {chart}.", "6.23")
        )
    if evidence.rancher_config and not checks:
        checks.append(Check("rancher-config", PASS, subject, "Its values can be read."))
    return checks
