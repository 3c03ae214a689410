# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scenarios do with a lab: write records, converge, act as a tenant, and look as a client."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import yaml
from demo.client import Page, fetch
from lab.lab import CACHE, OPERATOR, Lab, PlaybookFailedError, changed_counts

NODE = "node1"
PACKAGES = [
    {
        "name": "small",
        "max_domains": 50,
        "max_disk_mb": 64,
        "max_cpu_pct": 20,
        "max_mem_mb": 96,
        "features": {"ssh": True},
    },
    {
        "name": "large",
        "max_domains": 50,
        "max_disk_mb": 512,
        "max_cpu_pct": 50,
        "max_mem_mb": 256,
        "features": {"ssh": False},
    },
]


class Hosting:
    """A hosting company on a lab."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.write(packages=PACKAGES)

    def forget_tenants(self) -> None:
        """Forget what earlier scenarios left: no tenant in the record store, and none on the node."""
        self.sql("DELETE FROM tenants")
        self.converge(wcp360_full=True)

    def write(self, **kinds: list[dict[str, Any]]) -> dict[str, Any]:
        """Write records, given as lists by kind."""
        path = CACHE / "lab" / "records.yml"
        path.write_text(yaml.safe_dump({"format": 1, **kinds}))
        return self.lab.load(Path(path))

    def tenant(self, name: str, *domains: dict[str, Any], **fields: Any) -> None:
        """Write one tenant with its domains."""
        self.write(tenants=[{"name": name, "package": "small", "node": NODE, "domains": list(domains), **fields}])

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement in the record store, past all modules; return its rows."""
        with (
            contextlib.closing(psycopg2.connect(self.lab.dsn)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT FROM wcp_act_as(%s)", (OPERATOR,))
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def converge(self, *arguments: str, **variables: Any) -> int:
        """Converge the node; return the number of tasks that changed something. Raises PlaybookFailedError."""
        return changed_counts(self.lab.converge(*arguments, **variables)).get(NODE, 0)

    def failing_converge(self, **variables: Any) -> str:
        """Converge when a failure is expected; return the output."""
        try:
            output = self.lab.converge(**variables)
        except PlaybookFailedError as exc:
            return str(exc)
        raise AssertionError(f"the converge was to fail:\n{output}")

    def get(self, fqdn: str, path: str = "/", tls: bool = False) -> Page:
        """Fetch a page as a client."""
        return fetch(self.lab.host(NODE).address, fqdn, tls, path)

    def on_node(self, command: str, check: bool = True) -> str:
        """Run a shell command on the node as root; return what it prints."""
        return self.lab.host(NODE).run(command, check=check).stdout.strip()

    def uid(self, tenant: str) -> int:
        """Return a tenant's uid."""
        return int(self.sql("SELECT uid FROM tenants WHERE name = %s", tenant)[0][0])

    def home(self, tenant: str) -> str:
        """Return a tenant's home directory."""
        return f"/srv/wcp360/tenants/{self.uid(tenant)}/home"

    def as_tenant(self, tenant: str, command: str, check: bool = True) -> str:
        """Run a shell command as the tenant's user, in its home; return what it prints."""
        uid = self.uid(tenant)
        line = f"cd {self.home(tenant)} && {command}"
        return self.on_node(f"setpriv --reuid {uid} --regid {uid} --clear-groups sh -c {shlex.quote(line)}", check)

    def publish(self, tenant: str, fqdn: str, **files: str) -> None:
        """Put files into a domain's document root, as the tenant; ``index_php`` stands for ``index.php``."""
        root = f"sites/{fqdn}/public"
        for name, content in files.items():
            target = f"{root}/{name.replace('_', '.')}"
            self.as_tenant(tenant, f"printf %s {shlex.quote(content)} > {target}")

    def state(self, tenant: str) -> tuple[int, int, str | None]:
        """Return generation, observed generation and last error of a tenant."""
        rows = self.sql("SELECT generation, observed_generation, last_error FROM tenants WHERE name = %s", tenant)
        generation, observed, error = rows[0]
        return int(generation), int(observed), error

    @contextlib.contextmanager
    def snapshot(self, *paths: str) -> Iterator[None]:
        """Fail when a file below ``paths`` on the node changes inside the block."""
        command = f"find {' '.join(paths)} -type f -o -type l | sort | xargs -r stat -c '%n %Y %s %u:%g %a' | sha256sum"
        before = self.on_node(command)
        yield
        assert self.on_node(command) == before, f"something below {paths} was changed"
