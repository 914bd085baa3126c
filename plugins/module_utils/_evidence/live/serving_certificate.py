# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate a webhook serves with, and the certificates that its callers trust (FM 6.19b).

Only certificates are looked at, which are public: what else a Secret holds, its key first of all, is dropped as soon as
it is read. ``cryptography`` comes with ansible-core; where it is missing the certificate is unreadable, with the reason.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..._core.lenient import Document, dig, mapping, stamp, text
from ..._documents.evidence import ServingCertificate
from .objects import created_at

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

CERTIFICATE_KEY = "tls.crt"


class UnreadableCertificate(Exception):
    """What is there is no certificate, or nothing here can read one; the text says why."""


def certificate_only(secret: object) -> Document:
    """A Secret without anything but its certificate."""
    found = mapping(secret)
    content = dig(found, "data", CERTIFICATE_KEY)
    return {"metadata": mapping(found.get("metadata")), "data": {CERTIFICATE_KEY: content}}


def certificates_of(encoded: object) -> list[Certificate]:
    """The certificates of a base64 text that holds PEM. Raises `UnreadableCertificate`."""
    try:
        from cryptography import x509
    except ImportError as exc:
        raise UnreadableCertificate("the Python library cryptography is not installed") from exc
    try:
        content = base64.b64decode(text(encoded) or "", validate=True)
        return x509.load_pem_x509_certificates(content)
    except (ValueError, TypeError, binascii.Error) as exc:
        raise UnreadableCertificate(f"it holds no certificate: {exc}") from exc


def serving_certificate(secret: Document) -> ServingCertificate:
    """What the Secret's certificate says about itself."""
    try:
        served = certificates_of(dig(secret, "data", CERTIFICATE_KEY))[0]
        return ServingCertificate(
            present=True,
            created_at=created_at(secret),
            not_before=stamp(served.not_valid_before_utc),
            not_after=stamp(served.not_valid_after_utc),
            subject=served.subject.rfc4514_string()[:300],
            issuer=served.issuer.rfc4514_string()[:300],
            names=_names(served),
        )
    except UnreadableCertificate as exc:
        return ServingCertificate(present=True, created_at=created_at(secret), error=str(exc)[:300])
    except Exception as exc:  # the library raises what it likes on a malformed certificate
        why = f"it cannot be read: {type(exc).__name__}: {exc}"
        return ServingCertificate(present=True, created_at=created_at(secret), error=why[:300])


def is_signed_by(secret: Document, bundle: object) -> bool | None:
    """Whether a certificate of the caBundle has signed the Secret's, or is it; None when one cannot be read."""
    try:
        served = certificates_of(dig(secret, "data", CERTIFICATE_KEY))
        return any(_signs(each, served) for each in certificates_of(bundle))
    except Exception:
        return None


def fingerprint(bundle: object) -> str | None:
    """What two equal caBundles have in common, None without one."""
    encoded = text(bundle)
    return hashlib.sha256(encoded.encode("utf-8", "replace")).hexdigest()[:16] if encoded else None


def ends_at(bundle: object) -> str | None:
    """When the last of a caBundle's certificates expires."""
    try:
        return stamp(max(each.not_valid_after_utc for each in certificates_of(bundle)))
    except Exception:
        return None


def _signs(trusted: Certificate, served: Sequence[Certificate]) -> bool:
    """Directly or through an intermediate that is served along."""
    if trusted == served[0]:
        return True
    for each in served:
        try:
            each.verify_directly_issued_by(trusted)
        except Exception:
            continue
        return True
    return False


def _names(certificate: Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(found.value.get_values_for_type(x509.DNSName))[:20]
