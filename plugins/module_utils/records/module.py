# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible side of the record modules: options in, results or ``fail_json`` out.

The modules are doors: each has its documentation and one call of a function of this file. Argument specs derive from
the kinds' declarations.
"""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.parameters import env_fallback

from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import Credentials, resolve_credentials
from ansible_collections.wcp360.hosting.plugins.module_utils.records.authorize import SECRETS
from ansible_collections.wcp360.hosting.plugins.module_utils.records.document import (
    FORMAT,
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
from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import Field
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind
from ansible_collections.wcp360.hosting.plugins.module_utils.records.load import load_document
from ansible_collections.wcp360.hosting.plugins.module_utils.records.plan import CREATE
from ansible_collections.wcp360.hosting.plugins.module_utils.records.purge import purge
from ansible_collections.wcp360.hosting.plugins.module_utils.records.query import Query, parse_query
from ansible_collections.wcp360.hosting.plugins.module_utils.records.read import export_records, read_records
from ansible_collections.wcp360.hosting.plugins.module_utils.records.reconcile import Outcome, apply_records
from ansible_collections.wcp360.hosting.plugins.module_utils.records.registry import BY_PLURAL, KINDS
from ansible_collections.wcp360.hosting.plugins.module_utils.records.report import count_changes, diff_changes
from ansible_collections.wcp360.hosting.plugins.module_utils.records.secret_fields import Secret
from ansible_collections.wcp360.hosting.plugins.module_utils.records.store import PSYCOPG2_IMPORT_ERROR, reading

Spec = dict[str, dict[str, Any]]

AUDIT: Spec = {"audit_keys": {"type": "path", "no_log": False}}
FORCE: Spec = {"force": {"type": "bool", "default": False}}
LIMITED = ("package", "tenant")
"""The kinds whose change can leave a tenant with more than its package allows."""

# What PostgreSQL chooses for a new record: a rehearsal cannot know it.
_CHOSEN_ON_CREATION = frozenset({"id", "uid", "account", "prefix", "created_at", "updated_at"})

_HIDDEN = "VALUE HIDDEN"
_SECRET_NAMES = frozenset(
    way.name
    for kind in KINDS
    for field in kind.all_fields
    if isinstance(field, Secret)
    for way in (field, *field.alternatives)
)


@dataclasses.dataclass(frozen=True)
class Issued:
    """What is made for a new record: ``values`` of its fields, and results that are ``shown_once``."""

    values: Mapping[str, Any]
    shown_once: Mapping[str, Any] = dataclasses.field(repr=False)


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
    spec = (
        actor_spec()
        | AUDIT
        | {
            "state": {"type": "str", "choices": list(STATES), "default": "present"},
            kind.key.name: kind.key.option() | {"required": True},
        }
    )
    if kind.scope:
        spec[kind.scope.name] = kind.scope.option() | {"required": True}
    nullable = [field.name for field in _options(kind) if field.nullable and field is not kind.owner]
    if nullable:
        spec["unset"] = {"type": "list", "elements": "str", "choices": nullable, "default": []}
    if kind.name in LIMITED:
        spec |= FORCE
    ways = [way for field in _options(kind) for way in (field, *field.alternatives)]
    return {way.name: way.option() for way in ways} | spec


def info_spec(kind: Kind) -> Spec:
    """Return the options of the module that reads the records of ``kind``."""
    fields = {field.name: field for field in kind.all_fields}
    spec = actor_spec() | {kind.key.name: {"type": "list", "elements": "str"}}
    spec |= {name: _filter_option(fields[name]) for name in kind.filters}
    return spec | {name: {"type": "bool"} for name in kind.conditions}


def documents_spec() -> Spec:
    """Return the options of the module that writes documents."""
    # What is in the document is not logged, because passwords may be.
    return actor_spec() | AUDIT | FORCE | {"src": {"type": "path"}, "records": {"type": "dict", "no_log": True}}


def export_spec() -> Spec:
    """Return the options of the module that reads a document."""
    return actor_spec() | {
        "kinds": {"type": "list", "elements": "str", "choices": list(BY_PLURAL)},
        "secrets": {"type": "bool", "default": False, "no_log": False},
    }


def run_record_module(kind: Kind, issue: Callable[[], Issued] | None = None) -> NoReturn:
    """Write one record and return it as it is stored then.

    ``issue`` makes the values that a new record gets and nobody chooses, and what is returned of them, once.
    """
    module = AnsibleModule(argument_spec=record_spec(kind), mutually_exclusive=kind.exclusive, supports_check_mode=True)
    issued = issue() if issue else Issued({}, {})
    with _reporting(module, writing=True):
        record = dataclasses.replace(parse_record(kind, _given(module, kind)), initial=issued.values)
        scope = {kind.scope.name: (record.values[kind.scope.name],)} if kind.scope else {}
        query = Query(names=(record.name,), filters=scope)
        outcome = apply_records(
            module.params["dsn"],
            [record],
            module.check_mode,
            lambda cursor: read_records(cursor, kind, query),
            credentials=_credentials(module),
            force=module.params.get("force", False),
            audit_keys=module.params["audit_keys"],
        )
    result = _result(module, outcome)
    created = any(change.action == CREATE for change in outcome.plan.changes)
    if created and not module.check_mode:
        result |= issued.shown_once
    for stored in outcome.answer:
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
    document = module.params["records"]
    module.params["records"] = _without_secrets(document)
    module.no_log_values = {module.params["dsn"], module.params["api_key"]} - {None}
    with _reporting(module, writing=True):
        if module.params["src"]:
            document = load_document(pathlib.Path(module.params["src"]))
        outcome = apply_records(
            module.params["dsn"],
            parse_document(document),
            module.check_mode,
            credentials=_credentials(module),
            force=module.params["force"],
            audit_keys=module.params["audit_keys"],
        )
    module.exit_json(**_result(module, outcome), counts=count_changes(outcome.plan))


def run_export_module() -> NoReturn:
    """Return the records of the chosen kinds as one document."""
    module = AnsibleModule(argument_spec=export_spec(), supports_check_mode=True)
    chosen, secrets = module.params["kinds"], module.params["secrets"]
    if secrets and not module.no_log:
        module.fail_json(msg="secrets must not be returned by a task that is logged: set no_log: true on the task")
    kinds = [kind for kind in KINDS if chosen is None or kind.plural in chosen]
    with (
        _reporting(module, writing=False),
        reading(
            module.params["dsn"], *kinds, credentials=_credentials(module), permission=SECRETS if secrets else None
        ) as cursor,
    ):
        lists = {kind.plural: export_records(cursor, kind, secrets) for kind in kinds}
    module.exit_json(changed=False, records={"format": FORMAT, **lists})


def _credentials(module: AnsibleModule) -> Credentials:
    return resolve_credentials(module.params["actor"], module.params["api_key"])


def run_purge_module() -> NoReturn:
    """Begin or finish the purge of what was deleted and whose term is over."""
    step = {"step": {"type": "str", "choices": ["begin", "finish"], "required": True}}
    module = AnsibleModule(argument_spec=actor_spec() | AUDIT | step, supports_check_mode=True)
    with _reporting(module, writing=True):
        outcome = purge(
            module.params["dsn"],
            module.params["step"],
            module.check_mode,
            credentials=_credentials(module),
            audit_keys=module.params["audit_keys"],
        )
    module.exit_json(changed=outcome.happened, **dataclasses.asdict(outcome))


def _options(kind: Kind) -> tuple[Field, ...]:
    """Return the fields that are options of the kind's module."""
    return tuple(field for field in kind.given_fields if not field.issued)


def _without_secrets(value: Any) -> Any:
    """Return a document with the values of secret fields hidden, wherever they stand."""
    if isinstance(value, dict):
        return {name: _HIDDEN if name in _SECRET_NAMES else _without_secrets(item) for name, item in value.items()}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


def _filter_option(field: Field) -> dict[str, Any]:
    option = field.option()
    element = option.get("elements", option["type"])
    choices = {"choices": option["choices"]} if "choices" in option else {}
    return {"type": "list", "elements": element} | choices


def _given(module: AnsibleModule, kind: Kind) -> dict[str, Any]:
    """Return the fields that the task gives; those of ``unset`` as no value."""
    ways = [way.name for field in _options(kind) for way in (field, *field.alternatives)]
    names = [kind.key.name, "state", *ways]
    given = {name: module.params[name] for name in names if module.params[name] is not None}
    alternatives = {name: names for names in kind.exclusive for name in names}
    for name in module.params.get("unset", []):
        if given.keys() & {name, *alternatives.get(name, ())}:
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
