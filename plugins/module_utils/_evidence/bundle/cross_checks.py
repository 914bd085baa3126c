# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an App says of the last revision of a release, held against whatever else in a bundle knows of it.

Rancher writes an App some time after helm has written the revision, and not at all where it cannot read the revision or has
no leader. What helm printed in its pods, Rancher's Operations and the lines of the upgrade's job are later or earlier
than the App by their times, so one that is later and says otherwise proves that the App lags behind. The image of a
Deployment can be set by values, so it is told and proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from ..._core.lenient import Document, dig, mappings, seconds_between, text
from ..._documents.evidence import CrossCheck
from ..._documents.vocabulary import Agreement
from ..._kube import paths
from ..._kube.log_lines import parse_lines
from ..._kube.reader import Reader
from ..._rancher.server import helm_actors
from ..._rancher.server.helm_actors import HELM_CONTAINER, NAMESPACE
from ..live import job
from ..live.helm_activity import OPERATIONS
from ..live.objects import name_of, newest_first, terminated
from ..live.rancher import PODS
from ..live.reading import Found, Reads

Key = tuple[str, str]  # namespace, release

_MOST_LOGS = 20
_LOG_LINES = 200
#: Two clocks, that of the API server and that of a node, may differ.
_MARGIN = 60
#: The Deployment of a release whose image has the app version as its tag.
_DEPLOYMENTS: dict[Key, str] = {
    ("cattle-fleet-system", "fleet"): "fleet-controller",
    ("cattle-system", "rancher"): "rancher",
    ("cattle-system", "rancher-webhook"): "rancher-webhook",
}
# What helm prints about a release in the end (cmd/helm/status.go).
_PRINTED = re.compile(r"^(?P<field>NAME|NAMESPACE|STATUS|REVISION): (?P<value>\S+)\s*$")


@dataclass(frozen=True)
class Known:
    """The last revision of a release as its App has it; `chart` as helm names it, with the version."""

    revision: int | None = None
    status: str | None = None
    chart: str | None = None
    app_version: str | None = None
    last_deployed: str | None = None


@dataclass(frozen=True)
class _Said:
    """What a source says of a release: what it was at a time, as far as the source knows."""

    source: str
    at: str | None
    revision: int | None = None
    status: str | None = None
    chart: str | None = None

    @property
    def words(self) -> str:
        """In words."""
        parts = (
            f"revision {self.revision}" if self.revision is not None else "",
            self.chart or "",
            self.status or "",
        )
        at = f" at {self.at}" if self.at else ""
        return " ".join(part for part in parts if part) + at


def reads(found: Found) -> Reads:
    """The logs of helm that ended well, and the Deployments."""

    def printed(pod: str, client: Reader) -> str:
        return client.pod_log(
            NAMESPACE, pod, HELM_CONTAINER, tail_lines=_LOG_LINES, timestamps=True
        )

    def deployment(namespace: str, name: str, client: Reader) -> Document:
        return client.get(paths.api("apps/v1", "deployments", namespace, name))

    wanted: Reads = {
        _log_name(pod): partial(printed, name_of(pod)) for pod in _ended_well(found)[:_MOST_LOGS]
    }
    for (namespace, release), name in _DEPLOYMENTS.items():
        wanted[_deployment_name((namespace, release))] = partial(deployment, namespace, name)
    return wanted


def check(found: Found, key: Key, app: Known | None) -> tuple[CrossCheck, ...]:
    """Everything that agrees with an App or says otherwise; without an App, that the release was there."""
    checks = [made for said in _all_said(found, key) if (made := _held_against(said, app))]
    image = _image(found, key, app)
    return (*checks, *([image] if image else []))


def contradiction(checks: tuple[CrossCheck, ...]) -> CrossCheck | None:
    """The first of the checks that proves an App wrong."""
    return next((each for each in checks if each.result == Agreement.CONTRADICTS), None)


def _held_against(said: _Said, app: Known | None) -> CrossCheck | None:
    if app is None:
        return CrossCheck(said.source, said.at, said.words, Agreement.CONTRADICTS.value)
    later = seconds_between(app.last_deployed, said.at)
    if said.revision is not None and app.revision is not None:
        # A number is proof without a time; only that of a release that was removed since can be too high.
        earlier = seconds_between(said.at, app.last_deployed) or 0
        counts = said.revision >= app.revision and earlier <= _MARGIN
    else:
        counts = later is not None and later > _MARGIN
    if not counts:
        return None
    # An operation that ended well has written a revision, whatever its chart.
    wrote = said.chart is None and said.revision is None
    differs = wrote or _differs(said, app)
    result = Agreement.CONTRADICTS if differs else Agreement.AGREES
    return CrossCheck(said.source, said.at, said.words, result.value)


def _differs(said: _Said, app: Known) -> bool:
    pairs = ((said.revision, app.revision), (said.status, app.status), (said.chart, app.chart))
    return any(None not in pair and pair[0] != pair[1] for pair in pairs)


def _all_said(found: Found, key: Key) -> Iterator[_Said]:
    yield from _by_helm(found, key)
    printed = {name_of(pod) for pod in _ended_well(found) if found.ok(_log_name(pod))}
    for obj in found.objects(OPERATIONS):
        each = helm_actors.operation_of(obj)
        ended_well = each.finished and not each.failed and each.action != "uninstall"
        if (each.release_namespace, each.release) != key or not ended_well or each.pod in printed:
            continue
        where = f"Operation/{each.namespace}/{each.name}"
        yield _Said(where, each.created_at, status=f"{each.action or 'operation'} ended well")
    for pod in job.job_pods(found):
        yield from _by_job(pod, job.events_of(found, pod), key)


def _by_helm(found: Found, key: Key) -> Iterator[_Said]:
    for pod in _ended_well(found):
        fields: dict[str, str] = {}
        for line in parse_lines(text(found.value(_log_name(pod))) or ""):
            match = _PRINTED.match(line.text)
            if match is None:
                continue
            fields = {} if match["field"] == "NAME" else fields
            fields[match["field"]] = match["value"]
            named = (fields.get("NAMESPACE"), fields.get("NAME")) == key
            if match["field"] == "REVISION" and named and match["value"].isdecimal():
                where = f"Pod/{NAMESPACE}/{name_of(pod)}"
                yield _Said(where, line.at, int(match["value"]), fields.get("STATUS"))


def _by_job(pod: Document, events: list[Document], key: Key) -> Iterator[_Said]:
    where = f"Pod/{text(dig(pod, 'metadata', 'namespace'))}/{name_of(pod)}"
    for number, event in enumerate(events):
        if (event.get("namespace"), event.get("release")) != key:
            continue
        kind, chart = event["kind"], text(event.get("chart"))
        later = events[number + 1] if number + 1 < len(events) else {}
        if kind == "helm-release-completed":
            yield _Said(where, text(event.get("at")), status="deployed", chart=chart)
        elif kind == "helm-release" and later.get("kind") == "helm-release":
            # Up to v1.7 the job prints no end of a wait; that it waits for the next release is one.
            yield _Said(where, text(later.get("at")), status="deployed", chart=chart)
        elif kind == "helm-release-pending":
            yield _Said(where, text(event.get("last_at")), None, text(event.get("status")), chart)


def _image(found: Found, key: Key, app: Known | None) -> CrossCheck | None:
    name, version = _DEPLOYMENTS.get(key), app.app_version if app else None
    if name is None or app is None or app.status != "deployed" or not version:
        return None
    containers = mappings(
        dig(found.object(_deployment_name(key)), "spec", "template", "spec", "containers")
    )
    image = text(containers[0].get("image")) if containers else None
    tag = (image or "").partition("@")[0].rpartition("/")[2].partition(":")[2]
    if not tag:
        return None
    same = tag.removeprefix("v") == version.removeprefix("v")
    result = Agreement.AGREES if same else Agreement.DOUBTFUL
    why = "" if same else f", app version {version} has another; values can set it"
    return CrossCheck(f"Deployment/{key[0]}/{name}", None, f"image tag {tag}{why}", result.value)


def _ended_well(found: Found) -> list[Document]:
    pods = newest_first(filter(helm_actors.is_operation_pod, found.objects(PODS)))
    return [pod for pod in pods if terminated(pod, HELM_CONTAINER).get("exitCode") == 0]


def _log_name(pod: Document) -> str:
    return f"helm_printed:{name_of(pod)}"


def _deployment_name(key: Key) -> str:
    return f"deployment_of:{key[0]}/{key[1]}"
