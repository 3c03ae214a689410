# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hash and verify passwords.

New hashes are argon2id with the parameters that OWASP recommends (19 MiB, two passes, one lane); bcrypt hashes of users
that come from elsewhere verify too. What is stored is the modular crypt format, which tells the two apart.
"""

from __future__ import annotations

import concurrent.futures
import os
from collections.abc import Iterable

from ansible_collections.wcp360.hosting.plugins.module_utils.records.grammar import GRAMMARS

try:
    import argon2
except ImportError:
    argon2 = None  # type: ignore[assignment]
try:
    from passlib.hash import bcrypt
except ImportError:
    bcrypt = None

MEMORY_KIB = 19_456
PASSES = 2
LANES = 1
BCRYPT_BYTES = 72
"""Bcrypt reads no further; those who made the imported hashes cut longer passwords off."""


class MissingLibraryError(Exception):
    """A password cannot be hashed or verified here; the text names the library."""


class Password:
    """A password in clear, which shows itself to nobody: not in a message, not in a diff, not as JSON.

    What is computed once is kept, so that a plan that is made twice costs no second hash.
    """

    def __init__(self, clear: str) -> None:
        self._clear = clear
        self._hash = ""
        self._fits: dict[str, bool] = {}

    def __repr__(self) -> str:
        return "VALUE HIDDEN"

    def fits(self, stored: str | None) -> bool:
        """Tell whether ``stored`` can stay: it is of this password, and with the parameters of today."""
        if not stored or needs_rehash(stored):
            return False
        if stored not in self._fits:
            self._fits[stored] = verify_password(stored, self._clear)
        return self._fits[stored]

    def hashed(self) -> str:
        """Return the hash to store; the same one at every call."""
        self._hash = self._hash or hash_password(self._clear)
        return self._hash


def can_hash() -> bool:
    """Tell whether the library that hashes is installed here."""
    return argon2 is not None


def hash_password(clear: str) -> str:
    """Return an argon2id hash of ``clear`` in modular crypt format. Raises MissingLibraryError."""
    return str(_hasher().hash(clear))


def verify_password(stored: str, clear: str) -> bool:
    """Tell whether ``stored``, an argon2 or bcrypt hash, is of ``clear``; False for any other text.

    Raises MissingLibraryError when the hash's library is not there.
    """
    if not GRAMMARS["password_hash"].accepts(stored):
        return False
    if stored.startswith("$2"):
        return _verify_bcrypt(stored, clear)
    hasher = _hasher()
    try:
        return bool(hasher.verify(stored, clear))
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    """Tell whether a hash is not argon2id, or has a parameter below those of today: hash again at the next login."""
    if argon2 is None or not stored.startswith("$argon2id$"):
        return True
    try:
        found = argon2.extract_parameters(stored)
    except argon2.exceptions.InvalidHashError:
        return True
    return found.memory_cost < MEMORY_KIB or found.time_cost < PASSES or found.parallelism < LANES


def settle_passwords(given: Iterable[tuple[Password, str | None]]) -> None:
    """Compute what writing the passwords over the stored hashes will ask for, on every processor at once.

    Threads are enough: the library releases Python's lock while it works.
    """

    def settle(pair: tuple[Password, str | None]) -> None:
        password, stored = pair
        if not password.fits(stored):
            password.hashed()

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for _done in pool.map(settle, given):
            pass


def _hasher() -> argon2.PasswordHasher:
    if argon2 is None:
        raise MissingLibraryError("the Python library argon2-cffi is not installed here")
    return argon2.PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)


def _verify_bcrypt(stored: str, clear: str) -> bool:
    if bcrypt is None:
        raise MissingLibraryError("the Python libraries libpass and bcrypt are not installed here")
    try:
        return bool(bcrypt.verify(clear.encode()[:BCRYPT_BYTES], stored))
    except ValueError:
        return False
