# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loading tenants with two domains each as one document: ``make bench ONLY=records``.

The module's own path, without Ansible around it: read the JSON document, parse it, plan it and write it, all in one
transaction of a real PostgreSQL; then the same document once more, which changes nothing.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from ansible_collections.wcp360.hosting.plugins.module_utils.records.document import parse_document
from ansible_collections.wcp360.hosting.plugins.module_utils.records.load import load_document
from ansible_collections.wcp360.hosting.plugins.module_utils.records.reconcile import apply_records
from tests.integration.pg import RUNTIME, TEMPLATE, running_server


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with running_server() as server, tempfile.TemporaryDirectory() as folder:
        dsn = server.dsn(server.create_database(TEMPLATE), RUNTIME)
        path = Path(folder, "records.json")
        path.write_text(json.dumps(_document(count)))
        first = _load(dsn, path)
        again = _load(dsn, path)
    print(f"{count} tenants with two domains each: {first:.1f} s; the same again, nothing to change: {again:.1f} s")


def _load(dsn: str, path: Path) -> float:
    began = time.monotonic()
    apply_records(dsn, parse_document(load_document(path)))
    return time.monotonic() - began


def _document(count: int) -> dict[str, object]:
    package = {"name": "basic", "max_domains": 5, "max_disk_mb": 100, "max_cpu_pct": 20, "max_mem_mb": 64}
    tenants = [
        {
            "name": f"tenant-{number}",
            "package": "basic",
            "node": "node1",
            "domains": [{"fqdn": f"{host}.tenant-{number}.example"} for host in ("www", "shop")],
        }
        for number in range(count)
    ]
    nodes = [{"name": "node1", "address": "192.0.2.1"}]
    return {"format": 1, "nodes": nodes, "packages": [package], "tenants": tenants}


if __name__ == "__main__":
    main()
