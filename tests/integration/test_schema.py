# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrations: applied once, in order, whole or not at all, by one at a time."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import RecordStoreError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.schema import (
    MigrationReport,
    SchemaError,
    migrate,
    read_migrations,
)

from . import pg

SHIPPED = tuple(migration.revision for migration in read_migrations(pg.MIGRATIONS))
NEXT = f"{len(SHIPPED) + 1:04d}_next"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of the shipped migrations, to add to and to spoil."""
    return Path(shutil.copytree(pg.MIGRATIONS, tmp_path / "migrations"))


def query(dsn: str, statement: str) -> list[Any]:
    """Return the first column of each row."""
    with contextlib.closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return [row[0] for row in cursor]


def tables(dsn: str) -> set[str]:
    """Return the names of the tables."""
    return set(query(dsn, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))


def test_applies_everything_once(empty_dsn: str) -> None:
    last = SHIPPED[-1]
    assert migrate(empty_dsn, str(pg.MIGRATIONS)) == MigrationReport(applied=SHIPPED, pending=(), current=last)
    assert migrate(empty_dsn, str(pg.MIGRATIONS)) == MigrationReport(applied=(), pending=(), current=last)
    assert query(empty_dsn, "SELECT version_num FROM alembic_version") == [last]
    assert query(empty_dsn, "SELECT revision FROM schema_migrations ORDER BY revision") == list(SHIPPED)


def test_check_writes_nothing(empty_dsn: str) -> None:
    assert migrate(empty_dsn, str(pg.MIGRATIONS), check=True) == MigrationReport((), SHIPPED, None)
    assert tables(empty_dsn) == set()


def test_check_of_a_migrated_database(owner_dsn: str, directory: Path) -> None:
    (directory / f"{NEXT}.sql").write_text("SELECT 1;")
    assert migrate(owner_dsn, str(directory), check=True) == MigrationReport((), (NEXT,), SHIPPED[-1])


def test_two_at_once(empty_dsn: str, directory: Path) -> None:
    (directory / f"{NEXT}.sql").write_text("SELECT pg_sleep(0.3);")
    barrier = threading.Barrier(2)

    def run(_: int) -> MigrationReport:
        barrier.wait()
        return migrate(empty_dsn, str(directory))

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(run, range(2)))
    assert sorted(report.applied for report in reports) == [(), (*SHIPPED, NEXT)]
    assert {report.current for report in reports} == {NEXT}


def test_sql_reaches_the_server_as_it_is_written(owner_dsn: str, directory: Path) -> None:
    text = "100%s :name %(x)s \\ ?"
    (directory / f"{NEXT}.sql").write_text(f"CREATE TABLE extra AS SELECT '{text}'::text AS value;")
    migrate(owner_dsn, str(directory))
    assert query(owner_dsn, "SELECT value FROM extra") == [text]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SELECT nothing FROM tenants;", 'at line 3: column "nothing" does not exist'),
        ("INSERT INTO nodes (name, address) VALUES ('UPPER', 'a');", '"nodes_name_is_hostname"'),
        ("SELECT 1;", "package basic must have a row in package_limits"),
    ],
    ids=["analysis", "execution", "deferred"],
)
def test_a_failing_migration_is_undone_and_the_next_run_goes_on(
    empty_dsn: str, directory: Path, statement: str, message: str
) -> None:
    broken = directory / f"{NEXT}.sql"
    broken.write_text(f"CREATE TABLE extra (); INSERT INTO packages (name) VALUES ('basic');\n\n{statement}\n")
    with pytest.raises(SchemaError) as caught:
        migrate(empty_dsn, str(directory))
    assert str(caught.value).startswith(f"{NEXT}.sql failed")
    assert message in str(caught.value)
    assert "extra" not in tables(empty_dsn)
    assert migrate(empty_dsn, str(directory), check=True) == MigrationReport((), (NEXT,), SHIPPED[-1])

    broken.write_text("CREATE TABLE extra ();")
    assert migrate(empty_dsn, str(directory)).applied == (NEXT,)


def test_an_edited_migration_is_refused(owner_dsn: str, directory: Path) -> None:
    (directory / f"{NEXT}.sql").write_text("CREATE TABLE extra ();")
    with (directory / f"{SHIPPED[2]}.sql").open("a") as file:
        file.write("-- one more thought\n")
    for check in (True, False):
        with pytest.raises(SchemaError, match=f"{SHIPPED[2]}.sql was edited after it had been applied"):
            migrate(owner_dsn, str(directory), check=check)
    assert "extra" not in tables(owner_dsn)


def test_a_database_of_a_newer_release_is_refused(owner_dsn: str, directory: Path) -> None:
    (directory / f"{NEXT}.sql").write_text("SELECT 1;")
    migrate(owner_dsn, str(directory))
    with pytest.raises(SchemaError, match=f"does not know: {NEXT}.*newer release"):
        migrate(owner_dsn, str(pg.MIGRATIONS))


@pytest.mark.parametrize("name", ["9999_gap.sql", "0001_twice.sql", "8_short.sql", "0008_Upper.sql"])
def test_misnamed_migrations_are_refused(directory: Path, name: str) -> None:
    (directory / name).write_text("SELECT 1;")
    with pytest.raises(SchemaError, match="must be named"):
        read_migrations(directory)


def test_an_empty_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="holds no migrations"):
        read_migrations(tmp_path)


def test_a_database_that_is_away(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="cannot connect to the record store"):
        migrate(f"host={tmp_path} password=hunter2", str(pg.MIGRATIONS))


def test_a_malformed_dsn_is_not_repeated() -> None:
    with pytest.raises(RecordStoreError) as caught:
        migrate("host=localhost hunter2", str(pg.MIGRATIONS))
    assert "dsn must be" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def run_module(dsn: str, *options: str, src: Path = pg.MIGRATIONS) -> dict[str, Any]:
    """Run the module through ansible, the DSN in the environment, and return its result."""
    result = subprocess.run(
        [sys.executable, "-m", "ansible.cli.adhoc", "localhost", "-m", "wcp360.hosting.schema", "-a", f"src={src}",
         "-e", f"ansible_python_interpreter={sys.executable}", *options],
        env={**os.environ, "WCP360_DSN": dsn}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    _host, _separator, document = result.stdout.partition(" => ")
    return dict(json.loads(document))


def test_module(empty_dsn: str, tmp_path: Path) -> None:
    preview = run_module(empty_dsn, "--check")
    assert (preview["changed"], preview["applied"], preview["pending"]) == (True, [], list(SHIPPED))
    assert preview["current"] is None
    first = run_module(empty_dsn)
    assert (first["changed"], first["applied"], first["current"]) == (True, list(SHIPPED), SHIPPED[-1])
    assert run_module(empty_dsn)["changed"] is False
    failure = run_module(empty_dsn, src=tmp_path)
    assert "exception" not in failure
    assert failure["msg"] == f"{tmp_path} holds no migrations (files named NNNN_what.sql)"
