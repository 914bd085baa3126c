# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evidence documents for tests: a cluster where nothing is wrong, and overlays that make it ill.

The base is Harvester v1.4.2 -> v1.5.0 with Rancher v2.11.0 at the moment the job waits for Fleet, which is there
already. An overlay is plain data (also kept as YAML in tests/unit/data/evidence): ``releases`` gives release histories
in short, ``wait`` what the job waits for, ``sources`` what could not be read, and ``set`` a JSON merge patch for the rest.
"""

from __future__ import annotations

import copy
import functools
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts import (
    decisions,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.evidence import (
    SOURCES,
    Evidence,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.merge_patch import (
    merge,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.rancher_version import (
    RancherVersion,
)

Document = dict[str, Any]

BASE = Path(__file__).parents[1] / "data" / "evidence-base.yml"
NOW = datetime(2026, 11, 23, 15, 0, 0, tzinfo=timezone.utc)
UPGRADE = "hvst-upgrade-x7k2p"
JOB_POD = f"{UPGRADE}-apply-manifests-4qz8c"
FLEET, WEBHOOK = "106.0.0+up0.12.0", "106.0.0+up0.7.0"
OLD_FLEET, OLD_WEBHOOK = "105.0.2+up0.11.2", "105.0.1+up0.6.2"
CAPI, SUC = "106.0.0+up0.7.0", "106.0.0"
_NAMESPACES = {
    "fleet": "cattle-fleet-system",
    "fleet-crd": "cattle-fleet-system",
    "rancher-provisioning-capi": "cattle-provisioning-capi-system",
    "rancher-turtles": "cattle-turtles-system",
    "harvester": "harvester-system",
}
CHARTS = {
    "fleet-crd": [FLEET, OLD_FLEET],
    "fleet": [FLEET, OLD_FLEET],
    "rancher-webhook": [WEBHOOK, OLD_WEBHOOK],
    "rancher-provisioning-capi": [CAPI],
    "system-upgrade-controller": [SUC],
}


def ago(seconds: int) -> str:
    """A time that many seconds before the evidence was collected."""
    return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def revision(
    release: str,
    number: int,
    status: str,
    version: str | None,
    age: int,
    *,
    description: str = "",
    decoded: bool = True,
    error: str | None = None,
) -> Document:
    """One revision as helm's storage gives it."""
    known = decoded and error is None
    app = (version or "").partition("+up")[2] or version
    return {
        "release": release,
        "namespace": _NAMESPACES.get(release, "cattle-system"),
        "revision": number,
        "secret_name": f"sh.helm.release.v1.{release}.v{number}",
        "secret_uid": f"uid-{release}-{number}",
        "secret_resource_version": str(1000 + number),
        "created_at": ago(age),
        "label_status": status,
        "labels": {},
        "decoded": decoded,
        "error": error,
        "status": status if known else None,
        "chart_name": release if known else None,
        "chart_version": version if known else None,
        "app_version": app if known else None,
        "description": description or ("Upgrade complete" if status == "deployed" else ""),
        "first_deployed": ago(9_000_000),
        "last_deployed": ago(age) if known else None,
        "age_seconds": age if known else None,
    }


def entry(
    release: str, *revisions: Document, read: str = "ok", config: Document | None = None
) -> Document:
    """An element of ``releases``; revisions newest first."""
    return {
        "release": release,
        "namespace": _NAMESPACES.get(release, "cattle-system"),
        "dependency": release if release in CHARTS else None,
        "revisions": list(revisions),
        "config": config if revisions or config else None,
        "read": read,
        "elsewhere": [],
    }


def base() -> Document:
    """The cluster where nothing is wrong."""
    return copy.deepcopy(_base())


@functools.lru_cache(maxsize=1)
def _base() -> Document:
    evidence: Document = yaml.load(BASE.read_bytes(), Loader=yaml.CSafeLoader)
    evidence["sources"] = {name: {"state": "ok", "reason": ""} for name in SOURCES}
    evidence["releases"] = [
        *(entry(name, _settled(name, versions[0])) for name, versions in CHARTS.items()),
        entry("remotedialer-proxy", read="absent"),
        entry("rancher", _settled("rancher", "2.11.0"), config={}),
    ]
    _at_rest(evidence)
    return evidence


def _settled(release: str, version: str) -> Document:
    return revision(release, 7, "deployed", version, 120)


def _at_rest(evidence: Document) -> None:
    """Give every release the values Rancher itself would have passed, so that nothing differs."""
    rancher = RancherVersion.parse("v2.11.0")
    assert rancher is not None
    read = Evidence.from_dict(evidence)
    for each in evidence["releases"]:
        if each["revisions"] and each["config"] is None:
            passed = decisions.values_of(read, rancher, each["release"]).values
            each["config"] = merge({}, passed or {})


def _event(kind: str, line: int, age: int, text: str) -> Document:
    return {
        "kind": kind,
        "line": line,
        "text": text,
        "at": ago(age),
        "last_at": ago(age),
        "count": 1,
    }


def build(overlay: Document | None = None) -> Document:
    """The base with an overlay laid over it."""
    evidence = base()
    for name, part in copy.deepcopy(overlay or {}).items():
        _APPLY[name](evidence, part)
    return evidence


def evidence_of(overlay: Document | None = None) -> Evidence:
    """The same as the document that readers work on."""
    return Evidence.from_dict(build(overlay))


def _releases(evidence: Document, part: Document) -> None:
    """``{release: [[revision, status, version, age], …] | {read, revisions, config, elsewhere}}``."""
    for name, given in part.items():
        spec = given if isinstance(given, dict) else {"revisions": given}
        found = next((item for item in evidence["releases"] if item["release"] == name), None)
        if found is None:
            found = entry(name)
            evidence["releases"].append(found)
        if "revisions" in spec:
            found["revisions"] = [_short(name, item) for item in spec["revisions"]]
            if not found["revisions"]:
                found["config"] = None
        for key in ("read", "config", "elsewhere", "namespace", "leftovers"):
            if key in spec:
                found[key] = spec[key]


def _short(release: str, item: Any) -> Document:
    if isinstance(item, dict):
        number, status, version, age = (
            item["revision"],
            item["status"],
            item["version"],
            item["age"],
        )
        extra = {key: item[key] for key in ("description", "decoded", "error") if key in item}
        made = revision(release, number, status, version, age, **extra)
        return {
            **made,
            **{
                key: item[key]
                for key in ("label_status", "app_version", "half_applied", "config")
                if key in item
            },
        }
    return revision(release, *item)


def _wait(evidence: Document, part: Document) -> None:
    """What the job waits for: ``{kind, age, text, …}``; it also becomes the last event of the log. A null kind: nothing."""
    log = evidence["job_pods"][0]["log"]
    if part.get("kind") is None:
        evidence["wait"] = None
        log["events"] = log["events"][:-1]
        return
    fields = {key: value for key, value in part.items() if key != "age"}
    age = part.get("age", 3)
    text = fields.setdefault("text", f"({part['kind']})")
    log["events"][-1] = {**_event(part["kind"], 411, age, text), **fields}
    log["tail"][-1] = text
    evidence["wait"] = {**fields, "since": ago(age), "age_seconds": age, "pod": JOB_POD}


def _waiting_for(evidence: Document, part: Document) -> None:
    """``{release, version, age}``: the job waits for a Helm release."""
    release, version = part["release"], part["version"]
    namespace = _NAMESPACES.get(release, "cattle-system")
    app = version.partition("+up")[2]
    _wait(
        evidence,
        {
            "kind": "helm-release",
            "namespace": namespace,
            "release": release,
            "chart": f"{release}-{version}",
            "app_version": app,
            "status": "deployed",
            "chart_version": version,
            "age": part.get("age", 3600),
            "text": f"wait helm release {namespace} {release} {release}-{version} {app} deployed",
        },
    )


def _sources(evidence: Document, part: Document) -> None:
    """``{source: state | [state, reason]}``; what could not be read is also taken out by ``set``."""
    for name, state in part.items():
        word, reason = state if isinstance(state, list) else (state, "")
        evidence["sources"][name] = {"state": word, "reason": reason}


def _set(evidence: Document, part: Document) -> None:
    """An RFC 7396 merge patch, but null is a value here: evidence says null where nothing is known."""
    for key, value in part.items():
        if isinstance(value, dict) and isinstance(evidence.get(key), dict):
            _set(evidence[key], value)
        else:
            evidence[key] = value


_APPLY = {
    "releases": _releases,
    "wait": _wait,
    "waiting_for": _waiting_for,
    "sources": _sources,
    "set": _set,
}
