# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of the audit log as values: which sign now, which still verify. Files are keyfile.py's business."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import datetime
import hmac
import json
import secrets
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.audit import signing
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.errors import KeyringError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.grammar import GRAMMARS

FORMAT = "wcp360-audit-keys-1"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclasses.dataclass(frozen=True)
class Key:
    """A secret key of 32 bytes, its name, and when it was made."""

    id: str
    created: datetime.datetime
    secret: bytes = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True)
class Keyring:
    """The keys of one audit log.

    ``active`` names the one of ``chain_keys`` (HMAC-SHA-256) that signs new entries; the others verify old ones and are
    kept as long as the log. ``anchor_key`` (Ed25519) signs anchors; a keyring without one can append and verify. Of
    former anchor keys only the public half is kept, in ``public_keys``, by fingerprint, beside that of the present one.
    """

    active: str
    chain_keys: Mapping[str, Key] = dataclasses.field(repr=False)
    anchor_key: Key | None = None
    public_keys: Mapping[str, bytes] = dataclasses.field(default_factory=dict, repr=False)

    @classmethod
    def generate(cls) -> Keyring:
        """Return a keyring with new keys. Raises KeyringError without the library cryptography."""
        chain = _new_chain_key()
        return cls(chain.id, {chain.id: chain}).with_new_anchor_key()

    def with_new_chain_key(self) -> Keyring:
        """Return this keyring with a new key for new entries; the old ones still verify."""
        key = _new_chain_key()
        return dataclasses.replace(self, active=key.id, chain_keys={**self.chain_keys, key.id: key})

    def with_new_anchor_key(self) -> Keyring:
        """Return this keyring with a new key for new anchors. Of the old one the public half remains."""
        secret = secrets.token_bytes(signing.KEY_BYTES)
        public = signing.public_key(secret)
        key = Key(signing.fingerprint(public), _now(), secret)
        return dataclasses.replace(self, anchor_key=key, public_keys={**self.public_keys, key.id: public})

    def rotated(self, kinds: Collection[str]) -> Keyring:
        """Return this keyring with a new key of each kind in ``kinds``: ``chain``, ``anchor``."""
        keyring = self.with_new_chain_key() if "chain" in kinds else self
        return keyring.with_new_anchor_key() if "anchor" in kinds else keyring

    def without_anchor_key(self) -> Keyring:
        """Return what a host needs that appends and verifies, and does not anchor."""
        return dataclasses.replace(self, anchor_key=None)

    def checksum(self, key_id: str, payload: bytes) -> bytes | None:
        """Return the HMAC of an entry's payload with the key of that name; None when there is no such key."""
        key = self.chain_keys.get(key_id)
        return hmac.digest(key.secret, payload, "sha256") if key else None

    def public_pem(self) -> str:
        """Return the public keys of all anchors, the present one last, as PEM: what a verifier needs."""
        return "".join(signing.to_pem(key) for key in self.public_keys.values())

    def to_json(self) -> str:
        """Return the text of a keyring's file. It holds the secrets."""
        anchor = None if self.anchor_key is None else _key_to_json(self.anchor_key)
        return json.dumps(
            {
                "format": FORMAT,
                "active": self.active,
                "chain_keys": [_key_to_json(key) for key in self.chain_keys.values()],
                "anchor_key": anchor,
                "public_keys": [base64.b64encode(key).decode() for key in self.public_keys.values()],
            },
            indent=2,
        )


def plan_rotation(keyring: Keyring, asked: Collection[str], max_age_days: int) -> list[str]:
    """Return which kinds of keys are to be replaced: those ``asked`` for, and those older than ``max_age_days`` if any.

    A keyring that cannot sign anchors gets a key for them only when it is asked for.
    """
    present = {"chain": keyring.chain_keys[keyring.active], "anchor": keyring.anchor_key}
    oldest = _now() - datetime.timedelta(days=max_age_days)
    old = {kind for kind, key in present.items() if max_age_days > 0 and key and key.created < oldest}
    return [kind for kind in present if kind in asked or kind in old]


def parse_keyring(text: str) -> Keyring:
    """Return the keyring of a file's text. Raises KeyringError, which repeats nothing of the text."""
    try:
        document = json.loads(text)
    except ValueError:
        raise KeyringError("it is not JSON") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise KeyringError(f'it must be a JSON object whose format is "{FORMAT}"')
    try:
        keys = [_key_from_json(item) for item in document["chain_keys"]]
        anchor = None if document["anchor_key"] is None else _key_from_json(document["anchor_key"])
        publics = [_key_bytes(item) for item in document["public_keys"]]
        active = document["active"]
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise KeyringError(
            "it must have active, chain_keys, anchor_key and public_keys, and keys of 32 bytes in base64"
        ) from None
    keyring = Keyring(
        active, {key.id: key for key in keys}, anchor, {signing.fingerprint(public): public for public in publics}
    )
    if active not in keyring.chain_keys or len(keyring.chain_keys) != len(keys):
        raise KeyringError("active must name one of chain_keys, and their names must differ")
    if anchor and anchor.id not in keyring.public_keys:
        raise KeyringError("public_keys must hold the public half of anchor_key")
    return keyring


def _new_chain_key() -> Key:
    now = _now()
    return Key(f"{now:%Y%m%d}-{secrets.token_hex(4)}", now, secrets.token_bytes(signing.KEY_BYTES))


def _key_to_json(key: Key) -> dict[str, str]:
    secret = base64.b64encode(key.secret).decode()
    return {"id": key.id, "created": key.created.strftime(_TIME), "secret": secret}


def _key_from_json(item: Any) -> Key:
    created = datetime.datetime.strptime(item["created"], _TIME).replace(tzinfo=datetime.UTC)
    if not GRAMMARS["slug"].accepts(item["id"]):
        raise ValueError("a key's id is a slug")
    return Key(item["id"], created, _key_bytes(item["secret"]))


def _key_bytes(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != signing.KEY_BYTES:
        raise ValueError("a key has 32 bytes")
    return key


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)
