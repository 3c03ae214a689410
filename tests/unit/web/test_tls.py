# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Self-signed certificates."""

from __future__ import annotations

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.tls import (
    make_certificate,
    parse_certificate,
    utc_now,
)

NOW = datetime.datetime(2026, 1, 1)  # noqa: DTZ001  # certificates give their times without a zone, in UTC


def _foreign_certificate(organisation: str) -> bytes:
    """Return a certificate that another issuer signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Some CA")]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + datetime.timedelta(days=1))
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize("name", ["a.example", "xn--bcher-kva.example", "a" * 63 + "." + "b" * 63 + ".example"])
def test_a_certificate_is_ours_and_for_its_name(name: str) -> None:
    content = make_certificate(name, 100, NOW)
    certificate = parse_certificate(content)
    assert certificate.ours
    assert certificate.names == (name,)
    assert certificate.expires == NOW + datetime.timedelta(days=100)
    key = serialization.load_pem_private_key(content, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.curve.name == "secp256r1"


def test_it_is_due_thirty_days_before_its_end() -> None:
    certificate = parse_certificate(make_certificate("a.example", 100, NOW))
    assert not certificate.is_due(NOW + datetime.timedelta(days=70))
    assert certificate.is_due(NOW + datetime.timedelta(days=71))


@pytest.mark.parametrize("organisation", ["WCP360 self-signed", "Example Inc"])
def test_a_real_certificate_is_never_ours_nor_due(organisation: str) -> None:
    certificate = parse_certificate(_foreign_certificate(organisation))
    assert not certificate.ours
    assert not certificate.is_due(utc_now() + datetime.timedelta(days=10000))


@pytest.mark.parametrize("content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_what_is_no_certificate_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_certificate(content)
