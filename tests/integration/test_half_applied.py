# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a killed or failed helm has applied halfway is gone afterwards, whichever Helm did what, and nothing else is."""

from __future__ import annotations

import hashlib
import itertools
import json
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.tests.integration.module_run import ModuleRun
from ansible_collections.harvester_ops.remediation.tests.unit.builders.charts import write_chart
from controlplane.handle import ControlPlane

OLD, NEW = "1.0.0", "1.1.0"
WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations:
    {{- if .Values.more }}
    note: half
    {{- end }}
    of: chart
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      {{- if .Values.more }}
      nodeSelector: {disktype: none}
      terminationGracePeriodSeconds: 11
      volumes: [{name: more, emptyDir: {}}]
      {{- end }}
      containers:
        - name: web
          image: "web:{{ .Chart.Version }}"
          ports: [{containerPort: 80}]
          {{- if .Values.more }}
          args: [--more]
          volumeMounts: [{name: more, mountPath: /more}]
          {{- end }}
          env:
            - {name: CHART, value: "yes"}
            {{- if .Values.more }}
            - {name: MORE, value: "yes"}
            {{- end }}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
    - {name: http, port: 80}
    {{- if .Values.more }}
    - {name: more, port: 81}
    {{- end }}
"""
OBJECTS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  a: "1"
  {{- if .Values.more }}
  more: "1"
  {{- end }}
{{- if .Values.more }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: more}
data: {a: "1"}
---
apiVersion: v1
kind: Secret
metadata: {name: kept, annotations: {helm.sh/resource-policy: keep}}
stringData: {password: hunter2}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: hook
  annotations: {helm.sh/hook: pre-upgrade, helm.sh/hook-delete-policy: before-hook-creation}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: hook, image: "hook:1"}]
{{- end }}
"""
TEMPLATES = {"workload.yaml": WORKLOAD, "service.yaml": SERVICE, "objects.yaml": OBJECTS}
HELMS = ("helm3", "helm4")
# Who has installed the release, whose helm was killed, who repairs it; one Helm for all is what `make test` tries.
TRIPLES = [
    pytest.param(*each, marks=[pytest.mark.slow] if len(set(each)) > 1 else [])
    for each in itertools.product(HELMS, repeat=3)
]


@dataclass(frozen=True)
class Site:
    """A namespace with release web."""

    control_plane: ControlPlane
    run: ModuleRun
    namespace: str
    charts: Path

    def chart(self, version: str) -> str:
        """The chart in a version; more of it with the value ``more``."""
        return str(
            write_chart(self.charts, "web", version, templates=TEMPLATES, values="more: false\n")
        )

    def start(self, helm: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a real helm."""
        return subprocess.Popen(
            [str(getattr(self.control_plane, helm)), "--namespace", self.namespace, *arguments],
            env=self.control_plane.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def helm(self, helm: str, *arguments: str) -> None:
        """Run a real helm to its end."""
        process = self.start(helm, *arguments)
        _stdout, stderr = process.communicate(timeout=60)
        assert process.returncode == 0, stderr

    def kill_halfway(self, helm: str, version: str = OLD) -> None:
        """Leave the release pending, all of it applied, its pods on no node."""
        chart = self.chart(version)
        waiting = ("--set", "more=true", "--wait", "--timeout", "60s")
        process = self.start(helm, "upgrade", "web", chart, *waiting)
        self.control_plane.wait_for("the change", lambda: "nodeSelector" in self.pod(), timeout=60)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=10)

    def fail(self, helm: str, version: str = OLD) -> None:
        """Leave the release failed in the same way."""
        waiting = ("--set", "more=true", "--wait", "--timeout", "2s")
        process = self.start(helm, "upgrade", "web", self.chart(version), *waiting)
        process.communicate(timeout=60)
        assert process.returncode

    def unlock(self) -> None:
        """Delete the pending revision's Secret, as a person would."""
        self.kubectl("delete", "secret", "sh.helm.release.v1.web.v2")

    def kubectl(self, *arguments: str) -> str:
        """kubectl in the namespace."""
        return str(self.control_plane.kubectl(*arguments, "-n", self.namespace))

    def get(self, kind: str, name: str) -> dict[str, Any]:
        """An object."""
        found: dict[str, Any] = self.control_plane.get(kind, name, "-n", self.namespace)
        return found

    def pod(self) -> dict[str, Any]:
        """The pod template's spec of the workload."""
        spec: dict[str, Any] = self.get("deployment", "web")["spec"]["template"]["spec"]
        return spec

    def names(self, kind: str) -> set[str]:
        """The names of all objects of a kind."""
        items = self.control_plane.get(kind, "-n", self.namespace)["items"]
        return {each["metadata"]["name"] for each in items}

    def change(self, helm: str, state: str, **options: Any) -> dict[str, Any]:
        """Run helm_release."""
        if state == "upgraded":
            options = {
                "chart_path": self.chart(NEW),
                "chart_version": NEW,
                "values": {"given": True},
                "chart": "web",
                **options,
            }
        program = str(getattr(self.control_plane, helm))
        found = {"namespace": self.namespace, "release": "web", "state": state}
        return self.run("helm_release", **found, helm_binary=program, timeout=30, **options)

    def is_clean(self) -> None:
        """Nothing that the value ``more`` brings is there, but what is exempt."""
        deployment, pod = self.get("deployment", "web"), self.pod()
        assert not {"nodeSelector", "volumes"} & set(pod)
        assert pod["terminationGracePeriodSeconds"] == 30
        (container,) = pod["containers"]
        assert [each["name"] for each in container["env"]] == ["CHART"]
        assert not {"args", "volumeMounts"} & set(container)
        assert "note" not in deployment["metadata"]["annotations"]
        assert deployment["metadata"]["annotations"]["of"] == "chart"
        assert [each["port"] for each in self.get("service", "web")["spec"]["ports"]] == [80]
        assert set(self.get("configmap", "settings")["data"]) == {"a"}
        assert "more" not in self.names("configmap")
        assert "settings" in self.names("configmap")
        assert "kept" in self.names("secret")
        self.control_plane.wait_for("the pods", self.ready, timeout=60)

    def ready(self) -> bool:
        """Whether the roll-out is complete."""
        status = self.get("deployment", "web")["status"]
        return bool(
            status.get("readyReplicas") == status.get("replicas") == status.get("updatedReplicas")
        )


@pytest.fixture
def site(
    control_plane: ControlPlane, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Site]:
    digest = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:10]
    namespace = f"half-{digest}"
    control_plane.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    charts = tmp_path / "charts"
    charts.mkdir()
    yield Site(control_plane, ModuleRun(control_plane, tmp_path), namespace, charts)
    control_plane.kubectl("delete", "namespace", namespace, "--wait=false")


def removed(result: dict[str, Any]) -> set[tuple[str, str]]:
    """What was removed: kind and field."""
    return {
        (each["object"].split("/")[0], each["field"])
        for each in result["leftovers"]
        if each["outcome"] == "removed"
    }


@pytest.mark.parametrize(("maker", "killed", "repairer"), TRIPLES)
def test_a_rollback_leaves_nothing_of_the_pending_revision(
    site: Site, maker: str, killed: str, repairer: str
) -> None:
    site.helm(maker, "install", "web", site.chart(OLD))
    site.kill_halfway(killed)
    site.change(repairer, "rolled_back", revision=1, stale_after=0)
    site.is_clean()


@pytest.mark.parametrize(("maker", "killed", "repairer"), TRIPLES)
def test_an_upgrade_removes_what_a_removed_revision_has_left(
    site: Site, maker: str, killed: str, repairer: str
) -> None:
    """Without that, helm would wait for pods that fit on no node until its timeout."""
    site.helm(maker, "install", "web", site.chart(OLD))
    site.kill_halfway(killed)
    site.unlock()
    result = site.change(repairer, "upgraded")
    assert ("ConfigMap", "") in removed(result)
    site.is_clean()
    assert not site.change(repairer, "cleaned")["changed"]


@pytest.mark.parametrize("helm", HELMS)
def test_an_upgrade_removes_what_a_failed_revision_has_left(site: Site, helm: str) -> None:
    site.helm(helm, "install", "web", site.chart(OLD))
    site.fail(helm)
    site.change(helm, "upgraded")
    site.is_clean()


@pytest.mark.parametrize("helm", HELMS)
def test_two_pending_revisions_leave_nothing(site: Site, helm: str) -> None:
    """A rollback starts from the last one only."""
    site.helm(helm, "install", "web", site.chart(OLD))
    site.kill_halfway("helm3")
    secret = site.get("secret", "sh.helm.release.v1.web.v2")
    site.unlock()
    # The second one knows nothing of the first, as when somebody unlocks and tries again.
    process = site.start("helm3", "upgrade", "web", site.chart(OLD), "--wait", "--timeout", "60s")
    name = "sh.helm.release.v1.web.v2"
    site.control_plane.wait_for("a lock", lambda: name in site.names("secret"), timeout=60)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    assert secret["metadata"]["uid"] != site.get("secret", name)["metadata"]["uid"]
    site.change(helm, "rolled_back", revision=1, stale_after=0)
    site.is_clean()


@pytest.mark.parametrize("helm", HELMS)
def test_cleaning_names_what_it_removes_and_touches_nothing_of_others(
    site: Site, helm: str
) -> None:
    site.helm(helm, "install", "web", site.chart(OLD))
    site.kill_halfway("helm3")
    site.unlock()
    site.kubectl("set", "env", "deployment/web", "BY_HAND=yes", "MORE=other")
    site.kubectl("annotate", "deployment/web", "by=hand")
    site.kubectl("scale", "deployment/web", "--replicas=2")
    before = site.get("deployment", "web")["metadata"]["resourceVersion"]
    tried = site.run(
        "helm_release", namespace=site.namespace, release="web", state="cleaned", check=True
    )
    assert tried["changed"]
    assert site.get("deployment", "web")["metadata"]["resourceVersion"] == before
    result = site.change(helm, "cleaned", expected_revision=1)
    assert removed(result) == removed(tried)
    fields = {field for kind, field in removed(result) if kind == "Deployment"}
    assert {"spec.template.spec.nodeSelector", "metadata.annotations.note"} <= fields
    assert not any("MORE" in field for field in fields)
    assert "disktype" in json.dumps(result["leftovers"])
    (container,) = site.pod()["containers"]
    assert [each["name"] for each in container["env"]] == ["CHART", "MORE", "BY_HAND"]
    assert site.get("deployment", "web")["spec"]["replicas"] == 2
    assert site.get("deployment", "web")["metadata"]["annotations"]["by"] == "hand"
    assert "kept" in site.names("secret")
    assert site.change(helm, "cleaned")["leftovers"] == []


@pytest.mark.parametrize("helm", HELMS)
def test_without_managed_fields_earlier_manifests_are_compared(site: Site, helm: str) -> None:
    site.helm(helm, "install", "web", site.chart(OLD))
    site.fail("helm3")
    for kind, name in (("deployment", "web"), ("service", "web"), ("configmap", "settings")):
        nothing = '[{"op":"replace","path":"/metadata/managedFields","value":[{}]}]'
        site.kubectl("patch", kind, name, "--type=json", "-p", nothing)
    site.change(helm, "upgraded")
    site.is_clean()


@pytest.mark.parametrize("helm", HELMS)
def test_a_field_that_cannot_be_removed_is_named(site: Site, helm: str) -> None:
    """A ConfigMap that was made immutable keeps its data."""
    site.helm(helm, "install", "web", site.chart(OLD))
    site.kill_halfway("helm3")
    site.unlock()
    site.kubectl("patch", "configmap", "settings", "-p", '{"immutable":true}')
    result = site.change(helm, "cleaned")
    refused = [each for each in result["leftovers"] if each["outcome"] == "refused"]
    assert [each["field"] for each in refused] == ["data.more"]
    assert "immutable" in refused[0]["reason"]
    assert "data.more" in result["note"]
    assert "nodeSelector" not in site.pod()
