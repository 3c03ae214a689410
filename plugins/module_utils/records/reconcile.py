# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the stored records match the wanted ones: read, plan, lock, write, in one transaction.

Passwords are hashed before it, so that no lock is held meanwhile.
"""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.append import append
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyfile import load_keyring
from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import Credentials, act, resolve_credentials
from ansible_collections.wcp360.hosting.plugins.module_utils.records.authorize import FORCE, authorize, authorize_plan
from ansible_collections.wcp360.hosting.plugins.module_utils.records.database_errors import is_conflict, store_error
from ansible_collections.wcp360.hosting.plugins.module_utils.records.document import Record
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import UnknownOutcomeError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.journal import audit_entries
from ansible_collections.wcp360.hosting.plugins.module_utils.records.lock import lock_rows
from ansible_collections.wcp360.hosting.plugins.module_utils.records.passwords import Password, settle_passwords
from ansible_collections.wcp360.hosting.plugins.module_utils.records.plan import Plan, plan_changes
from ansible_collections.wcp360.hosting.plugins.module_utils.records.read import read_snapshot
from ansible_collections.wcp360.hosting.plugins.module_utils.records.store import connect
from ansible_collections.wcp360.hosting.plugins.module_utils.records.write import write_plan

try:
    import psycopg2.extensions
except ImportError:
    psycopg2 = None  # type: ignore[assignment]

ATTEMPTS = 5


@dataclasses.dataclass(frozen=True)
class _Options:
    credentials: Credentials
    check: bool
    force: bool
    audit_keys: str | None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What was written, or would be; ``answer`` is what the caller read back in the same transaction."""

    plan: Plan
    answer: Any = None


def apply_records(
    dsn: str | None,
    records: Sequence[Record],
    check: bool = False,
    read_back: Callable[[psycopg2.extensions.cursor], Any] | None = None,
    *,
    credentials: Credentials | None = None,
    force: bool = False,
    audit_keys: str | None = None,
) -> Outcome:
    """Write ``records`` in one transaction as the actor of ``credentials`` (the environment's), or nothing of them.

    With ``check`` the same statements run and are rolled back, so that what PostgreSQL refuses shows up too. A
    transaction that loses against a concurrent one is tried again, up to five times. With ``force`` a package may be
    smaller than what its tenants have. Every change gets an entry in the audit log, signed with the keys in the file
    ``audit_keys`` (see ``audit.keyfile.keyring_path``). Nothing was changed when this raises InvalidRecordsError,
    NotAllowedError or RecordStoreError, except for its subclass UnknownOutcomeError.
    """
    options = _Options(credentials or resolve_credentials(), check, force, audit_keys)
    connection = connect(dsn)
    try:
        _settle_passwords(connection, options, records)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                last = attempt == ATTEMPTS
                return _apply_once(connection, options, records, last, read_back)
            except psycopg2.Error as error:
                if not connection.closed:
                    connection.rollback()
                if last or not _try_again(error, records):
                    raise store_error(error) from error
                time.sleep(random.uniform(0, 0.05 * attempt))
        raise AssertionError("the last attempt returns or raises")
    finally:
        connection.close()


def _settle_passwords(connection: psycopg2.extensions.connection, options: _Options, records: Sequence[Record]) -> None:
    """Verify and hash the passwords that are given in clear; what plan and write ask for is known afterwards."""
    given = [
        (record, name, value)
        for record in records
        for name, value in record.values.items()
        if record.present and isinstance(value, Password)
    ]
    if not given:
        return
    try:
        with connection, connection.cursor() as cursor:
            act(cursor, options.credentials)
            rows = read_snapshot(cursor, [record for record, _name, _value in given]).rows
    except psycopg2.Error as error:
        raise store_error(error) from error
    stored = [rows[record.kind.name].get(record.key) for record, _name, _value in given]
    settle_passwords(
        (value, row.values[name] if row else None) for (_record, name, value), row in zip(given, stored, strict=True)
    )


def _apply_once(
    connection: psycopg2.extensions.connection,
    options: _Options,
    records: Sequence[Record],
    last: bool,
    read_back: Callable[[psycopg2.extensions.cursor], Any] | None,
) -> Outcome:
    with connection.cursor() as cursor:
        actor = act(cursor, options.credentials)
        if options.force:
            authorize(actor, FORCE)
            cursor.execute("SET LOCAL wcp360.force = 'on'")
        snapshot = read_snapshot(cursor, records)
        plan = plan_changes(records, snapshot)
        if lock_rows(cursor, plan, snapshot):
            snapshot = read_snapshot(cursor, records)
            plan = plan_changes(records, snapshot)
        authorize_plan(cursor, actor, plan)
        keyring = load_keyring(options.audit_keys) if plan.changes and not options.check else None
        ids = write_plan(cursor, plan, snapshot, rehearsal=options.check, last=last)
        answer = read_back(cursor) if read_back else None
        if keyring:
            append(cursor, keyring, list(audit_entries(cursor, actor, plan, ids, options.force)))
    if options.check or not plan.changes:
        connection.rollback()
    else:
        _commit(connection)
    return Outcome(plan, answer)


def _commit(connection: psycopg2.extensions.connection) -> None:
    try:
        connection.commit()
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        if error.pgcode:
            raise
        raise UnknownOutcomeError(
            "the connection was lost during the commit, so it is not known whether the records were written: run again"
        ) from error


def _try_again(error: psycopg2.Error, records: Sequence[Record]) -> bool:
    kinds = {record.kind.name: record.kind for record in records}
    return any(is_conflict(error, kind) for kind in kinds.values())
