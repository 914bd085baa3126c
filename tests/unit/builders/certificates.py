# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as Rancher's webhook makes them: a CA of its own, and what that has signed."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "rancher-webhook.cattle-system.svc"
SECRET = "/api/v1/namespaces/cattle-system/secrets/cattle-webhook-tls"
_START = datetime(2026, 1, 1, tzinfo=timezone.utc)
_END = datetime(2027, 1, 1, tzinfo=timezone.utc)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


@dataclass(frozen=True)
class Authority:
    """A CA with its key; `bundle` is the caBundle of those who trust it."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def bundle(self) -> str:
        return base64.b64encode(_pem(self.certificate)).decode()

    @classmethod
    def make(cls, end: datetime = _END) -> Authority:
        key, name = ec.generate_private_key(ec.SECP256R1()), _name("dynamiclistener-ca")
        return cls(key, _certificate(key, name, name, key, end, ()))

    def secret(self, end: datetime = _END, host: str = HOST) -> dict[str, Any]:
        """The data of a TLS Secret, its key included."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = _certificate(key, _name(host), self.certificate.subject, self.key, end, (host,))
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        return {
            "tls.crt": base64.b64encode(_pem(made)).decode(),
            "tls.key": base64.b64encode(private).decode(),
        }


def _certificate(
    key: ec.EllipticCurvePrivateKey,
    subject: x509.Name,
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
    end: datetime,
    hosts: tuple[str, ...],
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_START)
        .not_valid_after(end)
    )
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(signer, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
