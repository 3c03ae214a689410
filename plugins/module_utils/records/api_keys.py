# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys by which programs act for a user: ``wcp_<prefix>_<secret>``.

The prefix finds the record. Of the key only its SHA-256 is stored. A slow hash protects passwords, which people choose
and attackers guess; the secret here has 256 random bits, which nobody guesses at any speed, and the hash is computed
with every request.
"""

from __future__ import annotations

import hashlib
import secrets

from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import Issued

PREFIX_BYTES = 8
SECRET_BYTES = 32


def hash_key(key: str) -> str:
    """Return what is stored of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def issue_key() -> Issued:
    """Return a new key, and the values of its record."""
    prefix = secrets.token_hex(PREFIX_BYTES)
    key = f"wcp_{prefix}_{secrets.token_hex(SECRET_BYTES)}"
    return Issued({"prefix": prefix, "key_hash": hash_key(key)}, {"key": key})
