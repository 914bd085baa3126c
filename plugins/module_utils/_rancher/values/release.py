# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values a release is to be upgraded with: its own, with what Rancher would pass laid over them.

They are made so that Rancher, when it looks next, finds nothing to do (FM 2.5, rows 3 and 6).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..._core.errors import RemediationError
from ..._helm.storage import Revision
from ..._kube.paths import api, core
from ..decision.decide import Action, decide
from ..decision.rancher_version import RancherVersion
from ..decision.settings import (
    VALUE_SETTINGS,
    RancherEnvironment,
    container_environment,
    read_setting,
)
from ..decision.situation import InstalledRelease, Situation
from ..decision.system_charts import CHART_NAMES
from .computed import (
    PRIORITY_CLASS_KEY,
    RANCHER_CONFIG,
    RancherValues,
    ValueInputs,
    is_control_plane,
    merged_values,
    pinned_keys,
    rancher_values,
    tolerations_of,
    without_pinned_keys,
)
from .sources import Layers, SourcedValue, sourced_values

if TYPE_CHECKING:
    from ..._kube.client import KubeClient

MANAGEMENT_API = "management.cattle.io/v3"
CATTLE_SYSTEM = "cattle-system"
RANCHER_CONTAINER = "rancher"
RANCHER_CHART = "rancher"
_MAX_PASSES = 4

Object = Mapping[str, Any]


@dataclass(frozen=True)
class RancherState:
    """What Rancher's values depend on, as it is in the cluster now."""

    version: str
    inputs: ValueInputs
    tolerations: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class ReleaseValues:
    """Values for an upgrade; they may hold secrets.

    C(base_revision) is the revision whose own values were taken, C(pinned_keys) the pinning keys
    still in C(values), C(dropped) what was left out of the release's own. C(rests) tells whether
    Rancher finds nothing to do after an upgrade with them; C(warnings) say why not.
    """

    values: Mapping[str, Any]
    sources: tuple[SourcedValue, ...]
    pinned_keys: tuple[str, ...]
    dropped: tuple[str, ...]
    base_revision: int | None
    warnings: tuple[str, ...] = ()
    rests: bool = True


def _part(obj: Object, *keys: str) -> Any:
    current: Any = obj
    for key in keys:
        current = current.get(key) if isinstance(current, Mapping) else None
    return current


def _name(obj: Object) -> str:
    return str(_part(obj, "metadata", "name") or "")


def _settings(client: KubeClient, environment: RancherEnvironment) -> dict[str, str]:
    """The text Rancher reads for each Setting; raises values-invalid when that is not known of one it passes on."""
    found = client.list(api(MANAGEMENT_API, "settings"))
    read = {_name(each): read_setting(_name(each), each, environment) for each in found}
    for name in sorted(VALUE_SETTINGS & set(read)):
        if read[name].doubt:
            raise RemediationError(
                "values-invalid",
                f"What Rancher reads for Setting/{name} is not known: {read[name].doubt}.",
                "Allow the account create and get on pods/exec in namespace cattle-system, or give the values yourself"
                " (option values).",
            )
    return {name: each.text for name, each in read.items()}


def _features(client: KubeClient) -> dict[str, bool]:
    features = {}
    for each in client.list(api(MANAGEMENT_API, "features")):
        choices = (
            _part(each, "status", "lockedValue"),
            _part(each, "spec", "value"),
            _part(each, "status", "default"),
        )
        features[_name(each)] = bool(next((value for value in choices if value is not None), False))
    return features


def _config_map(client: KubeClient, name: str) -> dict[str, str]:
    try:
        found = client.get(core("v1", "configmaps", CATTLE_SYSTEM, name))
    except RemediationError as error:
        if error.code == "not-found":
            return {}
        raise
    return {str(key): str(value) for key, value in (found.get("data") or {}).items()}


def _rancher_config(client: KubeClient, priority_map: str) -> dict[str, str]:
    """The documents of the charts, and the PriorityClass, which may come from another map than they do."""
    config = _config_map(client, RANCHER_CONFIG)
    if priority_map == RANCHER_CONFIG:
        return config
    priority = _config_map(client, priority_map).get(PRIORITY_CLASS_KEY)
    documents = {key: value for key, value in config.items() if key != PRIORITY_CLASS_KEY}
    return documents if priority is None else {**documents, PRIORITY_CLASS_KEY: priority}


def _deployed_environment(client: KubeClient) -> RancherEnvironment:
    deployment = client.get(api("apps/v1", "deployments", CATTLE_SYSTEM, "rancher"))
    containers = _part(deployment, "spec", "template", "spec", "containers") or []
    named = (each for each in containers if each.get("name") == RANCHER_CONTAINER)
    return container_environment(next(named, {}))


def _tolerations(client: KubeClient) -> tuple[Mapping[str, Any], ...]:
    nodes = client.list(core("v1", "nodes"))
    return tolerations_of(
        {
            "control_plane": is_control_plane(_part(node, "metadata", "labels") or {}),
            "taints": _part(node, "spec", "taints") or [],
        }
        for node in nodes
    )


def read_rancher_state(
    client: KubeClient, process: Mapping[str, str] | None = None
) -> RancherState:
    """Read what Rancher's values depend on. Raises RemediationError: a guess is never made.

    C(process) is the environment of the leader's process; null when it could not be read.
    """
    environment = _deployed_environment(client)
    if process is not None:
        environment = RancherEnvironment(process, complete=True)
    settings = _settings(client, environment)
    version = RancherVersion.parse(settings.get("server-version"))
    if version is None:
        raise RemediationError(
            "values-invalid",
            f"Setting/server-version is {settings.get('server-version', 'absent')!r}, which is no "
            "Rancher version: what Rancher would pass to its charts cannot be told.",
            "Give the values of the release yourself (option values).",
        )
    priority_map = settings.get("config-map-name") or RANCHER_CONFIG
    inputs = ValueInputs(
        rancher=version,
        settings=settings,
        features=_features(client),
        rancher_config=_rancher_config(client, priority_map),
        environment=environment.variables,
        priority_map=priority_map,
    )
    return RancherState(settings["server-version"], inputs, _tolerations(client))


def own_values(revisions: Sequence[Revision], chart: str = "") -> Revision | None:
    """The revision whose values are the release's own (newest first); null when there is none.

    It is the last one, unless that was never deployed: a failed attempt of Rancher's has dropped the
    values that a person had set (FM 2.5 row 1), the newest deployed revision, or else the newest that once
    was (superseded), still has them. Of Rancher
    itself it is the last in any case: an upgrade that got stuck is to be finished as it was begun, with
    the new image tag, not taken back (FM 6.12).
    """
    if chart == RANCHER_CHART:
        return next((revision for revision in revisions if revision.decoded), None)
    decoded = [revision for revision in revisions if revision.decoded]
    for wanted in ("deployed", "superseded"):
        for revision in decoded:
            if revision.status == wanted:
                return revision
    return decoded[0] if decoded else None


def without_key(values: Mapping[str, Any], dotted: str) -> dict[str, Any]:
    """Values without one leaf, named by its dotted path; unchanged when there is none."""
    key, _dot, rest = dotted.partition(".")
    if key not in values:
        return dict(values)
    if not rest:
        return {name: value for name, value in values.items() if name != key}
    inner = values[key]
    if not isinstance(inner, Mapping):
        return dict(values)
    return {**values, key: without_key(inner, rest)}


def _passed(chart: str, state: RancherState) -> RancherValues:
    if chart not in CHART_NAMES:
        return RancherValues(chart)
    passed = rancher_values(chart, state.inputs)
    if passed.error:
        raise RemediationError(
            "values-invalid",
            f"ConfigMap/{CATTLE_SYSTEM}/{RANCHER_CONFIG} key {chart}: {passed.error}.",
            "Repair the YAML of that key: Rancher does not upgrade the chart until it is valid.",
        )
    return passed


def _settled(
    chart: str, version: str, passed: RancherValues, state: RancherState, values: dict[str, Any]
) -> tuple[dict[str, Any], bool]:
    """Values with which Rancher's own decision is to do nothing (it may add tolerations), and whether it is."""
    if passed.values is None:
        return values, True
    for _pass in range(_MAX_PASSES):
        situation = Situation(
            rancher=state.version,
            chart=chart,
            min=version,
            index=(version,),
            last_revision=InstalledRelease("deployed", version, values, chart),
            values=passed.values,
            control_plane_tolerations=state.tolerations,
        )
        decision = decide(situation)
        if decision.action is not Action.UPGRADE or decision.values is None:
            return values, decision.action is Action.SKIP
        values = dict(decision.values)
    return values, False


@dataclass(frozen=True)
class ValuesRequest:
    """What to make values for: a chart at a version, over a release's revisions (newest first)."""

    chart: str
    chart_version: str
    revisions: Sequence[Revision]
    drop_pinned: bool = False
    drop_keys: Sequence[str] = ()


def make_values(request: ValuesRequest, state: RancherState) -> ReleaseValues:
    """The values to upgrade with. Pure; raises RemediationError C(values-invalid)."""
    base = own_values(request.revisions, request.chart)
    config: Mapping[str, Any] = base.config if base else {}
    kept = without_pinned_keys(config) if request.drop_pinned else dict(config)
    for dotted in request.drop_keys:
        kept = without_key(kept, dotted)
    passed = _passed(request.chart, state)
    try:
        merged = merged_values(kept, passed)
        settled, rests = _settled(request.chart, request.chart_version, passed, state, merged)
        layers = Layers(config, kept, passed, settled, state.inputs.priority_map)
        sources = sourced_values(layers)
    except ValueError as error:
        raise RemediationError(
            "values-invalid",
            f"The values of chart {request.chart} cannot be merged: {error}.",
            "Look at the release's values (helm get values) and at rancher-config.",
        ) from error
    gone = set(pinned_keys(config)) - set(pinned_keys(kept)) | {
        key for key in request.drop_keys if _part(config, *key.split(".")) is not None
    }
    return ReleaseValues(
        values=settled,
        sources=sources,
        pinned_keys=pinned_keys(settled),
        dropped=tuple(sorted(gone)),
        base_revision=base.revision if base else None,
        warnings=passed.warnings if rests else (*passed.warnings, _not_proven(request.chart)),
        rests=rests,
    )


def _not_proven(chart: str) -> str:
    return (
        f"It cannot be told whether Rancher finds nothing to do after an upgrade of {chart} with these "
        "values. Compare the release again when it is upgraded."
    )
