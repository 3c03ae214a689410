# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Appending to one audit chain and verifying it: ``make bench ONLY=audit ARGS=1000000``.

A real PostgreSQL that does sync each commit. Writers are processes with a connection each; a transaction is one entry,
from making it to the commit; of three rounds the best counts, since nothing but other work makes one slower.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.append import append
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.commit import commit
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.entry import Entry
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.export import export_log, verify_export
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyring import Keyring
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.verify import verify
from ansible_collections.wcp360.hosting.plugins.module_utils.records.store import connect, reading
from tests.integration.pg import TEMPLATE, running_server

ROUNDS = 3
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
SLOW_DISK = {"commit_delay": "2000", "commit_siblings": "0"}
RUNS = ((True, 1), (True, 8), (False, 1), (False, 2), (False, 8))
BULK = 10_000
TENANT = "6f6b2f0e-5b7c-4f0d-9c53-6a2f4a0a3c11"


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    keyring = Keyring.generate()
    with running_server(**DURABLE, **SLOW_DISK) as server:
        print("with 2 ms added to each sync")
        _print_appends(server.dsn(server.create_database(TEMPLATE)), keyring, transactions=400)
    with running_server(**DURABLE) as server:
        print(f"with a disk that syncs in {_sync_milliseconds(server.directory):.2f} ms")
        dsn = server.dsn(server.create_database(TEMPLATE))
        done = _print_appends(dsn, keyring, transactions=2_000)
        _print_bulk(dsn, keyring, max(count - done, BULK))
        _print_verification(dsn, keyring)


def _print_appends(dsn: str, keyring: Keyring, transactions: int) -> int:
    """Print how many transactions of one entry commit in a second, and return how many did in all."""
    for plain, writers in RUNS:
        rate = max(_append(dsn, keyring, transactions // writers, writers, plain) for _round in range(ROUNDS))
        print(f"{writers} writers, {'plain' if plain else 'grouped'} commits: {rate:.0f} transactions/s")
    return len(RUNS) * ROUNDS * transactions


def _print_bulk(dsn: str, keyring: Keyring, count: int) -> None:
    began = time.monotonic()
    for start in range(0, count, BULK):
        with contextlib.closing(connect(dsn)) as connection, connection, connection.cursor() as cursor:
            append(cursor, keyring, [_entry(number) for number in range(min(BULK, count - start))])
    print(f"{count} entries in transactions of {BULK}: {_since(began, count)}")


def _print_verification(dsn: str, keyring: Keyring) -> None:
    began = time.monotonic()
    with reading(dsn) as cursor:
        result = verify(cursor, keyring)
    print(f"{result.entries} entries verified: {_since(began, result.entries)}; whole: {result.ok}")
    began = time.monotonic()
    with reading(dsn) as cursor:
        result = verify_export(export_log(cursor), [], {})
    print(f"{result.entries} entries exported and verified without the keys: {_since(began, result.entries)}")
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


def _append(dsn: str, keyring: Keyring, each: int, writers: int, plain: bool) -> float:
    with ProcessPoolExecutor(writers, get_context("spawn")) as pool:
        spans = list(pool.map(_writer, [dsn] * writers, [keyring] * writers, [each] * writers, [plain] * writers))
    return each * writers / (max(end for _start, end in spans) - min(start for start, _end in spans))


def _writer(dsn: str, keyring: Keyring, number: int, plain: bool) -> tuple[float, float]:
    with contextlib.closing(connect(dsn)) as connection:
        began = time.monotonic()
        for count in range(number):
            with connection.cursor() as cursor:
                append(cursor, keyring, [_entry(count)])
            connection.commit() if plain else commit(connection)
        return began, time.monotonic()


def _entry(number: int) -> Entry:
    return Entry(
        "domain.create",
        actor="anna@example.org",
        actor_user_id=TENANT,
        tenant_id=TENANT,
        metadata={"fqdn": f"www{number}.example.org", "tls": "on"},
        ip_address="2001:db8::1",
    )


def _since(began: float, number: int) -> str:
    seconds = time.monotonic() - began
    return f"{seconds:.1f} s, {number / seconds:.0f} entries/s"


def _sync_milliseconds(directory: Path) -> float:
    """Return what one fsync of a page costs here: no commit is faster than that."""
    path = directory / "sync"
    with path.open("wb") as stream:
        began = time.monotonic()
        for _ in range(200):
            stream.write(bytes(8192))
            stream.flush()
            os.fsync(stream.fileno())
        took = time.monotonic() - began
    path.unlink()
    return took / 200 * 1000


if __name__ == "__main__":
    main()
