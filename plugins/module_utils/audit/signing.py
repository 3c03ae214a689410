# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ed25519 signatures (RFC 8032), in raw bytes: 32 for a key, 64 for a signature."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import traceback

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.errors import KeyringError

CRYPTOGRAPHY_IMPORT_ERROR: str | None = None
try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
except ImportError:
    CRYPTOGRAPHY_IMPORT_ERROR = traceback.format_exc()

KEY_BYTES = 32
_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+?)\s+-----END PUBLIC KEY-----")
_DER_PREFIX = bytes.fromhex("302a300506032b6570032100")
"""What stands before the key in a SubjectPublicKeyInfo of Ed25519 (RFC 8410)."""


def public_key(private_key: bytes) -> bytes:
    """Return the public key of a private key. Raises KeyringError without the library cryptography."""
    _require_cryptography()
    return Ed25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def sign(private_key: bytes, message: bytes) -> bytes:
    """Return the signature of a message. Raises KeyringError without the library cryptography."""
    _require_cryptography()
    return Ed25519PrivateKey.from_private_bytes(private_key).sign(message)


def is_signature(signature: bytes, message: bytes, key: bytes) -> bool:
    """Tell whether ``signature`` of ``message`` was made with the private key of the public ``key``."""
    _require_cryptography()
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def fingerprint(key: bytes) -> str:
    """Return the name of a public key: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(key).hexdigest()[:16]


def to_pem(key: bytes) -> str:
    """Return a public key as PEM, as openssl reads it."""
    text = base64.b64encode(_DER_PREFIX + key).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"


def from_pem(text: str) -> dict[str, bytes]:
    """Return the public keys of one or more PEM blocks by fingerprint.

    Raises KeyringError for text without any, or with a key that is not Ed25519.
    """
    keys = {}
    for block in _PEM.findall(text):
        der = base64.b64decode("".join(block.split()))
        if len(der) != len(_DER_PREFIX) + KEY_BYTES or not der.startswith(_DER_PREFIX):
            raise KeyringError("public keys must be Ed25519 keys in PEM")
        key = der.removeprefix(_DER_PREFIX)
        keys[fingerprint(key)] = key
    if not keys:
        raise KeyringError("there is no PEM block PUBLIC KEY")
    return keys


def _require_cryptography() -> None:
    if CRYPTOGRAPHY_IMPORT_ERROR:
        raise KeyringError(f"the Python library cryptography is not installed for {sys.executable}")
