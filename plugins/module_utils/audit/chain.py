# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How entries hang together: the exact bytes of an entry, and what each passes on to the next.

The payload of an entry is one canonical JSON object, see docs/audit.md. It holds the checksum of the entry before, an
HMAC, so that nobody without the key can make an entry that fits; and the digest of the entry before, a plain SHA-256,
so that a reader without the key can follow the chain too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

FORMAT = "wcp360-audit-1"
DIGEST_BYTES = 32

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode


class Link(NamedTuple):
    """What the next entry holds of the one before: its number from 1, its HMAC and its SHA-256, 32 bytes each."""

    sequence: int
    checksum: bytes
    digest: bytes


GENESIS = Link(0, bytes(DIGEST_BYTES), bytes(DIGEST_BYTES))
"""What the first entry holds in place of one before it."""


def canonical_json(value: Any) -> bytes:
    """Return the one way to write ``value`` as JSON: keys sorted by code point, no spaces, UTF-8.

    It is RFC 8785 but for the order of keys beyond the Basic Multilingual Plane, and without floats, whose text differs
    between languages; the caller has refused them.
    """
    return _encode(value).encode()


def read_json(text: bytes | str) -> Any:
    """Return what a JSON text says, or None for one that nobody can read, whoever wrote it."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def signed_payload(fields: Mapping[str, Any], previous: Link, key_id: str) -> bytes:
    """Return the bytes that are signed for an entry with these ``fields`` that follows ``previous``."""
    return canonical_json(
        {
            **fields,
            "format": FORMAT,
            "key_id": key_id,
            "previous_checksum": previous.checksum.hex(),
            "previous_digest": previous.digest.hex(),
            "sequence": previous.sequence + 1,
        }
    )


def digest(payload: bytes) -> bytes:
    """Return the SHA-256 of an entry's payload."""
    return hashlib.sha256(payload).digest()
