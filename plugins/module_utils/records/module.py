# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible side of the record modules: options in, results or ``fail_json`` out.

The modules are doors: each has its documentation and one call of a function of this file. Argument specs derive from
the kinds' declarations.
"""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterator
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.parameters import env_fallback

from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import Credentials, resolve_credentials
from ansible_collections.wcp360.hosting.plugins.module_utils.records.document import (
    STATES,
    parse_document,
    parse_record,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import (
    SHOWN_ERRORS,
    InvalidRecordsError,
    RecordsError,
    UnknownOutcomeError,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import Choices, Field
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind
from ansible_collections.wcp360.hosting.plugins.module_utils.records.load import load_document
from ansible_collections.wcp360.hosting.plugins.module_utils.records.plan import CREATE
from ansible_collections.wcp360.hosting.plugins.module_utils.records.query import Query, parse_query
from ansible_collections.wcp360.hosting.plugins.module_utils.records.read import read_records
from ansible_collections.wcp360.hosting.plugins.module_utils.records.reconcile import Outcome, apply_records
from ansible_collections.wcp360.hosting.plugins.module_utils.records.report import count_changes, diff_changes
from ansible_collections.wcp360.hosting.plugins.module_utils.records.store import PSYCOPG2_IMPORT_ERROR, reading

Spec = dict[str, dict[str, Any]]

FORCE: Spec = {"force": {"type": "bool", "default": False}}
LIMITED = ("package", "tenant")
"""The kinds whose change can leave a tenant with more than its package allows."""

# What PostgreSQL chooses for a new record: a rehearsal cannot know it.
_CHOSEN_ON_CREATION = frozenset({"id", "uid", "account", "created_at", "updated_at"})


def dsn_spec() -> Spec:
    """Return the option that every module of the record store has."""
    return {"dsn": {"type": "str", "no_log": True, "fallback": (env_fallback, ["WCP360_DSN"])}}


def actor_spec() -> Spec:
    """Return the options of every module that reads or writes records: where, and who acts."""
    return dsn_spec() | {
        "actor": {"type": "str"},
        "api_key": {"type": "str", "no_log": True},
    }


def record_spec(kind: Kind) -> Spec:
    """Return the options of the module that writes one record of ``kind``."""
    spec = actor_spec() | {
        "state": {"type": "str", "choices": list(STATES), "default": "present"},
        kind.key.name: kind.key.option() | {"required": True},
    }
    nullable = [field.name for field in kind.all_fields if field.nullable]
    if nullable:
        spec["unset"] = {"type": "list", "elements": "str", "choices": nullable, "default": []}
    if kind.name in LIMITED:
        spec |= FORCE
    return spec | {field.name: field.option() for field in kind.all_fields}


def info_spec(kind: Kind) -> Spec:
    """Return the options of the module that reads the records of ``kind``."""
    fields = {field.name: field for field in kind.all_fields}
    spec = actor_spec() | {kind.key.name: {"type": "list", "elements": "str"}}
    spec |= {name: _filter_option(fields[name]) for name in kind.filters}
    return spec | {name: {"type": "bool"} for name in kind.conditions}


def documents_spec() -> Spec:
    """Return the options of the module that writes documents."""
    return actor_spec() | FORCE | {"src": {"type": "path"}, "records": {"type": "dict"}}


def run_record_module(kind: Kind) -> NoReturn:
    """Write one record and return it as it is stored then."""
    module = AnsibleModule(argument_spec=record_spec(kind), supports_check_mode=True)
    with _reporting(module, writing=True):
        record = parse_record(kind, _given(module, kind))
        query = Query(names=(record.key,))
        outcome = apply_records(
            module.params["dsn"],
            [record],
            module.check_mode,
            lambda cursor: read_records(cursor, kind, query),
            credentials=_credentials(module),
            force=module.params.get("force", False),
        )
    result = _result(module, outcome)
    for stored in outcome.answer:
        created = any(change.action == CREATE for change in outcome.plan.changes)
        unknown = _CHOSEN_ON_CREATION - record.values.keys() if module.check_mode and created else set()
        result[kind.name] = {name: value for name, value in stored.items() if name not in unknown}
    module.exit_json(**result)


def run_info_module(kind: Kind) -> NoReturn:
    """Return the records that the options select, ordered by key."""
    module = AnsibleModule(argument_spec=info_spec(kind), supports_check_mode=True)
    with _reporting(module, writing=False):
        query = parse_query(kind, module.params)
        with reading(module.params["dsn"], kind, credentials=_credentials(module)) as cursor:
            records = read_records(cursor, kind, query)
    module.exit_json(changed=False, **{kind.plural: records})


def run_documents_module() -> NoReturn:
    """Write the records of one document and return their counts."""
    module = AnsibleModule(
        argument_spec=documents_spec(),
        mutually_exclusive=[("src", "records")],
        required_one_of=[("src", "records")],
        supports_check_mode=True,
    )
    with _reporting(module, writing=True):
        src = module.params["src"]
        document = load_document(pathlib.Path(src)) if src else module.params["records"]
        outcome = apply_records(
            module.params["dsn"],
            parse_document(document),
            module.check_mode,
            credentials=_credentials(module),
            force=module.params["force"],
        )
    module.exit_json(**_result(module, outcome), counts=count_changes(outcome.plan))


def _credentials(module: AnsibleModule) -> Credentials:
    return resolve_credentials(module.params["actor"], module.params["api_key"])


def _filter_option(field: Field) -> dict[str, Any]:
    option = field.option()
    element = option["elements"] if isinstance(field, Choices) else option["type"]
    choices = {"choices": option["choices"]} if "choices" in option else {}
    return {"type": "list", "elements": element} | choices


def _given(module: AnsibleModule, kind: Kind) -> dict[str, Any]:
    """Return the fields that the task gives; those of ``unset`` as no value."""
    names = [kind.key.name, "state", *(field.name for field in kind.all_fields)]
    given = {name: module.params[name] for name in names if module.params[name] is not None}
    for name in module.params.get("unset", []):
        if name in given:
            module.fail_json(msg=f"unset must not list {name}, which is given a value too; nothing was changed")
        given[name] = None
    return given


@contextlib.contextmanager
def _reporting(module: AnsibleModule, writing: bool) -> Iterator[None]:
    """Turn what is wrong with records, or with the store, into a failed task that says so."""
    if PSYCOPG2_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("psycopg2"), exception=PSYCOPG2_IMPORT_ERROR)
    try:
        yield
    except RecordsError as error:
        message = str(error)
        if writing and not isinstance(error, UnknownOutcomeError):
            message += "\nNothing was changed." if "\n" in message else "; nothing was changed"
        errors = error.errors[:SHOWN_ERRORS] if isinstance(error, InvalidRecordsError) else ()
        module.fail_json(
            msg=message,
            errors=[
                {"kind": one.kind, "name": one.key, "problem": one.problem, "position": one.position} for one in errors
            ],
        )


def _result(module: AnsibleModule, outcome: Outcome) -> dict[str, Any]:
    result: dict[str, Any] = {"changed": bool(outcome.plan.changes)}
    if module._diff:
        result["diff"] = diff_changes(outcome.plan)
    return result
