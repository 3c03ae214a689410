# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Anchors: signed statements about the head of the chain, kept where a change of the log cannot reach them."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import datetime
from collections.abc import Mapping

from ansible_collections.wcp360.hosting.plugins.module_utils.audit import signing
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.chain import (
    DIGEST_BYTES,
    Link,
    canonical_json,
    read_json,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.entry import utc_text
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.errors import AnchorError
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyring import Keyring

FORMAT = "wcp360-audit-anchor-1"


@dataclasses.dataclass(frozen=True)
class Anchor:
    """What an anchor says: the chain ended in ``link`` at ``time`` (UTC); signed with the key ``key_id``."""

    link: Link
    time: str
    key_id: str


@dataclasses.dataclass(frozen=True)
class SignedAnchor:
    """The exact bytes of an anchor and their Ed25519 signature."""

    payload: bytes
    signature: bytes

    def to_file(self) -> bytes:
        """Return the content of the file or object that keeps it."""
        return canonical_json(
            {"payload": self.payload.decode(), "signature": base64.b64encode(self.signature).decode()}
        )


@dataclasses.dataclass(frozen=True)
class FoundAnchor:
    """What a target holds under ``name``, unchecked; ``problem`` says why it is no anchor at all."""

    name: str
    signed: SignedAnchor | None
    problem: str = ""


def sign_anchor(keyring: Keyring, head: Link, time: datetime.datetime | None = None) -> SignedAnchor:
    """Return a signed anchor of ``head``. Raises KeyringError, and AnchorError without a private key or an entry."""
    key = keyring.anchor_key
    if key is None:
        raise AnchorError("these audit keys can verify but not sign anchors; nothing was anchored")
    if not head.sequence:
        raise AnchorError("the audit log is empty; there is nothing to anchor")
    payload = canonical_json(
        {
            "checksum": head.checksum.hex(),
            "digest": head.digest.hex(),
            "format": FORMAT,
            "key_id": key.id,
            "sequence": head.sequence,
            "time": utc_text(time or datetime.datetime.now(datetime.UTC)),
        }
    )
    return SignedAnchor(payload, signing.sign(key.secret, payload))


def read_anchor(name: str, content: bytes) -> FoundAnchor:
    """Return the anchor in the content of a file or an object."""
    try:
        document = read_json(content)
        signature = base64.b64decode(document["signature"], validate=True)
        return FoundAnchor(name, SignedAnchor(document["payload"].encode(), signature))
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        return FoundAnchor(name, None, "it is not an anchor: it was damaged or replaced")


def check_anchor(found: FoundAnchor, public_keys: Mapping[str, bytes]) -> tuple[Anchor | None, str]:
    """Return what an anchor says when its signature is good; otherwise None, and what is wrong with it."""
    if found.signed is None:
        return None, found.problem
    try:
        document = read_json(found.signed.payload)
        link = Link(int(document["sequence"]), bytes.fromhex(document["checksum"]), bytes.fromhex(document["digest"]))
        anchor = Anchor(link, str(document["time"]), str(document["key_id"]))
        known = document["format"] == FORMAT and len(link.checksum) == len(link.digest) == DIGEST_BYTES
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        return None, "its format is not known: it was damaged, or a newer release wrote it"
    key = public_keys.get(anchor.key_id)
    if key is None:
        return None, f"it claims the key {anchor.key_id}, which is not one of the public keys given"
    if not signing.is_signature(found.signed.signature, found.signed.payload, key):
        return None, "its signature is not good: it was changed or forged"
    return anchor, ""
