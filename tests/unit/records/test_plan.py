# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: what is created, changed and deleted, and what is refused."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wcp360.hosting.plugins.module_utils.records.document import Record, parse_document
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import InvalidRecordsError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind
from ansible_collections.wcp360.hosting.plugins.module_utils.records.plan import (
    CREATE,
    DELETE,
    UPDATE,
    Plan,
    Row,
    Snapshot,
    Target,
    plan_changes,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.registry import BY_NAME

LIMITS: dict[str, Any] = {"max_domains": 1, "max_disk_mb": 1, "max_cpu_pct": 1, "max_mem_mb": 16}
YESTERDAY = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
EMPTY = Snapshot({}, {})


def stored(kind: Kind, deleted_at: datetime.datetime | None = None, /, **values: Any) -> Row:
    """Return a stored row with the defaults of its kind."""
    return Row(f"id-{kind.name}", {field.name: field.default for field in kind.all_fields} | values, deleted_at)


def snapshot(**rows: Mapping[str, Row]) -> Snapshot:
    """Return a snapshot of the rows, by name of the kind, whose rows can be referred to."""
    return Snapshot(
        rows,
        {
            BY_NAME[name].table: {key: Target(row.id, row.deleted_at is not None) for key, row in of_kind.items()}
            for name, of_kind in rows.items()
        },
    )


HOSTING = snapshot(
    package={"basic": stored(BY_NAME["package"], **LIMITS)},
    tenant={"T": stored(BY_NAME["tenant"], package="basic", account="t1")},
    domain={"a.example": stored(BY_NAME["domain"], tenant="T", document_root="sites/a.example/public")},
)


def plan(document: dict[str, Any], on: Snapshot = HOSTING) -> Plan:
    """Return the plan for a document."""
    return plan_changes(parse_document(document | {"format": 1}), on)


def problems(document: dict[str, Any], on: Snapshot = HOSTING) -> list[str]:
    """Return what the plan refuses."""
    with pytest.raises(InvalidRecordsError) as caught:
        plan(document, on)
    return [str(error) for error in caught.value.errors]


def test_only_the_given_fields_that_differ_change() -> None:
    result = plan({"tenants": [{"name": "T", "package": "basic", "status": "suspended", "metadata": {}}]})
    (change,) = result.changes
    assert (change.action, change.id, change.before, change.after) == (
        UPDATE,
        "id-tenant",
        {"status": "active"},
        {"status": "suspended"},
    )


def test_nothing_given_that_differs_is_no_change() -> None:
    result = plan({"tenants": [{"name": "T", "package": "basic"}], "domains": [{"fqdn": "a.example", "tenant": "T"}]})
    assert result.changes == ()
    assert result.unchanged == {"tenant": 1, "domain": 1}


def test_a_document_may_refer_to_what_it_creates() -> None:
    result = plan(
        {
            "packages": [{"name": "new", **LIMITS}],
            "tenants": [{"name": "N", "package": "new", "domains": [{"fqdn": "n.example"}]}],
        }
    )
    assert [change.action for change in result.changes] == [CREATE, CREATE, CREATE]


def test_absent_records_are_deleted_once() -> None:
    assert [change.action for change in plan({"tenants": [{"name": "T", "state": "absent"}]}).changes] == [DELETE]
    gone = snapshot(tenant={"T": stored(BY_NAME["tenant"], YESTERDAY, package="basic")})
    assert plan({"tenants": [{"name": "T", "state": "absent"}, {"name": "U", "state": "absent"}]}, gone).changes == ()


def test_the_name_of_a_deleted_record_is_reserved() -> None:
    gone = snapshot(
        package={"basic": stored(BY_NAME["package"], **LIMITS)},
        tenant={"T": stored(BY_NAME["tenant"], YESTERDAY, package="basic")},
    )
    (problem,) = problems({"tenants": [{"name": "T", "package": "basic"}]}, gone)
    assert problem == (
        'tenant "T" (tenants[0]): name is reserved until the purge by a tenant that was deleted at '
        "2026-01-31T12:00:00+00:00"
    )


def test_references_must_exist_and_live() -> None:
    gone = snapshot(package={"basic": stored(BY_NAME["package"], YESTERDAY, **LIMITS)})
    assert problems({"tenants": [{"name": "N", "package": "basic"}]}, gone) == [
        'tenant "N" (tenants[0]): package basic is deleted'
    ]
    assert problems({"tenants": [{"name": "N", "package": "pro"}]}) == [
        'tenant "N" (tenants[0]): package must be an existing package; there is none named pro'
    ]
    assert problems({"tenants": [{"name": "T", "state": "absent", "domains": [{"fqdn": "b.example"}]}]}) == [
        'domain "b.example" (tenants[0].domains[0]): tenant T is deleted by the same document'
    ]


def test_a_domain_stays_with_its_tenant() -> None:
    refusal = "tenant must stay as it is: the domain belongs to another tenant"
    for state in ("present", "absent"):
        document = {"domains": [{"fqdn": "a.example", "tenant": "U", "state": state}]}
        assert f'domain "a.example" (domains[0]): {refusal}' in problems(document)


def test_an_account_never_changes() -> None:
    assert problems({"tenants": [{"name": "T", "account": "other"}]}) == [
        'tenant "T" (tenants[0]): account must stay as it is: it never changes for an existing tenant'
    ]


def test_required_fields_are_required_of_new_records_only() -> None:
    assert problems({"packages": [{"name": "new", "max_domains": 1}]}) == [
        f'package "new" (packages[0]): {name} must be given for a new package'
        for name in ("max_disk_mb", "max_cpu_pct", "max_mem_mb")
    ]


def test_a_redirect_needs_its_target_also_when_only_one_of_the_two_changes() -> None:
    needs = 'domain "a.example" (domains[0]): redirect_to must be given when kind is redirect'
    assert problems({"domains": [{"fqdn": "a.example", "kind": "redirect"}]}) == [needs]
    assert problems({"domains": [{"fqdn": "a.example", "redirect_to": "http://b.example"}]}) == [
        'domain "a.example" (domains[0]): redirect_to must not be given unless kind is redirect'
    ]


def apply(row: Row | None, record: Record, result: Plan) -> Row | None:
    """Return the row that carrying out ``result`` leaves."""
    for change in result.changes:
        if change.action == DELETE:
            return None
        before = row.values if row else {field.name: field.default for field in record.kind.all_fields}
        row = Row("id-node", dict(before) | dict(change.after))
    return row


NODES = st.fixed_dictionaries(
    {"name": st.just("n1"), "address": st.sampled_from(["a", "b"])},
    optional={
        "ssh_port": st.integers(1, 3),
        "roles": st.lists(st.sampled_from(["manager", "worker"]), min_size=1),
        "status": st.sampled_from(["active", "draining"]),
        "metadata": st.dictionaries(st.sampled_from("ab"), st.booleans() | st.integers(0, 1), max_size=2),
        "state": st.sampled_from(["present", "absent"]),
    },
)


@given(documents=st.lists(NODES, min_size=1, max_size=5))
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(documents: list[dict[str, Any]]) -> None:
    row: Row | None = None
    for wanted in documents:
        (record,) = parse_document({"format": 1, "nodes": [wanted]})
        rows = {"node": {"n1": row}} if row else {}
        row = apply(row, record, plan_changes([record], Snapshot(rows, {})))
        rows = {"node": {"n1": row}} if row else {}
        assert plan_changes([record], Snapshot(rows, {})).changes == ()
        assert (row is not None) == record.present
        for name, value in record.values.items():
            assert row is None or row.values[name] == value


def test_a_mailbox_needs_a_domain_of_its_tenant() -> None:
    tenants = {name: stored(BY_NAME["tenant"], package="basic", account=name.lower()) for name in "TU"}
    on = snapshot(tenant=tenants)
    targets = {**on.targets, "domains": {"u.example": Target("id", owner="U"), "t.example": Target("id", owner="T")}}
    on = Snapshot(on.rows, targets)
    plan({"mailboxes": [{"address": "x@t.example", "tenant": "T"}]}, on)
    plan(
        {"tenants": [{"name": "T", "domains": [{"fqdn": "n.example"}], "mailboxes": [{"address": "x@n.example"}]}]}, on
    )
    for domain in ("u.example", "none.example"):
        assert problems({"mailboxes": [{"address": f"x@{domain}", "tenant": "T"}]}, on) == [
            (
                f'mailbox "x@{domain}" (mailboxes[0]): address must be in a domain of the same tenant:'
                f" T has no domain {domain}"
            )
        ]


def test_values_of_new_records_do_not_touch_existing_ones() -> None:
    kind = BY_NAME["api_key"]
    on = snapshot(user={"a@a.example": stored(BY_NAME["user"], roles=[])})
    issued = {"prefix": "new", "key_hash": "1" * 64}
    record = Record(kind, "k", True, {"user": "a@a.example"}, initial=issued)
    (change,) = plan_changes([record], on).changes
    assert change.after == {"user": "a@a.example", **issued}
    row = stored(kind, user="a@a.example", prefix="old", key_hash="0" * 64)
    rows = Snapshot({"api_key": {"a@a.example/k": row}}, on.targets)
    assert plan_changes([record], rows).changes == ()


def test_records_of_one_document_refer_to_each_other_in_circles() -> None:
    user = {"email": "a@a.example"}
    result = plan({"tenants": [{"name": "N", "package": "basic", "owner": "a@a.example", "users": [user]}]})
    assert [(change.record.kind.name, change.action) for change in result.changes] == [
        ("user", CREATE),
        ("tenant", CREATE),
    ]


def test_lists_of_names_compare_as_sets_and_name_what_is_missing() -> None:
    role = stored(BY_NAME["role"], scope="local", permissions=["a.b", "c.d"])
    on = snapshot(role={"r": role})
    assert plan({"roles": [{"name": "r", "permissions": ["c.d", "a.b", "a.b"]}]}, on).changes == ()
    assert problems(
        {"roles": [{"name": "r", "permissions": ["a.b", "x.y"]}]},
        Snapshot(on.rows, {"permissions": {"a.b": Target("a.b")}}),
    ) == ['role "r" (roles[0]): permissions must be existing permissions; there is none named x.y']


def test_a_user_moves_into_no_tenant() -> None:
    on = snapshot(tenant=HOSTING.rows["tenant"], user={"a@a.example": stored(BY_NAME["user"], roles=[])})
    assert problems({"users": [{"email": "a@a.example", "tenant": "T"}]}, on) == [
        'user "a@a.example" (users[0]): tenant must stay as it is: the user belongs to no tenant'
    ]
