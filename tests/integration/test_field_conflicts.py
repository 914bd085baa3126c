# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases by either Helm, changed with either, where another manager has set fields: docs/helm-versions.md."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.tests.integration.harvester_objects import (
    install_kinds,
)
from ansible_collections.harvester_ops.remediation.tests.integration.module_run import ModuleRun
from ansible_collections.harvester_ops.remediation.tests.unit.builders.charts import write_chart
from controlplane.handle import ControlPlane

DOUBLES = Path(__file__).resolve().parents[1] / "doubles"
OLD, NEW = "1.0.0", "1.1.0"
NAMESPACE = "cattle-fleet-system"
# What is no certificate keeps a CustomResourceDefinition from being ready.
_CA = re.search(
    r"caBundle: (\S+)",
    (DOUBLES / "charts/rancher-webhook/templates/webhook.yaml.in").read_text("utf-8"),
)
assert _CA is not None
OF_CHART = _CA[1]
OF_OTHERS = base64.b64encode(base64.b64decode(OF_CHART) * 2).decode()
TEMPLATES = {
    "config.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata: {name: fleet-controller}
data: {config: "chart {{ .Chart.Version }}", other: "chart {{ .Chart.Version }}"}
""",
    "deployment.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: fleet-controller}
spec:
  replicas: 1
  selector:
    matchLabels: {app: fleet}
  template:
    metadata:
      labels: {app: fleet}
      annotations: {controlplane.test/not-ready: {{ .Values.notReady | quote }}}
    spec:
      containers:
        - {name: fleet-controller, image: "rancher/fleet:{{ .Chart.Version }}"}
""",
    "webhook.yaml": """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: conflicts.test}
webhooks:
  {{- range list "a" "b" }}
  - name: {{ . }}.conflicts.test
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Ignore
    clientConfig:
      caBundle: {{ $.Values.ca }}
      service: {name: fleet, namespace: default, path: /x}
    rules: [{apiGroups: [conflicts.test], apiVersions: [v1], operations: [CREATE], resources: [demos]}]
  {{- end }}
""",
    "crd.yaml": """\
apiVersion: v1
kind: List
items:
  - apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata: {name: demos.conflicts.test}
    spec:
      group: conflicts.test
      names: {kind: Demo, listKind: DemoList, plural: demos, singular: demo}
      scope: Namespaced
      conversion:
        strategy: Webhook
        webhook:
          conversionReviewVersions: [v1]
          clientConfig:
            caBundle: {{ $.Values.ca }}
            service: {name: fleet, namespace: default, path: /c}
      versions:
        - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
""",
}
WEBHOOKS, CRD = (
    "ValidatingWebhookConfiguration/conflicts.test",
    "CustomResourceDefinition/demos.conflicts.test",
)
CONVERSION = ".spec.conversion.webhook.clientConfig.caBundle"
SHARED = {
    ("ConfigMap/cattle-fleet-system/fleet-controller", ".data.config", "harvester"),
    (CRD, CONVERSION, "injector"),
    ("Deployment/cattle-fleet-system/fleet-controller", ".spec.replicas", "kubectl"),
    (WEBHOOKS, '.webhooks[name="b.conflicts.test"].clientConfig.caBundle', "injector"),
}


@dataclass(frozen=True)
class Site:
    """Release fleet by one Helm, and the Helm of the operator."""

    control_plane: ControlPlane
    run: ModuleRun
    made_by: Path
    helm: Path
    charts: Path

    def chart(self, version: str) -> str:
        values = f"notReady: false\nca: {OF_CHART}\n"
        return str(write_chart(self.charts, "fleet", version, templates=TEMPLATES, values=values))

    def upgraded(self, **values: Any) -> dict[str, Any]:
        """The options of the upgrade."""
        return {
            **self.release,
            "state": "upgraded",
            "chart_version": NEW,
            "chart_path": self.chart(NEW),
            "values": values,
        }

    @property
    def release(self) -> dict[str, Any]:
        names = {"namespace": NAMESPACE, "release": "fleet", "timeout": 30}
        return {**names, "helm_binary": str(self.helm)}

    def patch(self, kind: str, name: str, manager: str, *changes: dict[str, Any]) -> None:
        """Change an object as another manager."""
        self.control_plane.kubectl(
            *("patch", kind, name, "-n", NAMESPACE, "--type", "json", "-p", json.dumps(changes)),
            f"--field-manager={manager}",
        )

    def share(self) -> None:
        """Other managers set what they set in every cluster."""
        config = {"op": "replace", "path": "/data/config", "value": "of Harvester"}
        self.patch("configmap", "fleet-controller", "harvester", config)
        self.control_plane.kubectl(
            "scale", "deployment", "fleet-controller", "-n", NAMESPACE, "--replicas=3"
        )
        where = "/webhooks/1/clientConfig/caBundle"
        bundle = {"op": "replace", "path": where, "value": OF_OTHERS}
        self.patch("validatingwebhookconfiguration", "conflicts.test", "injector", bundle)
        where = "/spec/conversion/webhook/clientConfig/caBundle"
        bundle = {"op": "replace", "path": where, "value": OF_OTHERS}
        self.patch("customresourcedefinition", "demos.conflicts.test", "injector", bundle)

    def seen(self) -> dict[str, Any]:
        """The fields that are shared, as they are now."""
        get = self.control_plane.get
        crd = get("customresourcedefinition", "demos.conflicts.test")["spec"]["conversion"]
        hooks = get("validatingwebhookconfiguration", "conflicts.test")["webhooks"]
        return {
            "config": get("configmap", "fleet-controller", "-n", NAMESPACE)["data"]["config"],
            "replicas": get("deployment", "fleet-controller", "-n", NAMESPACE)["spec"]["replicas"],
            "hooks": [each["clientConfig"]["caBundle"] for each in hooks],
            "conversion": crd["webhook"]["clientConfig"]["caBundle"],
        }

    def last(self) -> tuple[int, str, str]:
        wanted = [{"namespace": NAMESPACE, "release": "fleet"}]
        found = self.run("helm_release_info", releases=wanted, decode="all")["releases"]
        last = found[f"{NAMESPACE}/fleet"]["last"]
        return last["revision"], last["status"], last["apply_method"]


SHARED_VALUES = {"replicas": 3, "hooks": [OF_CHART, OF_OTHERS], "conversion": OF_OTHERS}
CHART_VALUES = {"replicas": 1, "hooks": [OF_CHART, OF_CHART], "conversion": OF_CHART}


@pytest.fixture(scope="module")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Of its own: only fleet in its own namespace has shared fields, and others install that, too."""
    running = ControlPlane.up(tmp_path_factory.mktemp("field-conflicts"))
    install_kinds(running)
    running.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    yield running
    running.down()


@pytest.fixture
def site(
    control_plane: ControlPlane, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Site]:
    made_by, helm = (getattr(control_plane, f"helm{number}") for number in request.param)
    charts = tmp_path / "charts"
    charts.mkdir()
    run = ModuleRun(control_plane, tmp_path)
    found = Site(control_plane, run, made_by, helm, charts)
    _run_helm(found, "install", "fleet", found.chart(OLD))
    yield found
    _run_helm(found, "uninstall", "fleet", "--wait")


def _run_helm(site: Site, *arguments: str) -> None:
    command = [str(site.made_by), "-n", NAMESPACE, *arguments]
    subprocess.run(command, env=site.control_plane.environment(), check=True, timeout=120)


on_server_side = pytest.mark.parametrize("site", [(4, 3), (4, 4)], indirect=True, ids=str)


@on_server_side
def test_shared_fields_are_taken_over_and_put_back(site: Site) -> None:
    site.share()
    result = site.run("helm_release", **site.upgraded())
    assert site.last()[:2] == (2, "deployed")
    assert site.seen() == {**SHARED_VALUES, "config": f"chart {NEW}"}
    assert "Put back as it was before" in result["note"]
    assert ".spec.replicas of Deployment/cattle-fleet-system/fleet-controller" in result["note"]
    assert result["helm"]["runs"] == 3


@on_server_side
def test_any_other_field_needs_the_release_named(site: Site) -> None:
    where = "/spec/template/spec/containers/0/image"
    mine = {"op": "replace", "path": where, "value": "rancher/fleet:mine"}
    site.share()
    site.patch("deployment", "fleet-controller", "kubectl-edit", mine)
    before = site.seen()
    for check in (True, False):
        error = site.run.error("helm_release", check=check, **site.upgraded())
        assert error["code"] == "field-conflict"
        field = '.spec.template.spec.containers[name="fleet-controller"].image'
        owner = "Deployment/cattle-fleet-system/fleet-controller (manager kubectl-edit)"
        assert f"{field} of {owner}" in error["message"]
        assert ".data.config" not in error["message"]
        assert '-e \'{"remediation_force_releases": ["fleet"]}\'' in error["remedy"]
    assert site.last()[:2] == (1, "deployed")
    assert site.seen() == before
    site.run("helm_release", **site.upgraded(), force=True)
    assert site.seen() == {**SHARED_VALUES, "config": f"chart {NEW}"}
    container = site.control_plane.get("deployment", "fleet-controller", "-n", NAMESPACE)
    assert container["spec"]["template"]["spec"]["containers"][0]["image"] == f"rancher/fleet:{NEW}"


@on_server_side
def test_a_helm_that_fails_leaves_shared_fields_as_they_were(site: Site) -> None:
    site.share()
    options = {**site.upgraded(notReady=True), "timeout": 8}
    error = site.run.error("helm_release", **options)
    assert error["details"]["reason"] == "not-ready"
    assert "Put back as it was before" in error["message"]
    assert {**site.seen(), "config": ""} == {**SHARED_VALUES, "config": ""}


@on_server_side
def test_a_rollback_does_the_same(site: Site) -> None:
    site.run("helm_release", **site.upgraded())
    site.share()
    asked = {**site.release, "revision": 1}
    asked.pop("timeout")
    found = site.run("helm_conflict_info", **asked)
    server_side = site.helm == site.control_plane.helm4
    # What Helm 3 has stored it stores without how it was applied, the older revisions, too.
    assert found["server_side"] == server_side
    conflicts = {(each["object"], each["field"], each["manager"]) for each in found["conflicts"]}
    assert conflicts == (SHARED if server_side else set())
    rolled_back = {**site.release, "state": "rolled_back", "revision": 1}
    site.run("helm_release", **rolled_back)
    assert site.last()[:2] == (3, "deployed")
    values = SHARED_VALUES if server_side else CHART_VALUES
    assert site.seen() == {**values, "config": f"chart {OLD}"}


@pytest.mark.parametrize("site", [(3, 3), (3, 4)], indirect=True, ids=str)
def test_what_the_client_applies_overwrites_without_asking(site: Site) -> None:
    """As Rancher's own upgrades with Helm 3 do each time."""
    site.share()
    result = site.run("helm_release", **site.upgraded())
    assert site.last() == (2, "deployed", "csa")
    assert site.seen() == {**CHART_VALUES, "config": f"chart {NEW}"}
    assert result["helm"]["runs"] == 2
