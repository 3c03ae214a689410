# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrations of the record store: plain SQL files, forward only, run by Alembic.

One migration is one file ``NNNN_what.sql``; its name is the revision, the numbers give the order. A migration runs in
one transaction together with its row in ``schema_migrations``, which keeps the sha256 of what was applied. A
session-level advisory lock lets one run at a time; a second one waits and then finds nothing to do.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import re
import traceback
import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import RecordStoreError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.store import resolve_dsn

try:
    import psycopg2
    import sqlalchemy
    from alembic.runtime.migration import MigrationContext, MigrationStep
    from alembic.script import Script
    from alembic.script.revision import RevisionMap
    from alembic.util import CommandError
    from sqlalchemy.pool import NullPool
except ImportError:
    IMPORT_ERROR: str | None = traceback.format_exc()
else:
    IMPORT_ERROR = None

# Alembic's version column holds 32 characters.
_FILE_NAME = re.compile(r"(?P<number>[0-9]{4})_[a-z0-9_]{1,27}\.sql")
_OLDEST_SERVER = 150000
_LOCK_KEY = 0x7763703336300001
_LOCK_TIMEOUT = "15min"

_CREATE_HISTORY = """
CREATE TABLE IF NOT EXISTS public.schema_migrations (
    revision text PRIMARY KEY,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class SchemaError(RecordStoreError):
    """The schema could not be brought up to date; the text says why, what was left, and what to do."""


@dataclasses.dataclass(frozen=True)
class Migration:
    """One SQL file; ``revision`` is its name without ``.sql``."""

    revision: str
    sql: str

    @property
    def sha256(self) -> str:
        """Hexadecimal digest of the file."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


@dataclasses.dataclass(frozen=True)
class MigrationReport:
    """What a run did (``applied``), what is left to do (``pending``, in check mode) and the revision in force."""

    applied: tuple[str, ...]
    pending: tuple[str, ...]
    current: str | None


def migrate(dsn: str | None, directory: str, check: bool = False) -> MigrationReport:
    """Apply the migrations of ``directory`` that the database at ``dsn`` (see ``resolve_dsn``) does not have yet.

    With ``check`` nothing is written. Raises RecordStoreError when there is no way in, and SchemaError; migrations that
    were applied before the one that failed stay.
    """
    migrations = read_migrations(Path(directory))
    with _connect(dsn) as connection:
        _require_server(connection)
        if check:
            history = _read_history(connection)
            pending = plan_migrations(migrations, history)
            return MigrationReport((), tuple(m.revision for m in pending), max(history, default=None))
        _lock(connection)
        pending = plan_migrations(migrations, _read_history(connection))
        connection.commit()
        if pending:
            _apply(connection, migrations, pending)
        return MigrationReport(tuple(m.revision for m in pending), (), migrations[-1].revision)


def read_migrations(directory: Path) -> tuple[Migration, ...]:
    """Read every SQL file of ``directory`` in order.

    Raises SchemaError when there is none, when a name is not ``NNNN_what.sql`` or when a number is missing or twice.
    """
    try:
        migrations = [(path.name, path.read_bytes().decode()) for path in sorted(directory.glob("*.sql"))]
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaError(f"cannot read the migrations in {directory}: {error}") from error
    if not migrations:
        raise SchemaError(f"{directory} holds no migrations (files named NNNN_what.sql)")
    for number, (name, _sql) in enumerate(migrations, start=1):
        match = _FILE_NAME.fullmatch(name)
        if match is None or int(match["number"]) != number:
            raise SchemaError(f"{directory}/{name}: migration {number} must be named {number:04d}_what.sql")
    return tuple(Migration(name.removesuffix(".sql"), sql) for name, sql in migrations)


def plan_migrations(migrations: Sequence[Migration], history: Mapping[str, str]) -> tuple[Migration, ...]:
    """Return the migrations that are not in ``history`` (revision -> sha256 of what was applied), in order.

    Raises SchemaError when the database is ahead of the files, or when a file is not what was applied under its name.
    """
    known = {migration.revision: migration for migration in migrations}
    unknown = sorted(set(history) - set(known))
    if unknown:
        raise SchemaError(
            f"the database has migrations that this release does not know: {', '.join(unknown)}. It was migrated by a"
            " newer release; nothing was changed. Use that release or a later one."
        )
    for revision, sha256 in sorted(history.items()):
        if known[revision].sha256 != sha256:
            raise SchemaError(
                f"{revision}.sql was edited after it had been applied (sha256 {known[revision].sha256[:12]}..., applied"
                f" {sha256[:12]}...); nothing was changed. Restore the file and put the change into a new migration."
            )
    return tuple(migration for migration in migrations if migration.revision not in history)


@contextlib.contextmanager
def _connect(dsn: str | None) -> Iterator[sqlalchemy.engine.Connection]:
    resolved = resolve_dsn(dsn)
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg2://", creator=lambda: psycopg2.connect(resolved), poolclass=NullPool, future=True
    )
    try:
        connection = engine.connect()
    except sqlalchemy.exc.OperationalError as error:
        raise SchemaError(f"cannot connect to the record store: {' '.join(str(error.orig).split())}") from error
    with connection:
        try:
            yield connection
        except sqlalchemy.exc.DBAPIError as error:
            raise SchemaError(f"the record store refused a statement: {' '.join(str(error.orig).split())}") from error


def _require_server(connection: sqlalchemy.engine.Connection) -> None:
    version, encoding = connection.exec_driver_sql(
        "SELECT current_setting('server_version_num')::int, current_setting('server_encoding')"
    ).one()
    if version < _OLDEST_SERVER:
        raise SchemaError(f"the record store needs PostgreSQL 15 or later; this is {version // 10000}")
    if encoding != "UTF8":
        raise SchemaError(f"the record store needs a database with encoding UTF8; this one has {encoding}")


def _lock(connection: sqlalchemy.engine.Connection) -> None:
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
    try:
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK_KEY})")
    except sqlalchemy.exc.OperationalError as error:
        raise SchemaError(f"another migration has been running for {_LOCK_TIMEOUT}; nothing was changed") from error


def _read_history(connection: sqlalchemy.engine.Connection) -> dict[str, str]:
    if connection.exec_driver_sql("SELECT to_regclass('public.schema_migrations')").scalar_one() is None:
        return {}
    rows = connection.exec_driver_sql("SELECT revision, sha256 FROM public.schema_migrations")
    return {row.revision: row.sha256 for row in rows}


def _apply(
    connection: sqlalchemy.engine.Connection, migrations: Sequence[Migration], pending: Sequence[Migration]
) -> None:
    """Run ``pending`` through Alembic, each in its own transaction."""
    befores = [None, *migrations[:-1]]
    scripts = [_script(connection, *pair) for pair in zip(befores, migrations, strict=True)]
    revisions = RevisionMap(lambda: iter(scripts))
    steps = [
        MigrationStep.upgrade_from_script(revisions, cast("Script", revisions.get_revision(migration.revision)))
        for migration in pending
    ]
    connection.exec_driver_sql("SET search_path TO public")
    connection.exec_driver_sql(_CREATE_HISTORY)
    connection.commit()
    options = {"fn": lambda _heads, _context: steps, "transaction_per_migration": True}
    try:
        MigrationContext.configure(connection, opts=options).run_migrations()
    except CommandError as error:
        raise SchemaError(f"alembic_version does not say what schema_migrations says: {error}") from error


def _script(connection: sqlalchemy.engine.Connection, before: Migration | None, migration: Migration) -> Script:
    """Present a SQL file to Alembic as one of its revision scripts."""
    module = types.ModuleType(migration.revision)
    vars(module).update(down_revision=before.revision if before else None, upgrade=lambda: _run(connection, migration))
    return Script(module, migration.revision, f"{migration.revision}.sql")


def _run(connection: sqlalchemy.engine.Connection, migration: Migration) -> None:
    with contextlib.closing(connection.connection.cursor()) as cursor:
        try:
            cursor.execute(migration.sql)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(
                "INSERT INTO public.schema_migrations (revision, sha256) VALUES (%s, %s)",
                (migration.revision, migration.sha256),
            )
        except psycopg2.Error as error:
            raise SchemaError(
                f"{migration.revision}.sql failed{_line(migration.sql, error)}: {_message(error)}. It was rolled back"
                " as a whole; the migrations before it stay. The next run goes on from here."
            ) from error


def _line(sql: str, error: psycopg2.Error) -> str:
    position = error.diag.statement_position
    return "" if position is None else f" at line {sql[: int(position) - 1].count(chr(10)) + 1}"


def _message(error: Any) -> str:
    diag = error.diag
    parts = (diag.message_primary or str(error).strip(), diag.message_detail, diag.message_hint, diag.context)
    return "; ".join(part for part in parts if part)
