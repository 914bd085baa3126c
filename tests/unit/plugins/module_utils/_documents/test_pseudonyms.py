# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.pseudonyms import (
    Pseudonyms,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders import (
    bundled_clusters as clusters,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build

DATA = Path(__file__).parents[3] / "data" / "evidence"


def evidence(*nodes: str) -> dict[str, Any]:
    return {
        "nodes": [{"name": name} for name in nodes],
        "releases": [{"release": "fleet", "namespace": "cattle-fleet-system"}],
    }


def in_log(text: str, *nodes: str, more: str = "") -> str:
    documents = {"evidence.json": evidence(*nodes), "log": text, "more": more}
    return str(Pseudonyms(documents).documents(documents)["log"])


@pytest.mark.parametrize(
    "name",
    [
        "10.0.0.10",
        "192.168.122.7",
        "2001:470:1f0b::17",
        "fe80::5054:ff:fe12:3456",
        "52:54:00:12:34:56",
        "harvester.corp.example",
        "node-1",
        "esx7",
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "dial tcp {}: connect: connection refused",
        "Get https://{}/v3/settings",
        "kubelet on {} is not ready",
        '"message":"lost\\n{} is gone"',
        "{}",
        "({}), {}.",
    ],
)
def test_names_and_addresses_are_replaced_wherever_they_stand(name: str, text: str) -> None:
    said = in_log(text.replace("{}", name), "node-1", "esx7", more="https://harvester.corp.example")
    assert name not in said
    assert len(said.split()) == len(text.split()), "nothing else is lost"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("dial tcp: lookup db7.corp.example on 10.53.0.10:53: no such host", "db7.corp.example"),
        ("proxy.corp.example:3128 refused", "proxy.corp.example"),
        ("x509: certificate is valid for a1.corp.example, b1.corp.example, not c1.corp.example", "b1.corp"),
        ("x509: certificate is valid for *.lab.corp.example, not c1.lab.corp.example", "lab.corp"),
        ("curl https://10.0.0.3:6443 and https://PROXY.Corp.Example/x", "orp.Example"),
        ("pulled reg.corp.example/rancher/shell from https://reg.corp.example", "reg.corp"),
        ("GET http://bigproxy:3128/", "bigproxy"),
        ("pod etcd-node-1 and job hvst-upgrade-x-post-drain-node-1 wait", "node-1"),
    ],
)  # fmt: skip
def test_hosts_are_found_where_a_text_names_one(text: str, name: str) -> None:
    assert name not in in_log(text, "node-1")


@pytest.mark.parametrize(
    "text",
    [
        "Release cattle-fleet-system/fleet is locked: 106.0.0+up0.12.0-rc.3 of rancher/shell:v0.4.1",
        "https://rancher-webhook.cattle-system.svc:443/v1/webhook",
        "http://upgrade-repo-hvst-upgrade-x7k2p.harvester-system/harvester-iso/harvester-release.yaml",
        "https://git.rancher.io/charts https://github.com/harvester/harvester/issues/8001",
        "2026-11-23T15:00:00.123456789Z reflector.go:229 k8s.io/client-go v1.32.3+rke2r1",
        "management.cattle.io/v3 settings.harvesterhci.io sh.helm.release.v1.fleet.v12",
        "127.0.0.1:6443 0.0.0.0 ::1 localhost 255.255.255.0",
        "kernel 5.14.21-150500.55.59.1 image v1.2.3.4",
        "https://localhost:6444 https://rancher.cattle-system https://kubernetes.default",
        "std::string foo::bar a::b::c 12:30:45",
        "fingerprint AA:BB:CC:DD:EE:FF:00:11",
    ],
)  # fmt: skip
def test_what_every_cluster_has_stays(text: str) -> None:
    assert in_log(text, "node-1") == text


def test_the_same_name_has_the_same_pseudonym_everywhere() -> None:
    documents = {
        "evidence.json": {**evidence("n1", "n2"), "pod_troubles": [{"node": "n1"}]},
        "logs/kube-system/etcd-n1/etcd.log": "n1 talks to 10.0.0.2, n2 to 10.0.0.1 and 10.0.0.2",
    }
    found = Pseudonyms(documents)
    changed = found.documents(documents)
    one = changed["evidence.json"]["nodes"][0]["name"]
    assert changed["evidence.json"]["pod_troubles"][0]["node"] == one
    (log,) = [name for name in changed if name.startswith("logs/")]
    assert f"etcd-{one}/" in log
    words = changed[log].replace(",", "").split()
    assert words[0] == one
    assert words[3] == words[-1] != words[6]
    assert {found.table[each] for each in found.table} == {"n1", "n2", "10.0.0.1", "10.0.0.2"}


def test_a_node_named_like_a_word_of_the_field_is_replaced_only_where_it_is_a_node() -> None:
    """All namespaces, charts and rules are full of these words."""
    documents = {
        "evidence.json": {
            **evidence("harvester", "fleet"),
            "bundles": [{"name": "harvester"}],
            "job_pods": [{"node": "harvester"}],
        },
        "log": "ManagedChart fleet-local/harvester",
    }
    found = Pseudonyms(documents)
    changed = found.documents(documents)
    assert changed["log"] == documents["log"]
    assert changed["evidence.json"]["bundles"] == [{"name": "harvester"}]
    named = changed["evidence.json"]["nodes"][0]["name"]
    assert named != "harvester"
    assert changed["evidence.json"]["job_pods"] == [{"node": named}]
    assert set(found.kept) == {"harvester", "fleet"}


def cases() -> list[Any]:
    return [
        pytest.param(case["overlay"], id=path.stem)
        for path in sorted(DATA.glob("*.yml"))
        for case in yaml.safe_load(path.read_bytes())["match"][:1]
    ]


def judged(document: dict[str, Any]) -> list[Any]:
    findings = diagnose(document)
    found = [(each["id"], each["outcome"], each["rank"]) for each in findings["findings"]]
    return [findings["verdict"], found, [each["id"] for each in findings["set_aside"]]]


@pytest.mark.parametrize("overlay", cases())
def test_the_diagnosis_of_pseudonyms_is_that_of_the_names(overlay: dict[str, Any]) -> None:
    document = build(overlay)
    changed = Pseudonyms({"evidence.json": document}).value(document)
    assert judged(changed) == judged(document)


@pytest.mark.parametrize("name", clusters.CHANGES)
def test_so_is_that_of_whole_clusters(name: str) -> None:
    document = json.loads(json.dumps(clusters.live_evidence(clusters.cluster_of(name))))
    changed = Pseudonyms({"evidence.json": document}).value(document)
    assert judged(changed) == judged(document)
    assert document["cluster"]["server"] not in json.dumps(changed)
