# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries: which are accepted, and the exact bytes that are signed for them."""

from __future__ import annotations

import dataclasses
import datetime
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.chain import (
    GENESIS,
    Link,
    canonical_json,
    digest,
    signed_payload,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.entry import Entry
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.errors import AuditError
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyring import Keyring

KEYRING = Keyring.generate()
ID = "6f6b2f0e-5b7c-4f0d-9c53-6a2f4a0a3c11"
TIME = datetime.datetime(2026, 11, 23, 9, 0, 0, 7, datetime.timezone(datetime.timedelta(hours=1)))
PLAIN = Entry("domain.create", actor="anna@example.org", time=TIME, id=ID)

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
ENTRIES = st.builds(
    Entry,
    action=st.from_regex(r"[a-z]{1,9}\.[a-z]{1,9}", fullmatch=True),
    actor=st.sampled_from(["anna@example.org", "wcpd", "Zoë ☃"]),
    tenant_id=st.none() | st.uuids().map(str),
    metadata=st.dictionaries(TEXT, VALUES, max_size=4),
    ip_address=st.none() | st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map(str),
    time=st.datetimes(min_value=datetime.datetime(1970, 1, 1), timezones=st.just(datetime.UTC)),  # noqa: DTZ001
)


def test_the_bytes_of_the_format_never_change() -> None:
    entry = dataclasses.replace(PLAIN, metadata={"z": 1, "ü": '\u2028"\n', "a": [True, None]}, ip_address="2001:DB8::1")
    payload = signed_payload(entry.fields(), Link(41, b"\x01" * 32, b"\x02" * 32), "20261123-00000000")
    assert payload.decode() == (
        '{"action":"domain.create","actor":"anna@example.org","actor_user_id":null,"api_key_prefix":null,'
        '"format":"wcp360-audit-1","id":"6f6b2f0e-5b7c-4f0d-9c53-6a2f4a0a3c11","ip_address":"2001:db8::1",'
        '"key_id":"20261123-00000000","metadata":{"a":[true,null],"z":1,"ü":"\u2028\\"\\n"},'
        f'"previous_checksum":"{"01" * 32}","previous_digest":"{"02" * 32}","sequence":42,"tenant_id":null,'
        '"time":"2026-11-23T08:00:00.000007Z"}'
    )
    assert digest(payload).hex() == "79f3a0f0d54bda2cea6a635a4841cdb891b6af896b5cd4c015f66d156c6b42ff"


@given(ENTRIES)
def test_the_bytes_are_one_line_and_say_what_was_given(entry: Entry) -> None:
    payload = signed_payload(entry.fields(), GENESIS, "k")
    document = json.loads(payload)
    assert b"\n" not in payload
    assert canonical_json(document) == payload
    assert {name: document[name] for name in entry.fields()} == entry.fields()
    assert len(document) == len(entry.fields()) + 5


@given(st.dictionaries(TEXT, VALUES, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(value: dict[str, Any], random: Any) -> None:
    items = list(value.items())
    random.shuffle(items)
    assert canonical_json(dict(items)) == canonical_json(value)


@given(ENTRIES, st.data())
def test_every_bit_counts(entry: Entry, data: st.DataObject) -> None:
    payload = signed_payload(entry.fields(), GENESIS, KEYRING.active)
    bit = data.draw(st.integers(0, len(payload) * 8 - 1))
    changed = bytearray(payload)
    changed[bit // 8] ^= 1 << bit % 8
    checksum = KEYRING.checksum(KEYRING.active, payload)
    assert checksum
    assert len(checksum) == 32
    assert KEYRING.checksum(KEYRING.active, bytes(changed)) != checksum
    assert digest(bytes(changed)) != digest(payload)


def test_every_bit_of_a_short_payload_counts() -> None:
    payload = signed_payload(PLAIN.fields(), GENESIS, KEYRING.active)
    seen = {KEYRING.checksum(KEYRING.active, payload)}
    for bit in range(len(payload) * 8):
        changed = bytearray(payload)
        changed[bit // 8] ^= 1 << bit % 8
        seen.add(KEYRING.checksum(KEYRING.active, bytes(changed)))
    assert len(seen) == len(payload) * 8 + 1


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"action": "create"}, "action must be a permission key"),
        ({"action": "a.b\n"}, "action must be a permission key"),
        ({"actor": None}, "actor or actor_user_id must be given"),
        ({"actor": ""}, "actor or actor_user_id must be given"),
        ({"actor": "two\nlines"}, "actor must be one line"),
        ({"api_key_prefix": "No!"}, "api_key_prefix must be"),
        ({"tenant_id": "T1"}, "tenant_id must be a UUID"),
        ({"actor_user_id": 3}, "actor_user_id must be a UUID"),
        ({"ip_address": "300.1.1.1"}, "ip_address must be an IPv4 or IPv6 address"),
        ({"ip_address": "fe80::1%eth0"}, "without a zone"),
        ({"metadata": {"price": [1, {"net": 1.5}]}}, "metadata must not hold floats"),
        ({"metadata": {"x": "\0"}}, "metadata must not hold NUL"),
        ({"metadata": {1: 1}}, "metadata must have only strings as keys"),
        ({"metadata": {"x": "y" * 70_000}}, "metadata must be at most 64 KiB"),
        ({"metadata": [1]}, "metadata must be a mapping"),
        ({"time": TIME.replace(tzinfo=None)}, "time must have a time zone"),
    ],
)
def test_what_breaks_a_rule_is_refused(values: dict[str, Any], problem: str) -> None:
    with pytest.raises(AuditError, match=problem):
        dataclasses.replace(PLAIN, **values)


def test_what_the_caller_changes_afterwards_is_not_signed() -> None:
    metadata: dict[str, Any] = {"names": ["a"]}
    entry = dataclasses.replace(PLAIN, metadata=metadata)
    metadata["names"].append(1.5)
    assert entry.fields()["metadata"] == {"names": ["a"]}


def test_one_value_has_one_spelling() -> None:
    entry = dataclasses.replace(PLAIN, id=ID.upper(), tenant_id=f"{{{ID}}}", ip_address="::ffff:192.0.2.1")
    assert (entry.id, entry.tenant_id, entry.ip_address) == (ID, ID, "192.0.2.1")
