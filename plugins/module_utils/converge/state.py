# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's own memory: state.db (SQLite, WAL).

It holds the run in force, what each run failed at, the generation last applied of each tenant, and the manifest of
managed files. It is a cache: deleting it costs one full converge and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.errors import ConvergeError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS manifest (
    path TEXT PRIMARY KEY, kind TEXT NOT NULL, tenant TEXT NOT NULL, sha256 TEXT NOT NULL, previous TEXT);
CREATE TABLE IF NOT EXISTS failures (
    run TEXT NOT NULL, tenant TEXT NOT NULL, kind TEXT NOT NULL, error TEXT NOT NULL, PRIMARY KEY (run, tenant));
CREATE TABLE IF NOT EXISTS finished (run TEXT NOT NULL, kind TEXT NOT NULL, PRIMARY KEY (run, kind));
CREATE TABLE IF NOT EXISTS applied (
    tenant TEXT PRIMARY KEY, uid INTEGER NOT NULL, generation INTEGER NOT NULL, applied_at REAL NOT NULL);
"""


class State:
    """An open state.db. Use as a context manager; each method is one transaction."""

    def __init__(self, path: str) -> None:
        """Open or create the database at ``path``; an unreadable one is set aside and begun anew."""
        try:
            self._db = _open(path)
        except sqlite3.DatabaseError:
            for suffix in ("", "-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    os.rename(path + suffix, f"{path}{suffix}.unreadable-{int(time.time())}")
            self._db = _open(path)

    def __enter__(self) -> State:
        return self

    def __exit__(self, *exc: object) -> None:
        self._db.close()

    def begin_run(self, run: str, token: int) -> None:
        """Make ``run`` the run in force; tasks of an older one that are still about will be refused.

        Raises ConvergeError for a document that is older than one that this node has seen: its sender lost the node's
        lock on the way.
        """
        with self._transaction():
            row = self._db.execute("SELECT value FROM meta WHERE key = 'token'").fetchone()
            if row is not None and int(row[0]) > token:
                raise ConvergeError(f"run {run} comes later than a newer one to this node; nothing was changed")
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('token', ?)", (str(token),))
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('run', ?)", (run,))
            self._db.execute("DELETE FROM failures WHERE run <> ?", (run,))
            self._db.execute("DELETE FROM finished WHERE run <> ?", (run,))

    def require_run(self, run: str) -> None:
        """Raise ConvergeError when another run has taken over since."""
        row = self._db.execute("SELECT value FROM meta WHERE key = 'run'").fetchone()
        if row is None or row[0] != run:
            raise ConvergeError(f"run {run} is no longer the one in force on this node; nothing was changed")

    def failures(self, run: str) -> dict[str, str]:
        """Return the failed tenants of a run: id to message."""
        return dict(self._db.execute("SELECT tenant, kind || ': ' || error FROM failures WHERE run = ?", (run,)))

    def finish_kind(self, run: str, kind: str, failures: Mapping[str, str]) -> None:
        """Record that a kind is done with a run, and whom it failed for."""
        with self._transaction():
            self._db.executemany(
                "INSERT OR IGNORE INTO failures VALUES (?, ?, ?, ?)",
                [(run, tenant, kind, error) for tenant, error in failures.items()],
            )
            self._db.execute("INSERT OR REPLACE INTO finished VALUES (?, ?)", (run, kind))

    def finished_kinds(self, run: str) -> set[str]:
        """Return the kinds that are done with a run."""
        return {kind for (kind,) in self._db.execute("SELECT kind FROM finished WHERE run = ?", (run,))}

    def record_applied(self, tenants: Iterable[tuple[str, int, int]]) -> None:
        """Record (tenant id, uid, generation) as applied now."""
        now = time.time()
        with self._transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO applied VALUES (?, ?, ?, ?)", [(*tenant, now) for tenant in tenants]
            )

    def manifest(self, kind: str) -> dict[str, tuple[str, str | None]]:
        """Return path to (sha256, previous sha256) of the managed files of a kind."""
        rows = self._db.execute("SELECT path, sha256, previous FROM manifest WHERE kind = ?", (kind,))
        return {path: (sha256, previous) for path, sha256, previous in rows}

    def record_files(self, kind: str, files: Iterable[tuple[str, str, str]], removed: Iterable[str]) -> None:
        """Record (path, tenant id, sha256) as about to be in place, and forget the removed paths.

        The hash before stays known, so that a run killed before the file is in place does not make the old
        content look like somebody's edit.
        """
        with self._transaction():
            self._db.executemany(
                "INSERT INTO manifest (path, kind, tenant, sha256) VALUES (?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET"
                " kind = excluded.kind, tenant = excluded.tenant, previous = sha256, sha256 = excluded.sha256",
                [(path, kind, tenant, sha256) for path, tenant, sha256 in files],
            )
            self._db.executemany("DELETE FROM manifest WHERE path = ?", [(path,) for path in removed])

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            yield


def _open(path: str) -> sqlite3.Connection:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    os.close(descriptor)
    db = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(_SCHEMA)
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db
