# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.field_path import (
    text_of,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.manifest import (
    beyond,
    excess,
    excess_names,
    objects_of,
)

BASE = """
---
# Source: web/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: n}
spec:
  template:
    spec:
      nodeSelector: null
      containers:
        - {name: web, image: "web:1", env: [{name: A, value: "1"}], ports: [{containerPort: 80}]}
"""
MORE = """
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: n}
spec:
  template:
    spec:
      nodeSelector: {disk: none}
      containers:
        - name: web
          image: "web:2"
          args: [x]
          env: [{name: A, value: "2"}, {name: B, value: "hunter2"}]
          ports: [{containerPort: 80}, {containerPort: 81}]
        - {name: side}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: more}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: kept, annotations: {helm.sh/resource-policy: keep}}
"""


def test_what_a_manifest_sets_beyond_another() -> None:
    assert excess_names(MORE, BASE) == [
        "Deployment/n/web spec.template.spec.nodeSelector",
        "Deployment/n/web spec.template.spec.containers[name=web].args",
        "Deployment/n/web spec.template.spec.containers[name=web].env[name=B]",
        "Deployment/n/web spec.template.spec.containers[name=web].ports[containerPort=81]",
        "Deployment/n/web spec.template.spec.containers[name=side]",
        "ConfigMap/more",
    ]
    assert "hunter2" not in repr(excess_names(MORE, BASE))
    assert excess_names(BASE, MORE) == []
    assert excess_names(MORE, MORE) == []


def test_lists_that_helm_replaces_are_never_left() -> None:
    """Of a custom resource, and in any kind those whose items it does not tell apart."""
    for kind in ("apiVersion: x.io/v1\nkind: Thing", "apiVersion: v1\nkind: Pod"):
        one = f"{kind}\nmetadata: {{name: a}}\nspec: {{tolerations: [{{key: a}}]}}\n"
        two = f"{kind}\nmetadata: {{name: a}}\nspec: {{tolerations: [{{key: a}}, {{key: b}}]}}\n"
        assert excess(two, one) == []
    custom = "apiVersion: x.io/v1\nkind: Thing\nmetadata: {name: a}\nspec: {env: [{name: A}]}\n"
    assert excess(custom, custom.replace("name: A", "name: B")) == []


def test_crds_are_compared_by_name_only_and_can_be_left_out() -> None:
    crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: %s}\n"
    one, both = crd % "a", f"{crd % 'a'}spec: {{x: 1}}\n---\n{crd % 'b'}"
    assert excess_names(both, one) == ["CustomResourceDefinition/b"]
    assert len(objects_of(both)) == 2
    assert (
        objects_of(f"{both}\n---\nkind: ConfigMap\n", with_crds=False).keys()
        == objects_of("kind: ConfigMap").keys()
    )


def test_secrets_given_as_text_are_data() -> None:
    plain = {"kind": "Secret", "stringData": {"a": "x"}}
    stored = {"kind": "Secret", "data": {"a": "eA==", "b": "eA=="}}
    assert beyond(plain, stored) == []
    assert [text_of(path) for path in beyond(stored, plain)] == ["data.b"]


def test_the_items_of_a_list_are_objects_of_their_own() -> None:
    text = (
        "apiVersion: v1\nkind: ConfigMapList\nitems: [{kind: ConfigMap, metadata: {name: a}}, 7]\n"
    )
    assert [key.label for key in objects_of(text)] == ["ConfigMap/a"]


@pytest.mark.parametrize("text", ["a: [", "\x00", "a: !!python/object:os.system x"])
def test_what_is_not_yaml_cannot_be_compared(text: str) -> None:
    with pytest.raises(ValueError, match="not YAML"):
        excess(BASE, text)


def test_oddities_do_no_harm() -> None:
    assert excess("", "") == []
    assert excess("- 1\n---\n7\n---\nkind: A\nmetadata: {}\n", "kind: A\nmetadata: 7") == []


def test_a_long_list_is_cut_off() -> None:
    many = "---\n".join(f"kind: ConfigMap\nmetadata: {{name: a{n}}}\n" for n in range(60))
    names = excess_names(many, "")
    assert (len(names), names[-1]) == (41, "and 20 more")
