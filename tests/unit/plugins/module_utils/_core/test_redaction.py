# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.redaction import (
    Redactor,
    redact,
    redact_text,
    sounds_secret,
)

SECRET = "hunter2hunter2hunter2"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.c2lnbmF0dXJl"
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\nAAAA\n-----END CERTIFICATE-----"


@pytest.mark.parametrize(
    "name",
    [
        "password", "bootstrapPassword", "DB_PASSWORD", "token", "apiServerCA", "caCert", "cacerts",
        "ca-bundle", "clientSecret", "apiKey", "tls.key", "tls-key", "privateKey", "private_key", "dockerconfigjson",
        "authorization", "kubeconfig", "serverCertificate", "certs", "secretKey", "accesskey", "basicAuth",
    ],
)  # fmt: skip
def test_names_that_hold_credentials(name: str) -> None:
    assert sounds_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "key", "keys", "image", "tag", "replicas", "agentTLSMode", "tolerations", "priorityClassName", "proxy",
        "noProxy", "apiServerURL", "keepAlive", "passes", "cache", "category", "monkey", "topologyKey", "labelKey",
    ],
)  # fmt: skip
def test_names_that_do_not(name: str) -> None:
    assert not sounds_secret(name)


@pytest.mark.parametrize(
    "line",
    [
        f"password={SECRET}",
        f"bootstrapPassword: {SECRET}",
        f'{{"token": "{SECRET}"}}',
        f"--password {SECRET} --user x",
        f"Authorization: Bearer {SECRET}",
        f"curl -H 'authorization: Basic {SECRET}=='",
        f"proxy http://admin:{SECRET}@proxy:3128/x",
        f"git clone https://{SECRET}@github.com/x",
        f"token-abcde:{SECRET * 3}",
        f"error: {JWT} rejected",
        f"client-key-data: {SECRET}",
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}",
        f"clientSecret: {SECRET}",
        f"access_token={SECRET}",
        f"--api-key {SECRET}",
        f"secret: {SECRET}",
        f"AWS_SECRET_ACCESS_KEY={SECRET}",
    ],
)
def test_credentials_in_a_log_line_are_gone(line: str) -> None:
    redacted = redact_text(line)
    assert SECRET not in redacted
    assert JWT not in redacted
    assert "redacted:" in redacted
    assert redacted.count("\n") == line.count("\n")
    assert redact_text(redacted) == redacted


@pytest.mark.parametrize(
    "line",
    [
        "wait helm release cattle-fleet-system fleet fleet-106.0.0+up0.12.0 0.12.0 deployed",
        'Error from server (NotFound): clusterrepos.catalog.cattle.io "rancher-charts" not found',
        "Failed to find system chart fleet will try again in 5 seconds: configmaps \"\" not found",
        'Failed calling webhook "rancher.cattle.io.clusters": service "rancher-webhook" not found',
        "https://10.53.0.1:443 is the server",
        "looking up secret cattle-fleet-local-system/fleet-agent-bootstrap: not found",
        "failed to list *v1.Secret: Unauthorized",
        "cannot get secrets: not found",
        "error while reading token: connection refused",
        "Error: UPGRADE FAILED: timed out waiting for the condition",
        "rancher/shell:v0.4.0",
        "time=\"2026-11-23T15:00:00Z\" level=info msg=\"Rancher version v2.11.0 is starting\"",
    ],
)  # fmt: skip
def test_what_a_diagnosis_reads_stays(line: str) -> None:
    assert redact_text(line) == line


def test_values_keep_their_shape_and_what_is_no_secret() -> None:
    values = {
        "apiServerCA": PEM,
        "bootstrapPassword": SECRET,
        "password": "",
        "tls": {"key": "plain", "privateKey": SECRET},
        "credentials": {"deep": [{"x": SECRET, "n": 1, "flag": True, "nothing": None}]},
        "extraEnv": [{"name": "DB_PASSWORD", "value": SECRET}, {"name": "LEVEL", "value": "debug"}],
        "tolerations": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Equal"}],
        "proxy": f"http://u:{SECRET}@p:1",
        "replicas": 3,
        "enabled": False,
    }
    result = redact(values)
    assert SECRET not in str(result)
    assert result["password"] == ""
    assert result["tls"]["key"] == "plain"
    assert result["tolerations"] == values["tolerations"]
    assert result["extraEnv"][1] == {"name": "LEVEL", "value": "debug"}
    assert result["credentials"]["deep"][0] == {
        "x": result["bootstrapPassword"],
        "n": 1,
        "flag": True,
        "nothing": None,
    }
    assert re.fullmatch(r"redacted:[0-9a-f]{12}", result["apiServerCA"])
    assert (result["replicas"], result["enabled"]) == (3, False)


def test_equality_survives_inside_one_document_only() -> None:
    one, other = Redactor(), Redactor()
    assert one.value({"token": SECRET}) == one.value({"token": SECRET})
    assert one.value({"token": SECRET}) != one.value({"token": SECRET + "x"})
    assert one.value({"token": SECRET}) != other.value({"token": SECRET})


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(JSON_VALUES)
def test_redacting_again_changes_nothing(value: Any) -> None:
    redactor = Redactor()
    once = redactor.value(value)
    assert redactor.value(once) == once


@given(st.text(min_size=3, alphabet=st.characters(categories=("L", "N"))))
def test_no_secret_below_a_secret_key_is_left(secret: str) -> None:
    result = Redactor().value({"password": secret, "list": {"tokens": [secret]}})
    assert result["password"].startswith("redacted:")
    assert result["list"]["tokens"] == [result["password"]]
