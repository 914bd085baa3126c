# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """How to reach the cluster: the options of kubernetes.core, with the same names and variables."""

    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - Path of a kubeconfig file, several joined by V(:), or the content of one as a dictionary.
      - Without it, and without O(host) and O(context), the service account of the pod the module runs in is used
        if there is one, else E(KUBECONFIG), else C(~/.kube/config).
      - Can also be given in E(K8S_AUTH_KUBECONFIG).
    type: raw
  context:
    description:
      - Name of the context in the kubeconfig; its current context by default.
      - Can also be given in E(K8S_AUTH_CONTEXT).
    type: str
  host:
    description:
      - URL of the API server.
      - Can also be given in E(K8S_AUTH_HOST).
    type: str
  api_key:
    description:
      - Token to authenticate with.
      - Can also be given in E(K8S_AUTH_API_KEY).
    type: str
  username:
    description:
      - User name for basic authentication, which few API servers still accept.
      - Can also be given in E(K8S_AUTH_USERNAME).
    type: str
  password:
    description:
      - Password for basic authentication.
      - Can also be given in E(K8S_AUTH_PASSWORD).
    type: str
  validate_certs:
    description:
      - Whether the certificate of the API server must be valid.
      - Can also be given in E(K8S_AUTH_VERIFY_SSL).
    type: bool
    aliases: [verify_ssl]
  ca_cert:
    description:
      - Path of the CA certificates the API server's certificate is checked against.
      - Can also be given in E(K8S_AUTH_SSL_CA_CERT).
    type: path
    aliases: [ssl_ca_cert]
  client_cert:
    description:
      - Path of a client certificate to authenticate with.
      - Can also be given in E(K8S_AUTH_CERT_FILE).
    type: path
    aliases: [cert_file]
  client_key:
    description:
      - Path of the key of O(client_cert).
      - Can also be given in E(K8S_AUTH_KEY_FILE).
    type: path
    aliases: [key_file]
  proxy:
    description:
      - URL of a proxy to reach the API server through.
      - Can also be given in E(K8S_AUTH_PROXY).
    type: str
  no_proxy:
    description:
      - Hosts and domains, joined by commas, that are reached without the proxy.
      - Can also be given in E(K8S_AUTH_NO_PROXY).
    type: str
  proxy_headers:
    description:
      - Headers for the proxy.
    type: dict
    suboptions:
      basic_auth:
        description:
          - User and password for basic authentication, joined by a colon.
          - Can also be given in E(K8S_AUTH_PROXY_HEADERS_BASIC_AUTH).
        type: str
      proxy_basic_auth:
        description:
          - User and password for basic authentication at the proxy, joined by a colon.
          - Can also be given in E(K8S_AUTH_PROXY_HEADERS_PROXY_BASIC_AUTH).
        type: str
      user_agent:
        description:
          - User agent to name to the proxy.
          - Can also be given in E(K8S_AUTH_PROXY_HEADERS_USER_AGENT).
        type: str
  persist_config:
    description:
      - Whether renewed credentials are written back to the kubeconfig.
      - Can also be given in E(K8S_AUTH_PERSIST_CONFIG).
    type: bool
  impersonate_user:
    description:
      - User to act as.
      - Can also be given in E(K8S_AUTH_IMPERSONATE_USER).
    type: str
  impersonate_groups:
    description:
      - Groups to act as.
      - Can also be given in E(K8S_AUTH_IMPERSONATE_GROUPS), joined by commas.
    type: list
    elements: str
requirements:
  - python >= 3.10
  - kubernetes >= 24.2.0
"""
