# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The desired document: what one node is to look like, read once per bulk module.

The document travels as a file, root only, and its text never passes through Ansible variables. The grammars of
the record store are checked once more here, because this is where the text becomes file names and lines of
configuration; a tenant whose record does not pass is that tenant's failure.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.errors import ConvergeError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.grammar import GRAMMARS
from ansible_collections.wcp360.hosting.plugins.module_utils.records.server_block import check_server_block

FORMAT = 1


@dataclasses.dataclass(frozen=True)
class Limits:
    """The package's limits; megabytes are MiB, CPU is percent of one processor, None means no limit of its own."""

    max_domains: int
    max_disk_mb: int
    max_cpu_pct: int
    max_mem_mb: int
    max_inodes: int | None = None
    max_tasks: int | None = None
    cpu_weight: int = 100
    io_weight: int = 100
    features: Mapping[str, bool] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Domain:
    """One name that the tenant serves."""

    fqdn: str
    status: str
    kind: str
    document_root: str
    redirect_to: str | None
    redirect_code: int
    tls: str
    server_block: list[dict[str, Any]] | None


@dataclasses.dataclass(frozen=True)
class Tenant:
    """One tenant of the node, with everything it owns."""

    id: str
    name: str
    account: str
    uid: int
    generation: int
    state: str
    status: str
    time_zone: str
    package: str
    limits: Limits
    domains: tuple[Domain, ...]

    @property
    def present(self) -> bool:
        """False once the record is soft-deleted."""
        return self.state == "present"

    @property
    def purged(self) -> bool:
        """Whether a deleted tenant's data is to go as well."""
        return self.state == "purged"

    @property
    def running(self) -> bool:
        """Whether the tenant's channels answer: present, and neither suspended nor locked."""
        return self.present and self.status == "active"


@dataclasses.dataclass(frozen=True)
class Document:
    """The desired state of one node.

    ``token`` rises from one document of a node to the next.
    full documents list every tenant of the node, others only those whose generation is not yet observed.
    invalid maps the ids of tenants whose record broke a grammar to what is wrong.
    """

    run: str
    token: int
    node: str
    full: bool
    tenants: tuple[Tenant, ...]
    invalid: Mapping[str, str]


def parse_document(text: str | bytes) -> Document:
    """Parse the JSON of a desired document.

    Raises ConvergeError when it is not a document of this format.
    """
    try:
        data = json.loads(text)
        if data["format"] != FORMAT:
            raise ConvergeError(
                f"the desired document has format {data['format']}, this collection reads format {FORMAT}: "
                "use the same release of the collection for the whole run; nothing was changed"
            )
        tenants = tuple(_tenant(entry) for entry in data["tenants"])
        invalid = {tenant.id: problem for tenant in tenants if (problem := _problem(tenant))}
        return Document(data["run"], int(data["token"]), data["node"]["name"], bool(data["full"]), tenants, invalid)
    except (ValueError, KeyError, TypeError) as exc:
        raise ConvergeError(f"the desired document cannot be read ({exc!r}); nothing was changed") from exc


def _tenant(entry: Mapping[str, Any]) -> Tenant:
    known = {field.name for field in dataclasses.fields(Limits)}
    limits = Limits(**{key: value for key, value in entry["limits"].items() if key in known})
    domains = tuple(
        Domain(**{field.name: domain[field.name] for field in dataclasses.fields(Domain)})
        for domain in entry["domains"]
    )
    values = {field.name: entry[field.name] for field in dataclasses.fields(Tenant) if field.name in entry}
    return Tenant(**{**values, "limits": limits, "domains": domains})


def _problem(tenant: Tenant) -> str | None:
    checks = [
        ("name", "name", tenant.name),
        ("account", "account", tenant.account),
        ("time_zone", "time_zone", tenant.time_zone),
        ("package", "slug", tenant.package),
    ]
    for domain in tenant.domains:
        checks.append(("fqdn", "fqdn", domain.fqdn))
        checks.append(("document_root", "relative_path", domain.document_root))
        if domain.redirect_to is not None:
            checks.append(("redirect_to", "url", domain.redirect_to))
    for field, grammar, value in checks:
        if not GRAMMARS[grammar].accepts(value):
            return f"{field} {value!r} must be {GRAMMARS[grammar].rule}"
    for domain in tenant.domains:
        problem = None if domain.server_block is None else check_server_block(domain.server_block)
        if problem:
            return f"{domain.fqdn}: {problem}"
    return None
