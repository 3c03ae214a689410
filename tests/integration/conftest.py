# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: one PostgreSQL per test run, one migrated database per test."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import psycopg2.extensions
import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyfile import change_keyring
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyring import Keyring

from . import pg


@pytest.fixture(scope="session")
def pg_server() -> Iterator[pg.Server]:
    """A running PostgreSQL with the role wcp_admin."""
    with pg.running_server() as server:
        yield server


@pytest.fixture
def empty_dsn(pg_server: pg.Server) -> Iterator[str]:
    """The DSN of a fresh database without any table, owned by wcp_admin."""
    name = pg_server.create_database()
    yield pg_server.dsn(name)
    pg_server.drop_database(name)


OPERATOR = "operator@wcp360.internal"


@pytest.fixture(scope="session")
def audit_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with keys for the audit log."""
    path = tmp_path_factory.mktemp("audit") / "keys.json"
    change_keyring(str(path), lambda _keyring: Keyring.generate())
    return path


@pytest.fixture(autouse=True)
def operator(monkeypatch: pytest.MonkeyPatch, audit_keys: Path) -> None:
    """Act as the operator, with keys for the audit log, unless a test says otherwise."""
    monkeypatch.setenv("WCP360_ACTOR", OPERATOR)
    monkeypatch.setenv("WCP360_AUDIT_KEYS", str(audit_keys))
    monkeypatch.delenv("WCP360_API_KEY", raising=False)


@pytest.fixture
def database(pg_server: pg.Server) -> Iterator[str]:
    """A fresh migrated database."""
    name = pg_server.create_database(pg.TEMPLATE)
    yield name
    pg_server.drop_database(name)


@pytest.fixture
def dsn(pg_server: pg.Server, database: str) -> str:
    """The DSN of the database for the role that modules connect as."""
    return pg_server.dsn(database, pg.RUNTIME)


@pytest.fixture
def owner_dsn(pg_server: pg.Server, database: str) -> str:
    """The DSN of the database for wcp_admin, who owns it and is no superuser."""
    return pg_server.dsn(database)


@pytest.fixture(scope="session")
def shared_dsn(pg_server: pg.Server) -> str:
    """The DSN of a migrated database for tests that commit nothing."""
    return pg_server.dsn(pg_server.create_database(pg.TEMPLATE))


@pytest.fixture
def transaction(shared_dsn: str) -> Iterator[psycopg2.extensions.cursor]:
    """A cursor in a transaction that is rolled back after the test; sequences go on."""
    with contextlib.closing(psycopg2.connect(shared_dsn)) as opened, opened.cursor() as cursor:
        yield cursor


@pytest.fixture
def connection(owner_dsn: str) -> Iterator[psycopg2.extensions.connection]:
    """A psycopg2 connection of the owner."""
    with contextlib.closing(psycopg2.connect(owner_dsn)) as opened:
        yield opened
