# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords and keys: what is stored of them, and what nobody sees."""

from __future__ import annotations

import hashlib
import json

import argon2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from passlib.hash import bcrypt

from ansible_collections.wcp360.hosting.plugins.module_utils.records.api_keys import hash_key, issue_key
from ansible_collections.wcp360.hosting.plugins.module_utils.records.grammar import GRAMMARS
from ansible_collections.wcp360.hosting.plugins.module_utils.records.passwords import (
    Password,
    hash_password,
    needs_rehash,
    settle_passwords,
    verify_password,
)

CLEAR = "correct horse battery staple"
LONG = "x" * 100


def test_new_hashes_are_of_the_grammar_and_need_no_rehash() -> None:
    stored = hash_password(CLEAR)
    assert GRAMMARS["password_hash"].accepts(stored)
    assert not needs_rehash(stored)
    assert verify_password(stored, CLEAR)
    assert not verify_password(stored, CLEAR.upper())


@pytest.mark.parametrize("ident", ["2a", "2b", "2y"])
@pytest.mark.parametrize("clear", [CLEAR, "pässwörd", LONG])
def test_bcrypt_verifies_whoever_made_it(ident: str, clear: str) -> None:
    stored = bcrypt.using(rounds=4, ident=ident).hash(clear.encode()[:72])
    assert GRAMMARS["password_hash"].accepts(stored)
    assert verify_password(stored, clear)
    assert not verify_password(stored, f"!{clear}")
    assert needs_rehash(stored)


@pytest.mark.parametrize(
    ("passes", "memory", "lanes", "weak"),
    [
        (2, 19_456, 1, False),
        (4, 65_536, 4, False),
        (1, 65_536, 1, True),
        (4, 19_455, 1, True),
    ],
)
def test_parameters_below_those_of_today_need_a_rehash(passes: int, memory: int, lanes: int, weak: bool) -> None:
    hasher = argon2.PasswordHasher(time_cost=passes, memory_cost=memory, parallelism=lanes)
    assert needs_rehash(hasher.hash(CLEAR)) is weak


@given(st.text())
def test_any_other_text_is_no_hash_of_anything(text: str) -> None:
    assert not verify_password(text, CLEAR)
    assert needs_rehash(text)
    assert not Password(CLEAR).fits(text)


@pytest.mark.parametrize(
    "text", ["$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAA$AAAAAAAAAAAAAAA", "$2b$04$" + "." * 53, "$argon2id$"]
)
def test_a_hash_that_is_only_almost_one_verifies_nothing(text: str) -> None:
    assert not verify_password(text, CLEAR)


def test_a_password_shows_itself_to_nobody() -> None:
    password = Password(CLEAR)
    assert CLEAR not in f"{password} {password!r} {[password]}"
    with pytest.raises(TypeError):
        json.dumps(password)


def test_a_password_is_hashed_and_verified_once() -> None:
    password = Password(CLEAR)
    settle_passwords([(password, None)])
    assert password.hashed() == password.hashed()
    assert password.fits(password.hashed())
    assert not password.fits(None)


def test_a_key_has_256_random_bits_and_is_stored_as_a_digest() -> None:
    one, other = issue_key(), issue_key()
    key = one.shown_once["key"]
    scheme, prefix, secret = key.split("_")
    assert (scheme, prefix, len(bytes.fromhex(secret))) == ("wcp", one.values["prefix"], 32)
    assert one.values["key_hash"] == hash_key(key) == hashlib.sha256(key.encode()).hexdigest()
    assert GRAMMARS["sha256"].accepts(one.values["key_hash"])
    assert GRAMMARS["slug"].accepts(prefix)
    assert one.shown_once != other.shown_once
    assert secret not in repr(one)
