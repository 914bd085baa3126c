# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.auth import (
    AUTH_ARGUMENT_SPEC,
    helm_environment,
    resolve,
)

SECRET_TOKEN = "s3cret-t0ken"


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("K8S_AUTH_", "KUBE", "HELM_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def kubeconfig(**changes: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "one",
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": name}} for name in ("one", "two")
        ],
        "clusters": [
            {"name": name, "cluster": {"server": f"https://{name}.example:6443"}}
            for name in ("one", "two")
        ],
        "users": [{"name": name, "user": {"token": SECRET_TOKEN}} for name in ("one", "two")],
        **changes,
    }


@pytest.fixture
def kubeconfig_file(tmp_path: Path) -> Path:
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(kubeconfig()))
    return path


def error_of(params: dict[str, Any]) -> RemediationError:
    with pytest.raises(RemediationError) as caught:
        resolve(params)
    assert SECRET_TOKEN not in str(caught.value.to_dict())
    return caught.value


def test_the_context_chooses_the_server(kubeconfig_file: Path) -> None:
    assert resolve({"kubeconfig": str(kubeconfig_file)}).server == "https://one.example:6443"
    found = resolve({"kubeconfig": str(kubeconfig_file), "context": "two"})
    assert found.server == "https://two.example:6443"
    assert str(kubeconfig_file) in found.source


def test_an_empty_context_is_the_current_one(kubeconfig_file: Path) -> None:
    found = resolve({"kubeconfig": str(kubeconfig_file), "context": "", "host": "https://other"})
    assert found.server == "https://other"


def test_a_kubeconfig_can_be_given_inline(tmp_path: Path) -> None:
    found = resolve({"kubeconfig": kubeconfig(), "context": "two"}, tmpdir=str(tmp_path))
    assert found.server == "https://two.example:6443"


def test_several_files_are_read_together(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text(yaml.safe_dump(kubeconfig(clusters=[], users=[])))
    two.write_text(yaml.safe_dump(kubeconfig(contexts=[])))
    found = resolve({"kubeconfig": f"{one}{os.pathsep}{two}", "context": "two"})
    assert found.server == "https://two.example:6443"


def test_options_win_over_the_kubeconfig(kubeconfig_file: Path) -> None:
    found = resolve(
        {
            "kubeconfig": str(kubeconfig_file),
            "host": "https://other:1",
            "api_key": "mine",
            "validate_certs": False,
        }
    )
    assert found.server == "https://other:1"
    assert found.configuration.verify_ssl is False
    assert found.configuration.get_api_key_with_prefix("BearerToken") == "Bearer mine"


def test_the_default_kubeconfig_is_the_last_resort(
    monkeypatch: pytest.MonkeyPatch, kubeconfig_file: Path
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig_file))
    assert resolve({}).server == "https://one.example:6443"


def test_a_kubeconfig_that_is_not_there() -> None:
    error = error_of({"kubeconfig": "/nowhere/kubeconfig"})
    assert error.code == "kubeconfig-unreadable"
    assert "/nowhere/kubeconfig" in error.message
    assert "No such file" in error.message
    assert "K8S_AUTH_KUBECONFIG" in error.remedy


def test_no_kubeconfig_at_all_names_the_default_place(tmp_path: Path) -> None:
    error = error_of({})
    assert error.code == "kubeconfig-unreadable"
    assert str(tmp_path / "home" / ".kube" / "config") in error.message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_kubeconfig_without_permission(kubeconfig_file: Path) -> None:
    kubeconfig_file.chmod(0)
    assert error_of({"kubeconfig": str(kubeconfig_file)}).code == "kubeconfig-unreadable"


def test_a_directory_is_no_kubeconfig(tmp_path: Path) -> None:
    assert error_of({"kubeconfig": str(tmp_path)}).code == "kubeconfig-unreadable"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f"users: [{{token: {SECRET_TOKEN}", "no valid YAML in line"),
        ("", "is empty"),
        ("- a\n", "is no mapping"),
        (yaml.safe_dump(kubeconfig(clusters=[])), "no cluster with a server"),
        (yaml.safe_dump(kubeconfig(clusters=None)), "no cluster with a server"),
        (yaml.safe_dump(kubeconfig(clusters=[{"name": "one"}])), "no cluster with a server"),
    ],
)
def test_a_kubeconfig_that_makes_no_sense(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(content)
    error = error_of({"kubeconfig": str(path)})
    assert error.code == "kubeconfig-invalid"
    assert words in error.message
    assert str(path) in error.message


def test_binary_rubbish_is_no_kubeconfig(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_bytes(b"\x1f\x8b\xff\x00")
    assert error_of({"kubeconfig": str(path)}).code == "kubeconfig-invalid"


def test_a_certificate_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    clusters = [
        {"name": "one", "cluster": {"server": "https://a", "certificate-authority": "x.crt"}}
    ]
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(kubeconfig(clusters=clusters)))
    error = error_of({"kubeconfig": str(path)})
    assert error.code == "kubeconfig-invalid"
    assert str(tmp_path / "x.crt") in error.message


def test_an_unknown_context_names_those_that_exist(kubeconfig_file: Path) -> None:
    error = error_of({"kubeconfig": str(kubeconfig_file), "context": "prod"})
    assert error.code == "context-unknown"
    assert "prod" in error.message
    assert "one, two" in error.remedy


def test_no_current_context() -> None:
    error = error_of({"kubeconfig": kubeconfig(**{"current-context": ""})})
    assert error.code == "context-unknown"


def test_helm_gets_the_kubeconfig_itself_not_a_copy(kubeconfig_file: Path, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    params = {
        "kubeconfig": str(kubeconfig_file),
        "context": "two",
        "impersonate_groups": ["a", "b"],
    }
    with helm_environment(params, tmpdir=str(tmp_path)) as environment:
        assert set(tmp_path.iterdir()) == before
    assert environment == {
        "KUBECONFIG": str(kubeconfig_file),
        "HELM_KUBECONTEXT": "two",
        "HELM_KUBEASGROUPS": "a,b",
    }


def test_helm_gets_a_token_by_its_environment(kubeconfig_file: Path) -> None:
    params = {
        "kubeconfig": str(kubeconfig_file),
        "host": "https://h",
        "api_key": "k",
        "ca_cert": "/ca",
        "validate_certs": False,
    }
    with helm_environment(params) as environment:
        assert environment == {
            "KUBECONFIG": str(kubeconfig_file),
            "HELM_KUBEAPISERVER": "https://h",
            "HELM_KUBETOKEN": "k",
            "HELM_KUBEINSECURE_SKIP_TLS_VERIFY": "true",
        }
    with helm_environment({**params, "validate_certs": None}) as environment:
        assert environment["HELM_KUBECAFILE"] == "/ca"
        assert "HELM_KUBEINSECURE_SKIP_TLS_VERIFY" not in environment


def test_helm_mixes_no_kubeconfig_in_where_none_is_meant() -> None:
    with helm_environment({"host": "https://h", "api_key": "k"}) as environment:
        assert environment == {
            "KUBECONFIG": os.devnull,
            "HELM_KUBEAPISERVER": "https://h",
            "HELM_KUBETOKEN": "k",
        }


@pytest.mark.parametrize(
    "params",
    [
        {"kubeconfig": kubeconfig()},
        {"host": "https://one.example:6443", "username": "u", "password": "p"},
        {"kubeconfig": kubeconfig(), "proxy": "http://proxy:3128"},
    ],
)
def test_what_helm_cannot_take_otherwise_is_a_private_file_that_goes_away(
    params: dict[str, Any], tmp_path: Path
) -> None:
    with helm_environment(params, tmpdir=str(tmp_path)) as environment:
        path = Path(environment["KUBECONFIG"])
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        again = resolve({"kubeconfig": str(path)})
        assert again.server == "https://one.example:6443"
        assert again.configuration.proxy == params.get("proxy")
    assert not path.exists()


def test_the_private_file_goes_away_after_an_error_too(tmp_path: Path) -> None:
    def use() -> None:
        with helm_environment({"kubeconfig": kubeconfig()}, tmpdir=str(tmp_path)):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        use()
    assert list(tmp_path.glob("kubeconfig-*")) == []


def test_a_written_kubeconfig_carries_the_credentials(tmp_path: Path) -> None:
    certificate, key = tmp_path / "crt", tmp_path / "key"
    certificate.write_text("CERT")
    key.write_text("KEY")
    params = {"host": "https://h", "client_cert": str(certificate), "client_key": str(key)}
    with helm_environment(params, tmpdir=str(tmp_path)) as environment:
        content = json.loads(Path(environment["KUBECONFIG"]).read_text())
    assert content["users"][0]["user"] == {
        "client-certificate-data": base64.b64encode(b"CERT").decode(),
        "client-key-data": base64.b64encode(b"KEY").decode(),
    }
    with helm_environment({"kubeconfig": kubeconfig()}, tmpdir=str(tmp_path)) as environment:
        content = json.loads(Path(environment["KUBECONFIG"]).read_text())
    assert content["users"][0]["user"] == {"token": SECRET_TOKEN}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "neither a kubeconfig nor a server"),
        ({"host": "https://there:6443"}, "a server and no token"),
        ({"api_key": "t"}, "a token and no server"),
    ],
)
def test_a_job_of_awx_never_takes_the_account_of_its_pod(
    monkeypatch: pytest.MonkeyPatch, params: dict[str, str], words: str
) -> None:
    """Its pod is in the cluster of AWX, where nothing is to be repaired."""
    loaded: list[str] = []
    monkeypatch.setattr(
        "kubernetes.config.load_incluster_config", lambda **_options: loaded.append("pod")
    )
    resolve(params)
    assert loaded == ["pod"]
    monkeypatch.setenv("AWX_HOST", "https://awx.example.com")
    monkeypatch.setenv("JOB_ID", "42")
    monkeypatch.delenv("KUBECONFIG", raising=False)
    with pytest.raises(RemediationError, match=words) as raised:
        resolve(params)
    assert "Harvester cluster access" in raised.value.remedy
    assert loaded == ["pod"]


def test_a_job_of_awx_with_two_ways_to_a_cluster_takes_neither(
    monkeypatch: pytest.MonkeyPatch, kubeconfig_file: Path
) -> None:
    """A credential with all fields filled in, or one of another type beside it."""
    both = {"kubeconfig": str(kubeconfig_file), "host": "https://other:6443", "api_key": "t"}
    assert resolve(both).server == "https://other:6443"
    monkeypatch.setenv("AWX_HOST", "https://awx.example.com")
    monkeypatch.setenv("JOB_ID", "42")
    with pytest.raises(RemediationError, match="two ways to a cluster") as raised:
        resolve(both)
    assert "https://other:6443" in raised.value.message
    # The address of a node put in place of the one in the kubeconfig is one way.
    assert resolve({**both, "api_key": ""}).server == "https://other:6443"


@pytest.mark.parametrize(
    ("given", "server"),
    [
        ("10.0.0.10:6443", "https://10.0.0.10:6443"),
        (
            "rancher.example.com/k8s/clusters/c-m-abc",
            "https://rancher.example.com/k8s/clusters/c-m-abc",
        ),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
    ],
)
def test_no_token_is_sent_without_encryption_for_want_of_a_scheme(given: str, server: str) -> None:
    params = {"host": given, "api_key": "t"}
    assert resolve(params).server == server
    with helm_environment(params) as environment:
        assert environment["HELM_KUBEAPISERVER"] == server


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """A boolean cannot be empty, and the second name of an option counts where the first one is."""
    monkeypatch.setenv("K8S_AUTH_VALIDATE_CERTS", "")
    monkeypatch.setenv("K8S_AUTH_VERIFY_SSL", "")
    monkeypatch.setenv("K8S_AUTH_CA_CERT", "")
    monkeypatch.setenv("K8S_AUTH_SSL_CA_CERT", "/ca.pem")
    validated = ArgumentSpecValidator(AUTH_ARGUMENT_SPEC).validate({})
    assert validated.error_messages == []
    assert validated.validated_parameters["validate_certs"] is None
    assert validated.validated_parameters["ca_cert"] == "/ca.pem"
