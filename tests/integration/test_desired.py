# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The desired document and the way back: one snapshot, no change lost, failures retried, one converge at a time."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyring import Keyring
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.document import Document, parse_document
from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import Credentials
from ansible_collections.wcp360.hosting.plugins.module_utils.records.desired import (
    Observed,
    UnknownNodeError,
    read_desired,
    read_node_id,
    read_out_of_date,
    write_observed,
)
from ansible_collections.wcp360.hosting.plugins.plugin_utils.node_lock import (
    LockError,
    acquire_node_lock,
    process_start,
)

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812  # psycopg2 names classes in lower case

KEYRING = Keyring.generate()
OPERATOR = Credentials("operator@wcp360.internal")
SETUP = """
INSERT INTO nodes (name, address) VALUES ('node1', '192.0.2.1'), ('node2', '192.0.2.2');
INSERT INTO packages (name) VALUES ('basic'), ('pro');
INSERT INTO package_limits (package_id, max_domains, max_disk_mb, max_cpu_pct, max_mem_mb)
SELECT id, 5, 100, 20, 64 FROM packages;
INSERT INTO tenants (name, package_id, node_id)
SELECT 'Tenant-' || n, p.id, nodes.id FROM generate_series(1, 3) n, packages p, nodes
WHERE p.name = 'basic' AND nodes.name = 'node1' ORDER BY n;
INSERT INTO domains (tenant_id, fqdn) SELECT id, lower(name) || '.example' FROM tenants;
"""


@dataclasses.dataclass(frozen=True)
class Store:
    """A record store, as its owner and as the runtime connect to it."""

    owner: Connection
    runtime: Connection

    def node_id(self, name: str) -> str:
        """Return the id of a node."""
        return read_node_id(self.runtime, OPERATOR, name)

    def execute(self, statement: str) -> None:
        """Execute a statement as the owner."""
        with self.owner, self.owner.cursor() as cursor:
            cursor.execute(statement)

    def scalar(self, statement: str) -> Any:
        """Return the only value that a query of the owner gives."""
        with self.owner, self.owner.cursor() as cursor:
            cursor.execute(statement)
            ((value,),) = cursor.fetchall()
        return value


@pytest.fixture
def store(connection: Connection, dsn: str) -> Iterator[Store]:
    """A record store with two nodes, two packages and three tenants on node1."""
    with contextlib.closing(psycopg2.connect(dsn)) as runtime:
        store = Store(connection, runtime)
        store.execute(SETUP)
        yield store


def _document(store: Store, full: bool = False, node: str = "node1") -> Document:
    return parse_document(read_desired(store.runtime, OPERATOR, node, "a-run", full).text)


def _observe(store: Store, document: Document, **failed: str) -> None:
    node_id = store.node_id(document.node)
    ids = {tenant.name: tenant.id for tenant in document.tenants}
    observed = {tenant.id: tenant.generation for tenant in document.tenants if tenant.name not in failed}
    errors = {ids[name]: message for name, message in failed.items()}
    write_observed(store.runtime, OPERATOR, Observed(node_id, observed, errors), KEYRING)


def _names(document: Document) -> list[str]:
    return [tenant.name for tenant in document.tenants]


def test_the_document_is_what_the_node_reads(store: Store) -> None:
    document = _document(store)
    assert (document.node, document.run, document.full, dict(document.invalid)) == ("node1", "a-run", False, {})
    tenant = document.tenants[0]
    assert (tenant.name, tenant.account, tenant.running) == ("Tenant-1", f"t{tenant.uid}", True)
    assert (tenant.limits.max_cpu_pct, tenant.limits.max_tasks) == (20, None)
    assert [(d.fqdn, d.document_root) for d in tenant.domains] == [
        ("tenant-1.example", "sites/tenant-1.example/public")
    ]


def test_only_what_is_out_of_date_is_in_it(store: Store) -> None:
    _observe(store, _document(store))
    assert _names(_document(store)) == []
    assert len(_document(store, full=True).tenants) == 3
    store.execute("UPDATE domains SET status = 'disabled' WHERE fqdn = 'tenant-2.example'")
    assert _names(_document(store)) == ["Tenant-2"]
    assert read_out_of_date(store.runtime, OPERATOR, store.node_id("node1")) == ["Tenant-2"]


def test_a_change_of_the_package_reaches_all_its_tenants(store: Store) -> None:
    _observe(store, _document(store))
    store.execute(
        "UPDATE package_limits SET max_mem_mb = 65 FROM packages p WHERE p.id = package_id AND p.name = 'basic'"
    )
    assert len(_document(store).tenants) == 3


def test_other_nodes_tenants_are_nobody_s_business(store: Store) -> None:
    assert _names(_document(store, full=True, node="node2")) == []


def test_a_deleted_tenant_is_delivered_as_absent_without_its_domains(store: Store) -> None:
    _observe(store, _document(store))
    store.execute("UPDATE tenants SET deleted_at = now() WHERE name = 'Tenant-3'")
    (tenant,) = _document(store).tenants
    assert (tenant.name, tenant.present, tenant.domains) == ("Tenant-3", False, ())


def test_a_change_committed_during_a_converge_is_not_lost(store: Store) -> None:
    document = _document(store)
    store.execute("UPDATE domains SET tls = 'on' WHERE fqdn = 'tenant-1.example'")
    _observe(store, document)
    assert _names(_document(store)) == ["Tenant-1"]


def test_an_older_result_does_not_undo_a_newer_one(store: Store) -> None:
    old = _document(store)
    store.execute("UPDATE domains SET tls = 'on'")
    _observe(store, _document(store))
    _observe(store, old)
    assert _names(_document(store)) == []


def test_a_failed_tenant_keeps_its_error_and_is_tried_again(store: Store) -> None:
    _observe(store, _document(store), **{"Tenant-2": "web: nginx\nrefuses \x1b[31mit\u2028" + "x" * 3000})
    assert _names(_document(store)) == ["Tenant-2"]
    error = store.scalar("SELECT last_error FROM tenants WHERE name = 'Tenant-2'")
    assert error.startswith("web: nginx refuses [31mit xxx")
    assert len(error) == 1024

    _observe(store, _document(store))
    assert store.scalar("SELECT count(*) FROM tenants WHERE last_error IS NOT NULL") == 0


def test_drift_that_cannot_be_mended_makes_the_tenant_out_of_date(store: Store) -> None:
    _observe(store, _document(store))
    _observe(store, _document(store, full=True), **{"Tenant-1": "slices: the kernel disagrees"})
    assert _names(_document(store)) == ["Tenant-1"]


def test_another_node_cannot_answer_for_a_tenant(store: Store) -> None:
    tenant = _document(store).tenants[0]
    write_observed(
        store.runtime, OPERATOR, Observed(store.node_id("node2"), {tenant.id: tenant.generation}, {}), KEYRING
    )
    assert tenant.name in _names(_document(store))


def test_an_unknown_node_is_named(store: Store) -> None:
    with pytest.raises(UnknownNodeError, match="node 'node9' has no record"):
        read_desired(store.runtime, OPERATOR, "node9", "a-run", False)


@pytest.fixture
def watched() -> Iterator[subprocess.Popen[bytes]]:
    """A process that a lock can watch."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process
    process.kill()
    process.wait()


def _wait_until_free(dsn: str, node_id: str) -> None:
    """Take the lock, which waits for it to be free."""
    acquire_node_lock(dsn, node_id, os.getpid(), timeout=10).release()


def test_two_converges_of_one_node_never_overlap(dsn: str, store: Store) -> None:
    node_id = store.node_id("node1")
    lock = acquire_node_lock(dsn, node_id, os.getpid(), timeout=0)
    with pytest.raises(
        LockError, match=rf"another converge of this node is under way \(wcp360 converge lock, pid {os.getpid()}"
    ):
        acquire_node_lock(dsn, node_id, os.getpid(), timeout=0.3)
    other = acquire_node_lock(dsn, store.node_id("node2"), os.getpid(), timeout=0)
    lock.release()
    other.release()
    _wait_until_free(dsn, node_id)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_lock_ends_with_its_playbook_however_that_ends(
    dsn: str, store: Store, watched: subprocess.Popen[bytes], how: signal.Signals
) -> None:
    node_id = store.node_id("node1")
    lock = acquire_node_lock(dsn, node_id, watched.pid, timeout=0)
    watched.send_signal(how)
    watched.wait()
    _wait_until_free(dsn, node_id)
    deadline = time.monotonic() + 10
    while process_start(lock.pid) == lock.started and not _is_zombie(lock.pid):
        assert time.monotonic() < deadline, "the holder outlived what it watched"
        os.sched_yield()


def _is_zombie(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/stat", encoding="ascii") as stream:
        return stream.read().rpartition(")")[2].split()[0] == "Z"
    return True


def test_a_record_store_that_is_away_is_a_clear_error(store: Store) -> None:
    with pytest.raises(LockError, match="the record store cannot be reached"):
        acquire_node_lock("host=/nonexistent dbname=x", store.node_id("node1"), os.getpid(), timeout=0)
