# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role and the database of the record store, as the superuser of a server makes them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import psycopg2
import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.records.bootstrap import RecordStore, ensure_server

from . import pg

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

STORE = RecordStore(role="bootstrap_admin", database="bootstrap_records", password="canary-bootstrap")


@pytest.fixture
def superuser(pg_server: pg.Server) -> Iterator[Connection]:
    """Return a connection of the server's superuser, and leave nothing of the store behind."""
    with contextlib.closing(psycopg2.connect(pg_server.dsn(pg.SUPERUSER, pg.SUPERUSER))) as connection:
        connection.autocommit = True
        yield connection
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {STORE.database}")
            cursor.execute(f"DROP ROLE IF EXISTS {STORE.role}")


def test_the_store_is_made_once_and_closed_to_others(superuser: Connection) -> None:
    made = [
        "create role bootstrap_admin",
        "set the password of role wcp_app",
        "create database bootstrap_records",
        "close database bootstrap_records to other roles",
        "open database bootstrap_records to role wcp_app",
    ]
    assert ensure_server(superuser, STORE, check=True) == made
    assert ensure_server(superuser, STORE, check=False) == made
    assert ensure_server(superuser, STORE, check=False) == []
    with superuser.cursor() as cursor:
        cursor.execute("GRANT CONNECT ON DATABASE bootstrap_records TO PUBLIC")
    assert ensure_server(superuser, STORE, check=False) == made[3:4]


def test_another_role_s_database_is_left_alone(superuser: Connection) -> None:
    with superuser.cursor() as cursor:
        cursor.execute("CREATE DATABASE bootstrap_records")
    with pytest.raises(ValueError, match="belongs to role postgres and not to bootstrap_admin"):
        ensure_server(superuser, STORE, check=False)
    with superuser.cursor() as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = 'bootstrap_admin'")
        assert cursor.rowcount == 0, "nothing was changed"
