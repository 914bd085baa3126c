# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate authority of its own for each control plane, made with the ``openssl`` program."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from controlplane.failure import ControlPlaneError

DAYS = 30


@dataclass(frozen=True)
class KeyPair:
    """Paths of a PEM certificate and its private key."""

    certificate: Path
    key: Path


class Authority:
    """Signs the certificates of one control plane, all in ``folder`` (keys 0600)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pair = KeyPair(folder / "ca.crt", folder / "ca.key")

    def create(self) -> None:
        """Make the key and the self-signed certificate of the authority."""
        new_key(self.pair.key)
        _openssl(
            *("req", "-x509", "-new", "-sha256", "-key", str(self.pair.key)),
            *("-subj", "/CN=controlplane-ca", "-days", str(DAYS), "-out"),
            str(self.pair.certificate),
        )

    def server(self, name: str, alternative_names: list[str]) -> KeyPair:
        """A server certificate; names are written ``DNS:host`` or ``IP:address``."""
        return self._issue(name, f"/CN={name}", "serverAuth", alternative_names)

    def client(self, name: str, user: str, groups: list[str]) -> KeyPair:
        """A client certificate by which the API server knows ``user`` and ``groups``."""
        for part in (user, *groups):
            if not part or "/" in part:  # openssl separates the parts of a subject by it
                raise ControlPlaneError(f"a user or group cannot be called {part!r}")
        subject = "".join(f"/O={group}" for group in groups) + f"/CN={user}"
        return self._issue(name, subject, "clientAuth", [])

    def _issue(self, name: str, subject: str, usage: str, names: list[str]) -> KeyPair:
        pair = KeyPair(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        new_key(pair.key)
        extensions = [
            "basicConstraints=critical,CA:FALSE",
            "keyUsage=critical,digitalSignature",
            f"extendedKeyUsage={usage}",
        ]
        if names:
            extensions.append(f"subjectAltName={','.join(names)}")
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            request, extension_file = Path(scratch, "request"), Path(scratch, "extensions")
            extension_file.write_text("\n".join(extensions) + "\n", encoding="utf-8")
            _openssl(
                *("req", "-new", "-sha256", "-key", str(pair.key)),
                *("-subj", subject, "-out", str(request)),
            )
            _openssl(
                *("x509", "-req", "-sha256", "-in", str(request), "-days", str(DAYS)),
                *("-CA", str(self.pair.certificate), "-CAkey", str(self.pair.key)),
                *("-CAserial", str(Path(scratch, "serial")), "-CAcreateserial"),
                *("-extfile", str(extension_file), "-out", str(pair.certificate)),
            )
        return pair


def new_key(path: Path) -> None:
    """Write a new P-256 private key, readable by its owner only."""
    path.touch(mode=0o600)
    _openssl(
        "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(path)
    )


def write_public_key(private: Path, public: Path) -> None:
    """Write the public half of a private key."""
    _openssl("pkey", "-in", str(private), "-pubout", "-out", str(public))


def _openssl(*arguments: str) -> None:
    program = shutil.which("openssl")
    if program is None:
        raise ControlPlaneError(
            "the program openssl is missing; it makes the control plane's certificates. "
            "Install it, for example with: apt-get install openssl"
        )
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ControlPlaneError(f"openssl {arguments[0]} failed: {done.stderr.strip()}")
