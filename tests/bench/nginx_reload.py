# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reload time and memory of nginx: domains as rows of the map, and as server blocks of their own.

    .venv/bin/python -m tests.bench.nginx_reload [domains]

Runs as root on Debian 12 with nginx, on two domains per tenant, with the role's own templates. Reload time is from the
signal until new connections are answered by the new configuration; check is the time of ``nginx -t``. Memory is the
proportional set size of the master and its workers, once the old workers have gone.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.document import (
    Domain,
    Limits,
    Tenant,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.candidate import (
    render_config_id,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.probe import wait_in_force
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.rows import (
    render_rows,
    tenant_rows,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.server_block import (
    render_server_block,
)
from tests.integration.web_node import WebNode, running_node

_ROUNDS = 3


def make_tenants(domains: int) -> list[Tenant]:
    """Return tenants with two domains each, one of them with TLS."""
    limits = Limits(max_domains=2, max_disk_mb=100, max_cpu_pct=20, max_mem_mb=256)
    return [
        Tenant(
            id=str(number),
            name=f"Tenant-{number}",
            account=f"t{200000 + number}",
            uid=200000 + number,
            generation=1,
            state="present",
            status="active",
            time_zone="UTC",
            package="basic",
            limits=limits,
            domains=tuple(_domain(f"{label}.customer-{number}.example", tls) for label, tls in _LABELS),
        )
        for number in range(domains // 2)
    ]


_LABELS = (("www", "on"), ("shop", "off"))


def _domain(fqdn: str, tls: str) -> Domain:
    return Domain(fqdn, "active", "php", f"sites/{fqdn}/public", None, 301, tls, [])


def write_rows(node: WebNode, tenants: list[Tenant]) -> None:
    """Write the tenants' rows."""
    for tenant in tenants:
        Path(node.web.rows_of(tenant.uid)).write_bytes(render_rows(tenant_rows(tenant)))


def write_server_blocks(node: WebNode, tenants: list[Tenant]) -> None:
    """Write a server block for each domain, besides its row."""
    write_rows(node, tenants)
    for tenant in tenants:
        for domain in tenant.domains:
            path = Path(node.web.custom_of(tenant.uid, domain.fqdn))
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(render_server_block(tenant, domain))


def measure(domains: int, write: Callable[[WebNode, list[Tenant]], None]) -> tuple[float, float, float]:
    """Return the best of three: seconds of a check, seconds of a reload; and MiB afterwards."""
    with running_node() as node:
        write(node, make_tenants(domains))
        reload_nginx(node, "start")
        checks, reloads = [], []
        for number in range(_ROUNDS):
            started = time.monotonic()
            subprocess.run(["nginx", "-t", "-q", "-c", f"{node.web.nginx_main}/nginx.conf"], check=True)
            checks.append(time.monotonic() - started)
            reloads.append(reload_nginx(node, f"round-{number}"))
        time.sleep(2)
        return min(checks), min(reloads), memory_mib(int((node.root / "nginx.pid").read_text()))


def reload_nginx(node: WebNode, name: str) -> float:
    """Reload nginx (or start it) and return the seconds until the configuration ``name`` answers."""
    Path(node.web.config_id).write_text(render_config_id(name))
    started = time.monotonic()
    node.services.reload_nginx()
    if not wait_in_force(node.web.probe, name, 300):
        raise SystemExit("nginx did not put the configuration in force")
    return time.monotonic() - started


def memory_mib(master: int) -> float:
    """Return the proportional set size of a master process and its workers in MiB."""
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    total = 0
    for pid in (str(master), *children):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def main() -> None:
    """Print one line for each way."""
    domains = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    print(f"{'':24} {'check':>9} {'reload':>9} {'memory':>11}")
    for name, count, write in (
        ("rows of a map", 10, write_rows),
        ("rows of a map", domains, write_rows),
        ("server blocks", domains, write_server_blocks),
    ):
        check, seconds, memory = measure(count, write)
        print(f"{count:>9,} {name:14} {check:>7.2f} s {seconds:>7.2f} s {memory:>7.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
