# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role, database and extension that the record store lives in, made by a superuser of the server."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
from typing import Any

_DATABASE = """
SELECT pg_get_userbyid(datdba), EXISTS (
    SELECT FROM aclexplode(coalesce(datacl, acldefault('d', datdba))) AS acl WHERE acl.grantee = 0), EXISTS (
    SELECT FROM aclexplode(datacl) AS acl JOIN pg_roles AS r ON r.oid = acl.grantee
    WHERE r.rolname = %s AND acl.privilege_type = 'CONNECT')
FROM pg_database WHERE datname = %s
"""
"""Owner of the database, whether every role (PUBLIC, grantee 0) may do something with it, and a role may connect."""


RUNTIME_ROLE = "wcp_app"
"""The role that the modules connect as. It owns nothing, so that row-level security holds it; migrations name it."""


@dataclasses.dataclass(frozen=True)
class RecordStore:
    """What is to be there.

    ``role`` owns the database and is for migrations. The runtime connects as RUNTIME_ROLE; ``password`` is that role's,
    and an empty one leaves it as it is.
    """

    role: str
    database: str
    password: str = dataclasses.field(default="", repr=False)
    extension: str = "uuid-ossp"


def scram_matches(verifier: str | None, password: str) -> bool:
    """Tell whether a SCRAM-SHA-256 verifier as PostgreSQL stores it (RFC 5803) is of this password."""
    try:
        scheme, parameters, keys = (verifier or "").split("$")
        iterations, salt = parameters.split(":")
        stored_key = keys.split(":")[0]
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(iterations))
    except ValueError:
        return False
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    expected = base64.b64encode(hashlib.sha256(client_key).digest()).decode()
    return scheme == "SCRAM-SHA-256" and hmac.compare_digest(expected, stored_key)


def ensure_server(connection: Any, wanted: RecordStore, check: bool) -> list[str]:
    """Make the role and the database; return what was done, in words. ``connection`` is in autocommit mode.

    Raises ValueError when the database exists and belongs to another role.
    """
    from psycopg2 import sql
    from psycopg2.extensions import encrypt_password

    done = []
    role, runtime, database = map(sql.Identifier, (wanted.role, RUNTIME_ROLE, wanted.database))
    with connection.cursor() as cursor:

        def act(what: str, statement: Any, *values: str) -> None:
            if not check:
                cursor.execute(statement, values or None)
            done.append(what)

        cursor.execute(_DATABASE, (RUNTIME_ROLE, wanted.database))
        owner, is_open, is_granted = cursor.fetchone() or (None, True, False)
        if owner not in (None, wanted.role):
            raise ValueError(
                f"database {wanted.database} belongs to role {owner} and not to {wanted.role}: give another database,"
                " or hand it over with ALTER DATABASE ... OWNER TO; nothing was changed"
            )
        names = [wanted.role, RUNTIME_ROLE]
        cursor.execute("SELECT rolname, rolpassword FROM pg_authid WHERE rolname = ANY (%s)", (names,))
        passwords = dict(cursor.fetchall())
        for name in names:
            if name not in passwords:
                act(f"create role {name}", sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
        if wanted.password and not scram_matches(passwords.get(RUNTIME_ROLE), wanted.password):
            act(
                f"set the password of role {RUNTIME_ROLE}",
                sql.SQL("ALTER ROLE {} PASSWORD %s").format(runtime),
                encrypt_password(wanted.password, RUNTIME_ROLE, connection, "scram-sha-256"),
            )
        if owner is None:
            statement = sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(database, role)
            act(f"create database {wanted.database}", statement)
        if is_open:
            act(
                f"close database {wanted.database} to other roles",
                sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database),
            )
        if not is_granted:
            act(
                f"open database {wanted.database} to role {RUNTIME_ROLE}",
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, runtime),
            )
    return done


def ensure_extension(connection: Any, wanted: RecordStore, check: bool) -> list[str]:
    """Make the extension inside the database; return what was done, in words."""
    from psycopg2 import sql

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = %s", (wanted.extension,))
        if cursor.fetchone():
            return []
        if not check:
            cursor.execute(sql.SQL("CREATE EXTENSION {}").format(sql.Identifier(wanted.extension)))
    return [f"create extension {wanted.extension}"]
