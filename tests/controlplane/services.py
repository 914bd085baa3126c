# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command lines of the control plane's processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from controlplane.certificates import KeyPair

POD_RANGE = "10.52.0.1/16"
SERVICE_RANGE = "10.53.0.0/16"
SERVICE_ADDRESS = "10.53.0.1"  # of the Service default/kubernetes
CRD_KINDS = ("Exec", "ClusterExec", "Logs", "ClusterLogs")


@dataclass(frozen=True)
class Ports:
    """Loopback ports."""

    etcd: int
    etcd_peer: int
    api: int
    kubelet: int

    @property
    def api_url(self) -> str:
        """Where the API server answers."""
        return f"https://127.0.0.1:{self.api}"


@dataclass(frozen=True)
class Credentials:
    """Certificates, keys and kubeconfigs of the processes."""

    authority: Path
    api_server: KeyPair
    kubelet: KeyPair
    kubelet_client: KeyPair
    service_account_key: Path
    service_account_public_key: Path
    kubeconfigs: Mapping[str, Path]


def etcd(program: str, ports: Ports, folder: Path) -> list[str]:
    """Durability is given up for speed: nothing here outlives the machine."""
    client, peer = f"http://127.0.0.1:{ports.etcd}", f"http://127.0.0.1:{ports.etcd_peer}"
    return [
        program,
        "--name=controlplane",
        f"--data-dir={folder}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=controlplane={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def api_server(
    program: str, ports: Ports, credentials: Credentials, policy: Path, audit_log: Path
) -> list[str]:
    """RBAC on; every request of people and tests is in the audit log."""
    return [
        program,
        f"--etcd-servers=http://127.0.0.1:{ports.etcd}",
        "--bind-address=127.0.0.1",
        f"--secure-port={ports.api}",
        # Without these two it looks for a default route, which a machine need not have.
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged=true",
        f"--client-ca-file={credentials.authority}",
        f"--tls-cert-file={credentials.api_server.certificate}",
        f"--tls-private-key-file={credentials.api_server.key}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={credentials.service_account_public_key}",
        f"--service-account-signing-key-file={credentials.service_account_key}",
        f"--kubelet-certificate-authority={credentials.authority}",
        f"--kubelet-client-certificate={credentials.kubelet_client.certificate}",
        f"--kubelet-client-key={credentials.kubelet_client.key}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--audit-policy-file={policy}",
        f"--audit-log-path={audit_log}",
        # It is read from marks on: another file in its place after 100 MB would hide what was done.
        "--audit-log-maxsize=10000",
        "--profiling=false",
    ]


def controller_manager(program: str, credentials: Credentials) -> list[str]:
    """All controllers, each with its own service account."""
    return [
        program,
        f"--kubeconfig={credentials.kubeconfigs['kube-controller-manager']}",
        f"--service-account-private-key-file={credentials.service_account_key}",
        f"--root-ca-file={credentials.authority}",
        "--use-service-account-credentials=true",
        "--leader-elect=false",
        "--secure-port=0",
        "--profiling=false",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
    ]


def scheduler(program: str, credentials: Credentials) -> list[str]:
    """The default scheduler."""
    return [
        program,
        f"--kubeconfig={credentials.kubeconfigs['kube-scheduler']}",
        "--leader-elect=false",
        "--secure-port=0",
        "--profiling=false",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
    ]


def kwok(program: str, ports: Ports, credentials: Credentials, configuration: Path) -> list[str]:
    """Plays all kubelets: one server for logs and exec of every node."""
    return [
        program,
        f"--kubeconfig={credentials.kubeconfigs['kwok']}",
        "--manage-all-nodes=true",
        f"--enable-crds={','.join(CRD_KINDS)}",
        "--node-lease-duration-seconds=40",  # without a Lease nodes turn NotReady
        f"--cidr={POD_RANGE}",
        "--node-ip=127.0.0.1",
        f"--node-port={ports.kubelet}",
        f"--server-address=127.0.0.1:{ports.kubelet}",
        f"--tls-cert-file={credentials.kubelet.certificate}",
        f"--tls-private-key-file={credentials.kubelet.key}",
        f"--config={configuration}",
    ]
