# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents: every problem is found at once, and each names the record, its place, the field and the rule."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wcp360.hosting.plugins.module_utils.records.document import (
    Record,
    parse_document,
    parse_record,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import (
    DocumentError,
    InvalidRecordsError,
    RecordsError,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.grammar import GRAMMARS
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.domain import DOMAIN

from .test_fields import SCALARS

FIELDS_OF_TENANTS = "name, state, account, package, status, owner, reseller, node, time_zone, metadata"
NAMES = st.sampled_from(["format", "nodes", "tenants", "domains", "name", "fqdn", "tenant", "state", "x\n", "y\u2028"])
VALUES = SCALARS | st.lists(SCALARS, max_size=2)
ENTRIES = st.dictionaries(NAMES, VALUES | st.lists(st.dictionaries(NAMES, VALUES, max_size=2), max_size=2), max_size=4)


def problems(document: object) -> list[str]:
    """Return the messages of what is wrong with ``document``."""
    with pytest.raises(InvalidRecordsError) as caught:
        parse_document(document)
    return [str(error) for error in caught.value.errors]


def test_records_come_parents_first_whatever_the_order_of_the_document() -> None:
    records = parse_document(
        {
            "domains": [{"fqdn": "a.example", "tenant": "T"}],
            "tenants": [{"name": "T", "domains": [{"fqdn": "B.example"}]}],
            "nodes": [{"name": "n1", "address": "192.0.2.1"}],
            "format": 1,
        }
    )
    assert [(record.kind.name, record.key, record.position) for record in records] == [
        ("node", "n1", "nodes[0]"),
        ("tenant", "T", "tenants[0]"),
        ("domain", "b.example", "tenants[0].domains[0]"),
        ("domain", "a.example", "domains[0]"),
    ]
    assert records[2].values == {"tenant": "T"}


def test_every_problem_is_reported_with_its_place() -> None:
    assert problems(
        {
            "format": 1,
            "nodes": {"name": "n1"},
            "tenants": [
                "T",
                {"package": "basic"},
                {"name": "T;", "state": "gone", "color": "red", "domains": [{"fqdn": "never looked at"}]},
                {"name": "T", "domains": [{"fqdn": "exa mple.org", "tls": 3}]},
            ],
        }
    ) == [
        "node (nodes): must be given as a list",
        "tenant (tenants[0]): must be a mapping of fields",
        "tenant (tenants[1]): name must be given",
        f'tenant "T;" (tenants[2]): name must be {GRAMMARS["name"].rule}',
        'tenant "T;" (tenants[2]): state must be one of present, absent, restored',
        f'tenant "T;" (tenants[2]): "color" must not be given; the fields of a tenant are {FIELDS_OF_TENANTS}',
        f'domain "exa mple.org" (tenants[3].domains[0]): fqdn must be {GRAMMARS["fqdn"].rule}',
        'domain "exa mple.org" (tenants[3].domains[0]): tls must be one of off, on, required, not "3"',
    ]


def test_a_key_that_is_given_twice_names_both_places() -> None:
    assert problems(
        {
            "format": 1,
            "tenants": [{"name": "T", "domains": [{"fqdn": "münchen.example"}]}],
            "domains": [{"fqdn": "xn--mnchen-3ya.example", "tenant": "U"}],
        }
    ) == [
        'domain "xn--mnchen-3ya.example" (domains[0]): fqdn must be given once; it is also at tenants[0].domains[0]',
    ]


def test_a_nested_record_belongs_to_the_record_it_is_in() -> None:
    document = {"format": 1, "tenants": [{"name": "T", "domains": [{"fqdn": "a.example", "tenant": "U"}]}]}
    rule = "tenant must be left out or be the tenant that the domain is listed under"
    assert problems(document) == [f'domain "a.example" (tenants[0].domains[0]): {rule}']


def test_many_problems_are_counted_and_the_first_are_shown() -> None:
    with pytest.raises(InvalidRecordsError) as caught:
        parse_document({"format": 1, "nodes": [{} for _number in range(50)]})
    message = str(caught.value)
    assert message.startswith("50 problems:\n- node (nodes[0]): name must be given\n")
    assert message.endswith("\n- ... and 30 more")
    assert len(message.splitlines()) == 22


@pytest.mark.parametrize(
    "document", [None, [], "x", {}, {"format": 2}, {"format": True}, {"format": 1, "tenant": []}, {"format": 1, 3: []}]
)
def test_what_is_no_document_is_refused(document: object) -> None:
    with pytest.raises(DocumentError):
        parse_document(document)


def test_null_is_no_value_where_a_field_may_have_none() -> None:
    record = parse_record(DOMAIN, {"fqdn": "a.example", "redirect_to": None})
    assert record.values == {"redirect_to": None}
    with pytest.raises(InvalidRecordsError, match=r'domain "a\.example": status must have a value'):
        parse_record(DOMAIN, {"fqdn": "a.example", "status": None})


@pytest.mark.parametrize(
    ("server_block", "problem"),
    [
        ([{"directive": "root", "args": ["/etc"]}], "server_block[0].directive must be one of"),
        ([{"directive": "add_header", "args": ["A", "b\n}"]}], "server_block[0].args[1] is not a valid argument"),
        ("root /etc;", "server_block must be a list"),
    ],
)
def test_server_blocks_are_checked_directive_by_directive(server_block: object, problem: str) -> None:
    with pytest.raises(InvalidRecordsError) as caught:
        parse_record(DOMAIN, {"fqdn": "a.example", "server_block": server_block})
    assert f'domain "a.example": {problem}' in str(caught.value)


@given(document=st.dictionaries(NAMES, VALUES | st.lists(ENTRIES, max_size=3), max_size=5))
def test_no_document_crashes_the_parser(document: dict[str, Any]) -> None:
    records: tuple[Record, ...] = ()
    message = ""
    try:
        records = parse_document(document | {"format": 1})
    except RecordsError as error:
        message = str(error)
    assert all(line.isprintable() for line in message.split("\n"))
    assert len({(record.kind.name, record.key) for record in records}) == len(records)


def test_names_within_an_owner_are_unique_for_that_owner() -> None:
    job = {"name": "nightly", "schedule": "@daily", "command": "true"}
    records = parse_document(
        {
            "format": 1,
            "tenants": [{"name": "T", "cron_jobs": [job]}],
            "cron_jobs": [{**job, "tenant": "U"}, {**job, "tenant": "U", "name": "hourly"}],
        }
    )
    assert [(record.key, record.name) for record in records[1:]] == [
        ("T/nightly", "nightly"),
        ("U/nightly", "nightly"),
        ("U/hourly", "hourly"),
    ]
    assert problems(
        {"format": 1, "tenants": [{"name": "T", "cron_jobs": [job]}], "cron_jobs": [{**job, "tenant": "T"}]}
    ) == ['cron_job "T/nightly" (cron_jobs[0]): name must be given once; it is also at tenants[0].cron_jobs[0]']


def test_lists_nest_as_deep_as_owners_do() -> None:
    user = {"email": "ANNA@München.example", "api_keys": [{"name": "k"}]}
    records = parse_document({"format": 1, "tenants": [{"name": "T", "users": [user]}]})
    assert [(record.kind.name, record.key, record.position) for record in records] == [
        ("user", "anna@xn--mnchen-3ya.example", "tenants[0].users[0]"),
        ("api_key", "anna@xn--mnchen-3ya.example/k", "tenants[0].users[0].api_keys[0]"),
        ("tenant", "T", "tenants[0]"),
    ]


def test_what_follows_from_a_name_is_not_given() -> None:
    (record,) = parse_document({"format": 1, "mailboxes": [{"address": "Me@A.example"}]})
    assert record.values == {"domain": "a.example"}
    assert (
        '"domain" must not be given'
        in problems({"format": 1, "mailboxes": [{"address": "me@a.example", "domain": "b.example"}]})[0]
    )


def test_only_one_way_of_giving_a_password_is_taken_and_none_is_shown() -> None:
    both = {"email": "a@a.example", "password": "in the clear", "password_hash": "in the clear"}
    (one, other) = problems({"format": 1, "users": [both]})
    assert one == 'user "a@a.example" (users[0]): password must not be given together with password_hash'
    assert "in the clear" not in one + other
