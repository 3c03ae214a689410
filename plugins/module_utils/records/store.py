# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to the record store."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Iterator

from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import (
    Credentials,
    act,
    resolve_credentials,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.authorize import authorize, authorize_reading
from ansible_collections.wcp360.hosting.plugins.module_utils.records.database_errors import store_error
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import RecordStoreError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind

PSYCOPG2_IMPORT_ERROR: str | None = None
try:
    import psycopg2.extensions
except ImportError:
    psycopg2 = None  # type: ignore[assignment]
    PSYCOPG2_IMPORT_ERROR = traceback.format_exc()

DEFAULT_DATABASE = "wcp360_prod"
CONNECT_TIMEOUT_SECONDS = 10
_SESSION = """
SET search_path = public, pg_temp;
SET TimeZone = 'UTC';
SET statement_timeout = '5min';
SET lock_timeout = '30s';
SET idle_in_transaction_session_timeout = '5min'
"""


def resolve_dsn(dsn: str | None = None) -> str:
    """Return the libpq connection string for ``dsn``.

    An empty one means the environment's WCP360_DSN. What neither says is left to libpq, its environment (PGHOST and so
    on) and its Unix socket with peer authentication, except for the database: wcp360_prod. Raises RecordStoreError for
    what is no connection string, without repeating it, because it may hold a password.
    """
    _require_psycopg2()
    given = dsn or os.environ.get("WCP360_DSN", "")
    try:
        settings = psycopg2.extensions.parse_dsn(given)
    except (psycopg2.ProgrammingError, ValueError):
        raise RecordStoreError("dsn must be a libpq connection string or postgresql:// URI") from None
    if "service" not in settings and "PGSERVICE" not in os.environ and "PGDATABASE" not in os.environ:
        settings.setdefault("dbname", DEFAULT_DATABASE)
    settings.setdefault("connect_timeout", str(CONNECT_TIMEOUT_SECONDS))
    settings.setdefault("application_name", "wcp360")
    return str(psycopg2.extensions.make_dsn(**settings))


def connect(dsn: str | None = None) -> psycopg2.extensions.connection:
    """Return a new connection to the record store in a known session state.

    The isolation level is read committed, times are UTC, a statement may run five minutes and wait 30 seconds
    for a lock. Raises RecordStoreError when there is no way in.
    """
    resolved = resolve_dsn(dsn)
    try:
        connection = psycopg2.connect(resolved)
    except psycopg2.Error as error:
        reason = "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
        raise RecordStoreError(f"cannot connect to the record store: {reason}") from error
    try:
        connection.set_session(isolation_level="READ COMMITTED", autocommit=True)
        with connection.cursor() as cursor:
            cursor.execute(_SESSION)
        connection.set_session(autocommit=False)
    except psycopg2.Error as error:
        connection.close()
        raise store_error(error) from error
    return connection


@contextlib.contextmanager
def reading(
    dsn: str | None = None, *kinds: Kind, credentials: Credentials | None = None, permission: str | None = None
) -> Iterator[psycopg2.extensions.cursor]:
    """Give a cursor in one read-only repeatable-read transaction of an actor who may read ``kinds``.

    With ``permission`` the actor needs that one too. The actor is that of ``credentials``, or of the environment.
    Raises NotAllowedError and RecordStoreError.
    """
    credentials = credentials or resolve_credentials()
    connection = connect(dsn)
    try:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection, connection.cursor() as cursor:
            actor = act(cursor, credentials)
            for kind in kinds:
                authorize_reading(actor, kind)
            if permission:
                authorize(actor, permission)
            yield cursor
    except psycopg2.Error as error:
        raise store_error(error) from error
    finally:
        connection.close()


def _require_psycopg2() -> None:
    if psycopg2 is None:
        raise RecordStoreError(f"the Python library psycopg2 is not installed for {sys.executable}")
