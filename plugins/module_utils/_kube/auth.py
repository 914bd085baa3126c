# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to reach a cluster: the connection options, and the one place that resolves them.

The options have the names, aliases and ``K8S_AUTH_*`` variables of kubernetes.core, so that inventories
written for it work unchanged. The same resolution serves the API client and the helm child process.
"""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ansible.module_utils.common.parameters import env_fallback

from .._core.errors import RemediationError


def _from_environment(*variables: str) -> str:
    """The first variable that is not empty: a credential of AWX sets all of its variables, whatever was filled in."""
    value: str = env_fallback(*(name for name in variables if os.environ.get(name)))
    return value


def _option(name: str, *more_variables: str, **spec: Any) -> dict[str, Any]:
    variables = [f"K8S_AUTH_{variable.upper()}" for variable in (name, *more_variables)]
    return {**spec, "fallback": (_from_environment, variables)}


AUTH_ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "kubeconfig": _option("kubeconfig", type="raw"),
    "context": _option("context", type="str"),
    "host": _option("host", type="str"),
    "api_key": _option("api_key", type="str", no_log=True),
    "username": _option("username", type="str"),
    "password": _option("password", type="str", no_log=True),
    "validate_certs": _option("validate_certs", "verify_ssl", type="bool", aliases=["verify_ssl"]),
    "ca_cert": _option("ca_cert", "ssl_ca_cert", type="path", aliases=["ssl_ca_cert"]),
    "client_cert": _option("client_cert", "cert_file", type="path", aliases=["cert_file"]),
    "client_key": _option(
        "client_key", "key_file", type="path", aliases=["key_file"], no_log=False
    ),
    "proxy": _option("proxy", type="str"),
    "no_proxy": _option("no_proxy", type="str"),
    "proxy_headers": {
        "type": "dict",
        "options": {
            "basic_auth": _option("proxy_headers_basic_auth", type="str", no_log=True),
            "proxy_basic_auth": _option("proxy_headers_proxy_basic_auth", type="str", no_log=True),
            "user_agent": _option("proxy_headers_user_agent", type="str"),
        },
    },
    "persist_config": _option("persist_config", type="bool"),
    "impersonate_user": _option("impersonate_user", type="str"),
    "impersonate_groups": _option("impersonate_groups", type="list", elements="str"),
}

#: Options helm takes from its environment; every other one needs a kubeconfig written for it.
_BEYOND_HELM_ENVIRONMENT = ("username", "password", "client_cert", "client_key", "proxy")


@dataclass(frozen=True)
class Connection:
    """A resolved way to a cluster.

    `configuration` is a ``kubernetes.client.Configuration``; `headers` are sent with every request
    (impersonation); `source` names where the credentials came from, for messages.
    """

    configuration: Any
    source: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def server(self) -> str:
        """The URL of the API server, without a slash at the end."""
        return str(self.configuration.host).rstrip("/")


def resolve(params: Mapping[str, Any], *, tmpdir: str | None = None) -> Connection:
    """Turn connection options into a `Connection`, in the order kubernetes.core uses.

    Host with credentials; else the kubeconfig or context asked for; else the service account of the pod
    it runs in; else the default kubeconfig (``KUBECONFIG``, ``~/.kube/config``). Options given beside a
    kubeconfig win over what it says. `tmpdir` takes the credential files that a kubeconfig holds inline.

    Raises `kubeconfig-unreadable`, `kubeconfig-invalid`, `context-unknown`, `library-missing`.
    """
    _refuse_two_clusters(params)
    client, config = _kubernetes()
    configuration = client.Configuration()
    # urllib3's own default would be one pool per CPU count; the client sets it to its parallelism.
    if _complete_without_kubeconfig(params):
        source = "the connection options"
    elif params.get("kubeconfig") or params.get("context"):
        source = _load_kubeconfig(config, configuration, params, tmpdir)
    else:
        source = _load_default(config, configuration, params, tmpdir)
    _apply_options(configuration, params)
    return Connection(configuration, source, _impersonation(params))


@contextmanager
def helm_environment(
    params: Mapping[str, Any], *, tmpdir: str | None = None
) -> Iterator[dict[str, str]]:
    """Environment variables that make helm reach the same cluster with the same credentials.

    A kubeconfig given as a path is handed on as it is, never copied. Only what helm cannot take from its
    environment (an inline kubeconfig, client certificates, passwords, a proxy) goes into a kubeconfig of
    mode 0600 below `tmpdir`, which is gone when the context ends. No credential is on a command line.
    """
    kubeconfig = params.get("kubeconfig")
    needs_file = isinstance(kubeconfig, Mapping) or any(
        params.get(name) for name in _BEYOND_HELM_ENVIRONMENT
    )
    if not needs_file:
        yield _helm_variables(params)
        return
    connection = resolve(params, tmpdir=tmpdir)
    handle, name = tempfile.mkstemp(prefix="kubeconfig-", dir=tmpdir)  # 0600 by definition
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(_kubeconfig_text(connection.configuration))
        yield {"KUBECONFIG": name, **_helm_impersonation(params)}
    finally:
        Path(name).unlink(missing_ok=True)


def _kubernetes() -> tuple[Any, Any]:
    """The modules ``kubernetes.client`` and ``kubernetes.config``, imported at first use."""
    try:
        from kubernetes import client, config
    except ImportError as exc:
        raise RemediationError(
            "library-missing",
            f"The Python library kubernetes cannot be imported: {exc}.",
            "Install the collection's requirements.txt for the Python that runs the module "
            "(ansible_python_interpreter).",
        ) from exc
    return client, config


def _complete_without_kubeconfig(params: Mapping[str, Any]) -> bool:
    def given(*names: str) -> bool:
        return all(params.get(name) for name in names)

    return given("host") and (
        given("api_key") or given("username", "password") or given("client_cert", "client_key")
    )


def _load_kubeconfig(
    config: Any, configuration: Any, params: Mapping[str, Any], tmpdir: str | None
) -> str:
    kubeconfig = params.get("kubeconfig") or os.environ.get("KUBECONFIG") or "~/.kube/config"
    context = params.get("context") or None  # "" keeps K8S_AUTH_CONTEXT out and is no name
    persist = bool(params.get("persist_config"))
    if isinstance(kubeconfig, Mapping):
        where = "the kubeconfig given inline"
        _check_structure(kubeconfig, where, context)
        load = partial(config.load_kube_config_from_dict, config_dict=dict(kubeconfig))
    else:
        names = [str(Path(name).expanduser()) for name in str(kubeconfig).split(os.pathsep) if name]
        where = "kubeconfig " + os.pathsep.join(names)
        _check_structure(_merge([_read_kubeconfig(name) for name in names]), where, context)
        load = partial(config.load_kube_config, config_file=os.pathsep.join(names))
    try:
        load(
            context=context,
            client_configuration=configuration,
            persist_config=persist,
            temp_file_path=tmpdir,
        )
    except (
        config.ConfigException,
        KeyError,
        TypeError,
        ValueError,
        OSError,
        AttributeError,
    ) as exc:
        raise RemediationError(
            "kubeconfig-invalid",
            f"{_sentence_start(where)} cannot be used: {exc}.",
            "Check that the same kubeconfig and context work with: kubectl cluster-info.",
        ) from exc
    return where


def _load_default(
    config: Any, configuration: Any, params: Mapping[str, Any], tmpdir: str | None
) -> str:
    """The service account of the pod it runs in (an execution environment in a cluster), or kubeconfig.

    A job of AWX gets access to its cluster by its credential. Its pod is in the cluster of AWX: with the account of the
    pod a job whose credential is missing or incomplete would work on the wrong cluster.
    """
    if _is_awx_job() and not os.environ.get("KUBECONFIG"):
        raise _no_credential(params)
    try:
        config.load_incluster_config(client_configuration=configuration)
    except config.ConfigException:
        return _load_kubeconfig(config, configuration, params, tmpdir)
    return "the service account of this pod"


def _is_awx_job() -> bool:
    return bool(os.environ.get("AWX_HOST") and os.environ.get("JOB_ID"))


def _refuse_two_clusters(params: Mapping[str, Any]) -> None:
    """On a terminal the options given last are meant; in a job of AWX they are the fields of credentials."""
    if _is_awx_job() and params.get("kubeconfig") and _complete_without_kubeconfig(params):
        raise RemediationError(
            "kubeconfig-invalid",
            f"The job was given two ways to a cluster: a kubeconfig, and the server {params['host']} with credentials for it.",
            "Fill in either the kubeconfig or server and token in the credential of the type Harvester cluster access, and "
            "attach no other credential that sets K8S_AUTH_HOST, such as one of the type OpenShift or Kubernetes API "
            "Bearer Token.",
        )


def _no_credential(params: Mapping[str, Any]) -> RemediationError:
    given = {(True, False): "a server and no token for it", (False, True): "a token and no server"}
    has = given.get((bool(params.get("host")), bool(params.get("api_key"))))
    return RemediationError(
        "kubeconfig-unreadable",
        f"The job does not know how to reach a cluster: it was given {has or 'neither a kubeconfig nor a server'}.",
        "Give the job template, the node of the workflow or the launch a credential of the type Harvester cluster access, "
        "with a kubeconfig, or with server and token.",
    )


def _read_kubeconfig(name: str) -> Any:
    import yaml

    try:
        text = Path(name).read_text(encoding="utf-8")
    except OSError as exc:
        raise RemediationError(
            "kubeconfig-unreadable",
            f"Kubeconfig {name} cannot be read: {exc.strerror or exc}.",
            "Give the path of a readable kubeconfig in the option kubeconfig, K8S_AUTH_KUBECONFIG or "
            "KUBECONFIG. On a Harvester node it is /etc/rancher/rke2/rke2.yaml.",
        ) from exc
    except UnicodeDecodeError as exc:
        raise _invalid(f"kubeconfig {name}", "is no text file") from exc
    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark is not None else ""
        # The text of the error may quote the file, and the file holds credentials.
        raise _invalid(f"kubeconfig {name}", f"is no valid YAML{line}") from None


def _merge(contents: list[Any]) -> Any:
    """What several files say together: lists joined, the first ``current-context`` wins."""
    if len(contents) == 1:
        return contents[0]
    merged: dict[str, Any] = {}
    for content in contents:
        if isinstance(content, Mapping):
            for key, value in content.items():
                if isinstance(value, list) and isinstance(merged.get(key), list):
                    merged[key] = merged[key] + value
                else:
                    merged.setdefault(key, value)
    return merged


def _check_structure(content: Any, where: str, context: str | None) -> None:
    """Say exactly what is missing, before the library says it in its own words."""
    if not isinstance(content, Mapping):
        raise _invalid(where, "is empty" if content is None else "is no mapping")
    contexts = {
        item["name"]: item.get("context")
        for item in content.get("contexts") or []
        if isinstance(item, Mapping) and isinstance(item.get("name"), str)
    }
    wanted = context or content.get("current-context")
    known = ", ".join(sorted(contexts)) or "none"
    if not wanted:
        raise RemediationError(
            "context-unknown",
            f"{_sentence_start(where)} sets no current-context and none was asked for.",
            f"Name one in the option context. Known here: {known}.",
        )
    if wanted not in contexts:
        raise RemediationError(
            "context-unknown",
            f"{_sentence_start(where)} has no context {wanted}.",
            f"Name an existing one in the option context. Known here: {known}.",
        )
    chosen = contexts[wanted]
    cluster = chosen.get("cluster") if isinstance(chosen, Mapping) else None
    clusters = [
        item.get("cluster")
        for item in content.get("clusters") or []
        if isinstance(item, Mapping) and item.get("name") == cluster
    ]
    if not (clusters and isinstance(clusters[0], Mapping) and clusters[0].get("server")):
        raise _invalid(where, f"has no cluster with a server for its context {wanted}")


def _invalid(where: str, what: str) -> RemediationError:
    return RemediationError(
        "kubeconfig-invalid",
        f"{_sentence_start(where)} {what}.",
        "Check that the same kubeconfig and context work with: kubectl cluster-info.",
    )


def _sentence_start(text: str) -> str:
    return text[:1].upper() + text[1:]


def _apply_options(configuration: Any, params: Mapping[str, Any]) -> None:
    """Options given explicitly win over the kubeconfig."""
    names = {
        "host": "host",
        "username": "username",
        "password": "password",
        "validate_certs": "verify_ssl",
        "ca_cert": "ssl_ca_cert",
        "client_cert": "cert_file",
        "client_key": "key_file",
        "proxy": "proxy",
        "no_proxy": "no_proxy",
    }
    for option, attribute in names.items():
        value = params.get(option)
        if value is not None and value != "":
            setattr(configuration, attribute, _with_scheme(value) if option == "host" else value)
    if params.get("api_key"):
        # Both names of the security scheme: client releases before 36 know only the second one.
        token = f"Bearer {params['api_key']}"
        configuration.api_key = {"BearerToken": token, "authorization": token}
        configuration.refresh_api_key_hook = None
    if params.get("proxy_headers"):
        import urllib3

        given = {key: value for key, value in params["proxy_headers"].items() if value}
        configuration.proxy_headers = urllib3.util.make_headers(**given)


def _with_scheme(host: str) -> str:
    """``10.0.0.10:6443`` with https in front, as kubectl takes it; else the token would be sent without encryption."""
    return host if "://" in host else f"https://{host}"


def _impersonation(params: Mapping[str, Any]) -> dict[str, str]:
    headers = {}
    if params.get("impersonate_user"):
        headers["Impersonate-User"] = str(params["impersonate_user"])
    if params.get("impersonate_groups"):
        # One header per group; the client splits at the line feed, which no group name can contain.
        headers["Impersonate-Group"] = "\n".join(params["impersonate_groups"])
    return headers


def _helm_variables(params: Mapping[str, Any]) -> dict[str, str]:
    variables = _helm_impersonation(params)
    if params.get("kubeconfig"):
        names = str(params["kubeconfig"]).split(os.pathsep)
        variables["KUBECONFIG"] = os.pathsep.join(str(Path(name).expanduser()) for name in names)
    elif _complete_without_kubeconfig(params):
        # Else helm would add the certificates and plugins of whatever kubeconfig is lying about.
        variables["KUBECONFIG"] = os.devnull
    named = {
        "context": "HELM_KUBECONTEXT",
        "host": "HELM_KUBEAPISERVER",
        "api_key": "HELM_KUBETOKEN",
        "ca_cert": "HELM_KUBECAFILE",
    }
    for option, variable in named.items():
        if params.get(option):
            variables[variable] = str(params[option])
    if params.get("host"):
        variables[named["host"]] = _with_scheme(str(params["host"]))
    if params.get("validate_certs") is False:
        variables["HELM_KUBEINSECURE_SKIP_TLS_VERIFY"] = "true"
        # helm refuses both: "specifying a root certificates file with the insecure flag is not allowed".
        variables.pop(named["ca_cert"], None)
    if params.get("no_proxy"):
        variables["NO_PROXY"] = str(params["no_proxy"])
    return variables


def _helm_impersonation(params: Mapping[str, Any]) -> dict[str, str]:
    variables = {}
    if params.get("impersonate_user"):
        variables["HELM_KUBEASUSER"] = str(params["impersonate_user"])
    if params.get("impersonate_groups"):
        variables["HELM_KUBEASGROUPS"] = ",".join(params["impersonate_groups"])
    return variables


def _kubeconfig_text(configuration: Any) -> str:
    """A kubeconfig with one context, equal to the resolved configuration. JSON is valid YAML."""
    import json

    def content(path: str | None) -> str | None:
        return base64.b64encode(Path(path).read_bytes()).decode() if path else None

    insecure = not configuration.verify_ssl
    cluster = {
        "server": configuration.host,
        "certificate-authority-data": None if insecure else content(configuration.ssl_ca_cert),
        "insecure-skip-tls-verify": insecure or None,
        "tls-server-name": configuration.tls_server_name,
        "proxy-url": configuration.proxy,
    }
    token = configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
    user = {
        "token": token.removeprefix("Bearer ") if token and token.startswith("Bearer ") else None,
        "client-certificate-data": content(configuration.cert_file),
        "client-key-data": content(configuration.key_file),
        "username": configuration.username,
        "password": configuration.password,
    }
    if token and token.startswith("Basic "):
        user["username"], _separator, user["password"] = (
            base64.b64decode(token.removeprefix("Basic ")).decode().partition(":")
        )
    context = {"cluster": "remediation", "user": "remediation"}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "remediation",
            "contexts": [{"name": "remediation", "context": context}],
            "clusters": [{"name": "remediation", "cluster": _without_none(cluster)}],
            "users": [{"name": "remediation", "user": _without_none(user)}],
        }
    )


def _without_none(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if value is not None}
