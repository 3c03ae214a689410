# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys: files that nobody else reads, rotation that loses none, and no secret in any message."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import json
import os
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.audit import signing
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.errors import KeyringError
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyfile import (
    change_keyring,
    keyring_path,
    load_keyring,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyring import Keyring, parse_keyring, plan_rotation

KEYRING = Keyring.generate()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with KEYRING."""
    file = tmp_path / "keys.json"
    change_keyring(str(file), lambda _present: KEYRING)
    return file


def secrets_of(keyring: Keyring) -> list[str]:
    """Return every secret in the spellings that could leak."""
    keys = [*keyring.chain_keys.values(), *([keyring.anchor_key] if keyring.anchor_key else [])]
    return [text for key in keys for text in (base64.b64encode(key.secret).decode(), key.secret.hex(), str(key.secret))]


def test_a_file_holds_the_keyring_for_its_owner_alone(path: Path) -> None:
    assert load_keyring(str(path)) == KEYRING
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["keys.json"]


def test_no_representation_shows_a_secret() -> None:
    text = f"{KEYRING!r} {KEYRING} {KEYRING.chain_keys!r} {KEYRING.anchor_key!r} {KEYRING.public_pem()}"
    assert not [secret for secret in secrets_of(KEYRING) if secret in text]


def test_the_path_is_an_argument_or_the_environment_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WCP360_AUDIT_KEYS", raising=False)
    assert keyring_path() == "/etc/wcp360/audit-keys.json"
    monkeypatch.setenv("WCP360_AUDIT_KEYS", "/srv/keys")
    assert keyring_path() == "/srv/keys"
    assert keyring_path("/other") == "/other"


def test_no_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(
        KeyringError, match=r"no audit keys in .*/none: make them with the module wcp360\.hosting\.audit"
    ):
        load_keyring(str(tmp_path / "none"))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o777])
def test_a_file_that_others_may_use_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(KeyringError, match=f"{path} must be readable by its owner alone: chmod 600"):
        load_keyring(str(path))
    with pytest.raises(KeyringError, match="owner alone"):
        change_keyring(str(path), lambda _present: Keyring.generate())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_somebody_else_s_file_is_refused(path: Path) -> None:
    os.chown(path, 65534, 65534)
    with pytest.raises(KeyringError, match="must belong to root"):
        load_keyring(str(path))


def test_what_is_no_regular_file_is_refused(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(path)
    for name in (link, tmp_path):
        with pytest.raises(KeyringError, match=f"{name}"):
            load_keyring(str(name))


def edited(**values: Any) -> str:
    """Return the text of KEYRING's file with other values."""
    return json.dumps({**json.loads(KEYRING.to_json()), **values})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not JSON"),
        ("[]", "must be a JSON object whose format"),
        (edited(format="other"), "must be a JSON object whose format"),
        (edited(active="other"), "active must name one of chain_keys"),
        (edited(chain_keys=None), "it must have active, chain_keys"),
        (edited(chain_keys=[{"id": "a", "created": "2026-01-01T00:00:00Z", "secret": "c2hvcnQ="}]), "keys of 32 bytes"),
        (edited(chain_keys=json.loads(KEYRING.to_json())["chain_keys"] * 2), "names must differ"),
        (edited(public_keys=[]), "must hold the public half"),
    ],
)
def test_what_is_no_keyring_is_refused_without_repeating_it(path: Path, text: str, problem: str) -> None:
    path.write_text(text)
    with pytest.raises(KeyringError) as caught:
        load_keyring(str(path))
    assert problem in str(caught.value)
    assert str(path) in str(caught.value)
    assert not [secret for secret in secrets_of(KEYRING) if secret in str(caught.value)]


def test_rotation_keeps_what_verifies() -> None:
    rotated = parse_keyring(KEYRING.rotated(["chain", "anchor"]).to_json())
    assert rotated.active != KEYRING.active
    assert rotated.checksum(KEYRING.active, b"x") == KEYRING.checksum(KEYRING.active, b"x")
    assert rotated.anchor_key is not None
    assert KEYRING.anchor_key is not None
    assert list(rotated.public_keys) == [KEYRING.anchor_key.id, rotated.anchor_key.id]
    assert base64.b64encode(KEYRING.anchor_key.secret).decode() not in rotated.to_json(), "it is of no use any more"
    assert rotated.checksum("unknown", b"x") is None


def test_keys_are_rotated_when_they_are_old_or_when_asked() -> None:
    assert plan_rotation(KEYRING, [], 0) == []
    assert plan_rotation(KEYRING, [], 1) == []
    assert plan_rotation(KEYRING, ["anchor"], 1) == ["anchor"]
    old = KEYRING.chain_keys[KEYRING.active]
    old = dataclasses.replace(old, created=old.created - datetime.timedelta(days=31))
    aged = dataclasses.replace(KEYRING, chain_keys={old.id: old}).without_anchor_key()
    assert plan_rotation(aged, [], 30) == ["chain"]
    assert plan_rotation(aged, [], 32) == []


def test_concurrent_rotations_lose_no_key(path: Path) -> None:
    def rotate(_number: int) -> str:
        changed = change_keyring(str(path), lambda present: (present or KEYRING).with_new_chain_key())
        assert changed
        return changed.active

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(rotate, range(16)))
    assert set(load_keyring(str(path)).chain_keys) == {KEYRING.active, *made}


def test_signatures_are_those_of_rfc_8032() -> None:
    """Test 2 of section 7.1."""
    private = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert signing.public_key(private) == public
    assert signing.sign(private, b"\x72") == signature
    assert signing.is_signature(signature, b"\x72", public)
    assert not signing.is_signature(signature, b"\x73", public)
    assert not signing.is_signature(signature[:-1], b"\x72", public)


def test_public_keys_are_pem_that_openssl_reads(tmp_path: Path) -> None:
    keyring = KEYRING.with_new_anchor_key()
    assert signing.from_pem(keyring.public_pem()) == dict(keyring.public_keys)
    pem = tmp_path / "public.pem"
    pem.write_text(KEYRING.public_pem())
    text = subprocess.run(["openssl", "pkey", "-pubin", "-in", pem, "-noout", "-text"], capture_output=True, check=True)
    assert b"ED25519 Public-Key" in text.stdout


@pytest.mark.parametrize("text", ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(KeyringError):
        signing.from_pem(text)
