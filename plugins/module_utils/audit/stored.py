# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries as the database holds them: each row must be the one that was signed, and follow the one before."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.chain import (
    FORMAT,
    Link,
    canonical_json,
    digest,
    read_json,
    signed_payload,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.entry import plain_address
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyring import Keyring
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.verification import BrokenChain

_MIXED = re.compile(r"::[0-9.]+\.[0-9]+").fullmatch


class StoredEntry(NamedTuple):
    """One row of audit_logs, in the order that ``COLUMNS`` selects."""

    sequence: int
    payload: bytes
    checksum: bytes
    key_id: str
    action: str
    actor: str | None
    actor_user_id: str | None
    api_key_prefix: str | None
    id: str
    ip_address: str | None
    metadata: str
    tenant_id: str | None
    time: str | None
    untouched: bool

    def fields(self) -> dict[str, Any]:
        """Return what ``Entry.fields`` gave the writer, if nothing was changed."""
        address = self.ip_address
        return {
            "action": self.action,
            "actor": self.actor,
            "actor_user_id": self.actor_user_id,
            "api_key_prefix": self.api_key_prefix,
            "id": self.id,
            # PostgreSQL prints addresses below ::/96 as IPv4 in IPv6, and Python does not.
            "ip_address": plain_address(address) if address and _MIXED(address) else address,
            "metadata": read_json(self.metadata),
            "tenant_id": self.tenant_id,
            "time": self.time,
        }


COLUMNS = """
sequence, payload, checksum, key_id, action_code, actor, actor_user_id, api_key_prefix, id, ip_address,
metadata::text, tenant_id,
to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
updated_at = created_at AND deleted_at IS NULL
"""


def follow_stored(rows: Iterable[tuple[Any, ...]], keyring: Keyring, start: Link) -> Iterator[Link]:
    """Give the link of each row that comes after ``start``. Raises BrokenChain for the first that is not right.

    A row is right when its payload is exactly what would be signed for its columns and the entry before, and its
    checksum is the HMAC of that payload. What is wrong is worked out only when that fails.
    """
    previous = start
    for values in rows:
        row = StoredEntry(*values)
        payload, checksum = bytes(row.payload or b""), bytes(row.checksum or b"")
        if (
            row.sequence != previous.sequence + 1
            or payload != signed_payload(row.fields(), previous, row.key_id)
            or not hmac.compare_digest(checksum, keyring.checksum(row.key_id, payload) or b"")
            or not row.untouched
        ):
            raise _broken(row, payload, checksum, keyring, previous)
        previous = Link(row.sequence, checksum, digest(payload))
        yield previous


def _broken(row: StoredEntry, payload: bytes, checksum: bytes, keyring: Keyring, previous: Link) -> BrokenChain:
    expected = previous.sequence + 1
    sequence = row.sequence or 0
    if sequence > expected:
        upto = f", like all up to {sequence - 1}" if sequence - 1 > expected else ""
        return BrokenChain(expected, f"is missing{upto}: it was removed")
    if sequence < expected:
        return BrokenChain(sequence, "is one too many: it was inserted")
    document = read_json(payload)
    document = document if isinstance(document, dict) else {}
    key_id = str(document.get("key_id"))
    signed = keyring.checksum(key_id, payload)
    if signed is None and document:
        return BrokenChain(expected, f"is signed with the key {key_id}, which is not among the audit keys")
    if signed is None or not hmac.compare_digest(checksum, signed):
        return BrokenChain(expected, "has a checksum that does not belong to its payload: it was edited or inserted")
    if document.get("format") != FORMAT:
        return BrokenChain(expected, "has a format that this release does not know: a newer one wrote it")
    return BrokenChain(expected, link_problem(document, previous) or _column_problem(document, row))


def link_problem(document: dict[str, Any], previous: Link) -> str | None:
    """Return how a signed entry does not follow ``previous``, or None."""
    if document.get("sequence") != previous.sequence + 1:
        return f"was signed as entry {document.get('sequence')}: entries were moved, removed or inserted"
    if (document.get("previous_digest"), document.get("previous_checksum")) != (
        previous.digest.hex(),
        previous.checksum.hex(),
    ):
        return f"does not follow entry {previous.sequence} as that one is now: one of the two was replaced"
    return None


def _column_problem(document: dict[str, Any], row: StoredEntry) -> str:
    fields = {**row.fields(), "key_id": row.key_id}
    columns = {"action": "action_code", "time": "created_at"}
    different = [
        columns.get(name, name)
        for name, value in fields.items()
        if canonical_json(document.get(name)) != canonical_json(value)
    ]
    if not row.untouched:
        different += ["updated_at or deleted_at"]
    if different:
        return f"was signed with another value of {', '.join(different)} than its row has: the row was edited"
    return "has a payload that is not written as this release writes it"
