# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes kubeconfig files that stand alone: every certificate is inside."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

from controlplane.certificates import KeyPair

CONTEXT = "controlplane"


def write(path: Path, server: str, authority: Path, user: str, pair: KeyPair) -> None:
    """Write a kubeconfig (0600) with one cluster, one user and one context, ``controlplane``."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [
            {
                "name": CONTEXT,
                "cluster": {"server": server, "certificate-authority-data": _base64(authority)},
            }
        ],
        "contexts": [
            {"name": CONTEXT, "context": {"cluster": CONTEXT, "user": user, "namespace": "default"}}
        ],
        "users": [
            {
                "name": user,
                "user": {
                    "client-certificate-data": _base64(pair.certificate),
                    "client-key-data": _base64(pair.key),
                },
            }
        ],
    }
    partial = path.with_name(f".{path.name}.partial")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(document, file, indent=2)  # JSON is YAML
        file.write("\n")
    partial.rename(path)


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode("ascii")
