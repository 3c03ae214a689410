# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: one PostgreSQL per test run, one migrated database per test."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg2
import psycopg2.extensions
import pytest

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


@pytest.fixture
def dsn(pg_server: pg.Server) -> Iterator[str]:
    """The DSN of a fresh migrated database, as wcp_admin, who owns it and is no superuser."""
    name = pg_server.create_database(pg.TEMPLATE)
    yield pg_server.dsn(name)
    pg_server.drop_database(name)


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
def connection(dsn: str) -> Iterator[psycopg2.extensions.connection]:
    """A psycopg2 connection to ``dsn``."""
    with contextlib.closing(psycopg2.connect(dsn)) as opened:
        yield opened
