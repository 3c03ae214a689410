# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private PostgreSQL 15 for the tests: own directory, Unix socket only, gone with the process that started it.

``python tests/integration/pg.py`` starts one with a migrated database, prints its DSN and keeps it until interrupted.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2

from ansible_collections.wcp360.hosting.plugins.module_utils.records.schema import migrate

BIN = Path("/usr/lib/postgresql/15/bin")
MIGRATIONS = Path(__file__).resolve().parents[2] / "roles/manager/files/migrations"
SUPERUSER = "postgres"
OWNER = "wcp_admin"
RUNTIME = "wcp_app"
TEMPLATE = "wcp360_template"
START_TIMEOUT = 30.0
# Durability is of no use here, and every test file starts a server.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "50",
    "log_min_messages": "fatal",
}


class Server:
    """A running cluster; ``directory`` holds its data and its socket."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._numbers = itertools.count(1)

    def dsn(self, database: str, user: str = OWNER) -> str:
        """Return a libpq DSN; any role may connect without a password."""
        return f"host={self.directory} dbname={database} user={user}"

    def create_database(self, template: str = "template0") -> str:
        """Create a database that OWNER (no superuser) owns, and return its name."""
        name = f"test_{next(self._numbers)}"
        self.run_as_superuser(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template}")
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, ending the sessions that are left in it."""
        self.run_as_superuser(f"DROP DATABASE {name} WITH (FORCE)")

    def run_as_superuser(self, statement: str, database: str = SUPERUSER) -> None:
        """Run one statement outside a transaction."""
        with contextlib.closing(psycopg2.connect(self.dsn(database, SUPERUSER))) as connection:
            connection.autocommit = True
            connection.cursor().execute(statement)


@contextlib.contextmanager
def running_server(**settings: str) -> Iterator[Server]:
    """Start a cluster that has the role OWNER and the migrated database TEMPLATE; stop and remove it at the end.

    ``settings`` replace SETTINGS of the same name.
    """
    with _scratch_directory() as directory:
        data = directory / "data"
        _run(
            [BIN / "initdb", "-D", data, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        )
        options = [f"-c{name}={value}" for name, value in {**SETTINGS, **settings}.items()]
        command: list[str | Path] = [BIN / "postgres", "-D", data, "-k", directory, *options]
        with subprocess.Popen(_as_server_user(command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
            try:
                server = Server(directory)
                _wait(server, process)
                for role in (OWNER, RUNTIME):
                    server.run_as_superuser(f"CREATE ROLE {role} LOGIN NOSUPERUSER")
                server.run_as_superuser(f"CREATE DATABASE {TEMPLATE} OWNER {OWNER} TEMPLATE template0")
                migrate(server.dsn(TEMPLATE), str(MIGRATIONS))
                yield server
            finally:
                process.send_signal(signal.SIGQUIT)
                process.wait()


@contextlib.contextmanager
def _scratch_directory() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="wcp360-pg-"))
    try:
        if os.geteuid() == 0:
            owner = pwd.getpwnam(SUPERUSER)
            os.chown(directory, owner.pw_uid, owner.pw_gid)
        yield directory
    finally:
        shutil.rmtree(directory)


def _as_server_user(command: list[str | Path]) -> list[str | Path]:
    """PostgreSQL refuses to run as root; and it ends when the tests die, however they do."""
    user = ["--reuid", SUPERUSER, "--regid", SUPERUSER, "--init-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *user, "--pdeathsig", "QUIT", "--", *command]


def _run(command: list[str | Path]) -> None:
    result = subprocess.run(_as_server_user(command), capture_output=True, text=True, check=False, cwd="/")
    if result.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {result.stderr}")


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            psycopg2.connect(server.dsn(SUPERUSER, SUPERUSER)).close()
            return
        except psycopg2.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _main() -> None:
    with running_server() as server, contextlib.suppress(KeyboardInterrupt):
        print(server.dsn(server.create_database(TEMPLATE)), flush=True)
        signal.pause()


if __name__ == "__main__":
    _main()
