# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loading tenants as one document: ``make bench ONLY=records``.

Once with two domains each, once with a user, two domains, a database, two mailboxes and a cron job each. The module's
own path, without Ansible around it: read the JSON document, parse it, plan it and write it, all in one
transaction of a real PostgreSQL; then the same document once more, which changes nothing.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyfile import change_keyring
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyring import Keyring
from ansible_collections.wcp360.hosting.plugins.module_utils.records.document import parse_document
from ansible_collections.wcp360.hosting.plugins.module_utils.records.load import load_document
from ansible_collections.wcp360.hosting.plugins.module_utils.records.reconcile import apply_records
from tests.integration.pg import RUNTIME, TEMPLATE, running_server

HASH = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    # The keys of the audit log are the run's own.
    with running_server() as server, tempfile.TemporaryDirectory() as folder:
        os.environ["WCP360_ACTOR"] = "operator@wcp360.internal"
        os.environ["WCP360_AUDIT_KEYS"] = str(Path(folder, "audit-keys.json"))
        change_keyring(None, lambda _keyring: Keyring.generate())
        for what, owned in (("two domains each", _domains), ("one of everything each", _everything)):
            dsn = server.dsn(server.create_database(TEMPLATE), RUNTIME)
            first, again = _load_twice(dsn, _document(count, owned))
            print(f"{count} tenants with {what}: {first:.1f} s; the same again, nothing to change: {again:.1f} s")


def _load_twice(dsn: str, document: dict[str, Any]) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "records.json")
        path.write_text(json.dumps(document))
        return _load(dsn, path), _load(dsn, path)


def _load(dsn: str, path: Path) -> float:
    began = time.monotonic()
    apply_records(dsn, parse_document(load_document(path)))
    return time.monotonic() - began


def _domains(name: str) -> dict[str, Any]:
    return {"domains": [{"fqdn": f"{host}.{name}.example"} for host in ("www", "shop")]}


def _everything(name: str) -> dict[str, Any]:
    host = f"www.{name}.example"
    return _domains(name) | {
        "owner": f"owner@{host}",
        "users": [{"email": f"owner@{host}", "roles": ["user"], "password_hash": HASH}],
        "databases": [{"name": name.replace("-", "_")}],
        "mailboxes": [{"address": f"{box}@{host}", "password_hash": HASH} for box in ("info", "shop")],
        "cron_jobs": [{"name": "nightly", "schedule": "30 3 * * *", "command": "php bin/cleanup"}],
    }


def _document(count: int, owned: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    package = {"name": "basic", "max_domains": 5, "max_disk_mb": 100, "max_cpu_pct": 20, "max_mem_mb": 64}
    names = [f"tenant-{number}" for number in range(count)]
    tenants = [{"name": name, "package": "basic", "node": "node1", **owned(name)} for name in names]
    nodes = [{"name": "node1", "address": "192.0.2.1"}]
    return {"format": 1, "nodes": nodes, "packages": [package], "tenants": tenants}


if __name__ == "__main__":
    main()
