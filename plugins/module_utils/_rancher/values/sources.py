# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where each value of a release comes from once Rancher's are laid over them (FM 2.3), and what it changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..decision.merge_patch import canonical, same
from ..decision.settings import PULL_SECRETS_SETTING
from .computed import PRIORITY_CLASS_KEY, RANCHER_CONFIG, Path, RancherValues, Values

FROM_RELEASE = "release"
COMPUTED = "computed"
DROPPED_BECAUSE_NULL = "dropped because null"
DROPPED_AS_ASKED = "dropped as asked"

ADDED, CHANGED, REMOVED, SAME = "added", "changed", "removed", "same"

_PROXY = "Deployment/cattle-system/rancher env HTTP_PROXY"
_NO_PROXY = "Deployment/cattle-system/rancher env NO_PROXY"

# What Rancher takes a value from depends on the value's place alone, whatever the chart. What is not
# here, and not in rancher-config, is fixed in Rancher's code or worked out by it: computed.
_ORIGINS: Mapping[Path, str] = {
    ("apiServerURL",): "Setting/server-url",
    ("apiServerCA",): "Setting/cacerts",
    ("agentTLSMode",): "Setting/agent-tls-mode",
    ("global", "cattle", "systemDefaultRegistry"): "Setting/system-default-registry",
    ("global", "cattle", "imagePullSecrets"): f"Setting/{PULL_SECRETS_SETTING}",
    ("imagePullSecrets",): f"Setting/{PULL_SECRETS_SETTING}",
    ("gitops", "enabled"): "Feature/continuous-delivery",
    ("mcm", "enabled"): "Feature/multi-cluster-management",
    ("proxy",): _PROXY,
    ("noProxy",): _NO_PROXY,
    ("gitjob", "proxy"): _PROXY,
    ("gitjob", "noProxy"): _NO_PROXY,
}
_PRIORITY_CLASSES: tuple[Path, ...] = ((PRIORITY_CLASS_KEY,), ("gitjob", PRIORITY_CLASS_KEY))


@dataclass(frozen=True)
class SourcedValue:
    """One leaf of a release's values after Rancher's are laid over them, or one that is gone.

    ``change`` says how it differs from the release's own: V(added), V(changed), V(removed), V(same).
    """

    path: Path
    value: Any = field(repr=False)
    source: str
    change: str

    def without_value(self) -> dict[str, Any]:
        """Return the leaf as plain data, its value kept back: it may be a secret."""
        return {"path": ".".join(self.path), "source": self.source, "change": self.change}


@dataclass(frozen=True)
class Layers:
    """The values that lie over each other, each a whole tree.

    ``own`` are the release's, ``kept`` those without what was to be dropped, ``settled`` the outcome.
    """

    own: Mapping[str, Any]
    kept: Mapping[str, Any]
    passed: RancherValues
    settled: Mapping[str, Any]
    priority_map: str = RANCHER_CONFIG


def sourced_values(layers: Layers) -> tuple[SourcedValue, ...]:
    """Return every leaf there is, was, or that Rancher takes away, sorted by path."""
    found = [*_present(layers), *_gone(layers)]
    return tuple(sorted(found, key=lambda each: each.path))


def _present(layers: Layers) -> Iterator[SourcedValue]:
    own, kept = _leaves(layers.own), _leaves(layers.kept)
    for path, value in _leaves(layers.settled).items():
        change = ADDED
        if path in own:
            change = SAME if same(own[path], value) else CHANGED
        source = _passed_source(path, layers)
        if source is None:
            unchanged = path in kept and same(kept[path], value)
            source = FROM_RELEASE if unchanged else COMPUTED
        yield SourcedValue(path, value, source, change)


def _gone(layers: Layers) -> Iterator[SourcedValue]:
    own, kept, settled = (_leaves(each) for each in (layers.own, layers.kept, layers.settled))
    passed: Values = layers.passed.values or {}
    for path, value in own.items():
        if path in settled or _grew(path, layers.settled):
            continue
        if _is_nulled(passed, path):
            source = DROPPED_BECAUSE_NULL
        elif path not in kept:
            source = DROPPED_AS_ASKED
        else:
            source = _passed_source(path, layers) or COMPUTED
        yield SourcedValue(path, value, source, REMOVED)
    for path, value in _leaves(passed).items():
        if value is None and path not in settled and path not in own:
            below = any(each[: len(path)] == path for each in own)
            if not below:
                yield SourcedValue(path, None, DROPPED_BECAUSE_NULL, SAME)


def _grew(path: Path, settled: Mapping[str, Any]) -> bool:
    """Whether an empty map of the release's own has got entries: then it is not gone."""
    current: Any = settled
    for key in path:
        if not isinstance(current, Mapping) or key not in current:
            return False
        current = current[key]
    return isinstance(current, Mapping)


def _passed_source(path: Path, layers: Layers) -> str | None:
    if _names(layers.passed.from_config, path):
        return f"{RANCHER_CONFIG} key {layers.passed.chart}"
    if not _names(layers.passed.values or {}, path):
        return None
    if path in _PRIORITY_CLASSES:
        return f"{layers.priority_map} key {PRIORITY_CLASS_KEY}"
    return _ORIGINS.get(path, COMPUTED)


def _leaves(values: Mapping[str, Any]) -> dict[Path, Any]:
    return dict(_walk(canonical(dict(values)), ()))


def _walk(values: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _walk(value, (*path, key))
        else:
            yield (*path, key), value


def _names(values: Mapping[str, Any], path: Path) -> bool:
    """Whether ``values`` set this leaf, or a list or scalar above it."""
    current: Any = values
    for key in path:
        if not isinstance(current, dict):
            return True
        if key not in current:
            return False
        current = current[key]
    return not isinstance(current, dict) or not current


def _is_nulled(values: Mapping[str, Any], path: Path) -> bool:
    """Whether ``values`` have a null at this leaf or above it."""
    current: Any = values
    for key in path:
        if not isinstance(current, dict) or key not in current:
            return False
        current = current[key]
        if current is None:
            return True
    return False
