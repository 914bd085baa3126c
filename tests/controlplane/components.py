# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is built: each component is one Go program with its own pinned go.mod and go.sum."""

from __future__ import annotations

import hashlib
import platform
import re
from dataclasses import dataclass
from pathlib import Path

GO_DIRECTORY = Path(__file__).resolve().parent / "go"

# Raised when the way of building changes so that old binaries must not be taken for new ones.
RECIPE = 1


@dataclass(frozen=True)
class Component:
    """One Go program of the control plane.

    ``programs`` are the names it is installed under; more than one means a program that chooses
    its part by the name it is called by. ``ldflags`` may name ``{version}`` (``v1.2.3``),
    ``{major}`` and ``{minor}``. ``minutes`` is a measured guess for two cores and empty caches.
    ``crds`` are manifests shipped in the module that are kept beside the binary.
    """

    name: str
    module: str
    package: str
    programs: tuple[str, ...]
    ldflags: str
    minutes: float
    crds: tuple[str, ...] = ()

    @property
    def directory(self) -> Path:
        """The folder with go.mod and go.sum."""
        return GO_DIRECTORY / self.name

    @property
    def version(self) -> str:
        """The pinned version of the module, ``v1.2.3``."""
        text = (self.directory / "go.mod").read_text(encoding="utf-8")
        found = re.search(rf"^\s*(?:require )?{re.escape(self.module)} (v\S+)", text, re.MULTILINE)
        if found is None:
            raise ValueError(f"{self.directory}/go.mod does not require {self.module}")
        return found.group(1)

    @property
    def key(self) -> str:
        """Twelve hex digits over everything that decides what the binary is."""
        decisive = (
            RECIPE,
            platform.machine(),
            self.package,
            self.programs,
            self.ldflags,
            self.crds,
        )
        digest = hashlib.sha256(repr(decisive).encode())
        for path in sorted(self.directory.iterdir()):
            if path.name in ("go.mod", "go.sum") or path.suffix == ".go":
                digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()[:12]

    def linker_flags(self) -> str:
        """The value for ``go build -ldflags``."""
        major, minor = self.version.lstrip("v").split(".")[:2]
        flags = self.ldflags.format(version=self.version, major=major, minor=minor)
        return f"-s -w {flags}"


_KUBERNETES_VERSION = "k8s.io/component-base/version"

COMPONENTS: dict[str, Component] = {
    component.name: component
    for component in (
        Component(
            name="kubernetes",
            module="k8s.io/kubernetes",
            package=".",
            programs=(
                "etcd",
                "kube-apiserver",
                "kube-controller-manager",
                "kube-scheduler",
                "kubectl",
            ),
            ldflags=(
                f"-X {_KUBERNETES_VERSION}.gitVersion={{version}}"
                f" -X {_KUBERNETES_VERSION}.gitMajor={{major}}"
                f" -X {_KUBERNETES_VERSION}.gitMinor={{minor}}"
                f" -X {_KUBERNETES_VERSION}.gitTreeState=clean"
            ),
            minutes=7,
        ),
        Component(
            name="kwok",
            module="sigs.k8s.io/kwok",
            package="sigs.k8s.io/kwok/cmd/kwok",
            programs=("kwok",),
            ldflags="-X sigs.k8s.io/kwok/pkg/consts.Version={version}",
            minutes=1.5,
            crds=tuple(
                f"kustomize/crd/bases/kwok.x-k8s.io_{plural}.yaml"
                for plural in ("execs", "clusterexecs", "logs", "clusterlogs")
            ),
        ),
        Component(
            name="helm3",
            module="helm.sh/helm/v3",
            package="helm.sh/helm/v3/cmd/helm",
            programs=("helm3",),
            ldflags="-X helm.sh/helm/v3/internal/version.version={version}",
            minutes=1.5,
        ),
        Component(
            name="helm4",
            module="helm.sh/helm/v4",
            package="helm.sh/helm/v4/cmd/helm",
            programs=("helm4",),
            ldflags="-X helm.sh/helm/v4/internal/version.version={version}",
            minutes=2,
        ),
        # No part of a control plane: an OCI registry, for the tests that fetch charts.
        Component(
            name="registry",
            module="github.com/google/go-containerregistry",
            package="github.com/google/go-containerregistry/cmd/registry",
            programs=("registry",),
            ldflags="",
            minutes=0.7,
        ),
    )
}
