# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates: a self-signed one for each domain with TLS until a real one exists.

Certificate and key are one file, so that renaming it swaps both at once: nginx reads them at every full handshake,
and two files would not fit each other in between. A certificate that is not one of these is never touched.
"""

from __future__ import annotations

import dataclasses
import datetime
import traceback

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
except ImportError:
    CRYPTOGRAPHY_ERROR: str | None = traceback.format_exc()
else:
    CRYPTOGRAPHY_ERROR = None

ORGANISATION = "WCP360 self-signed"
"""Subject organisation (O) by which the collection knows its own certificates."""

RENEW_BEFORE_DAYS = 30
_COMMON_NAME_MOST = 64  # ub-common-name of RFC 5280


@dataclasses.dataclass(frozen=True)
class Certificate:
    """What a certificate file holds: ``ours`` when it is self-signed by the collection, ``expires`` in UTC."""

    ours: bool
    expires: datetime.datetime
    names: tuple[str, ...]

    def is_due(self, now: datetime.datetime) -> bool:
        """Tell whether it is time to replace it."""
        return self.ours and self.expires - now < datetime.timedelta(days=RENEW_BEFORE_DAYS)


def utc_now() -> datetime.datetime:
    """Return the time in UTC, without the zone, as cryptography's certificates give theirs."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


def make_certificate(name: str, days: int, now: datetime.datetime) -> bytes:
    """Return a new key (EC, P-256) and a self-signed certificate for ``name``, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION)]
    if len(name) <= _COMMON_NAME_MOST:
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, name))
    subject = x509.Name(attributes)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def parse_certificate(content: bytes) -> Certificate:
    """Read the first certificate of a PEM file. Raises ValueError when there is none."""
    certificate = x509.load_pem_x509_certificate(content)
    subject = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    ours = [entry.value for entry in subject] == [ORGANISATION] and certificate.issuer == certificate.subject
    expires = getattr(certificate, "not_valid_after_utc", None)  # since cryptography 42; Debian 12 has 38
    if expires is None:
        expires = certificate.not_valid_after
    return Certificate(ours, expires.replace(tzinfo=None), _names(certificate))


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(extension.value.get_values_for_type(x509.DNSName))
