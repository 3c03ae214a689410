# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual hosts as data: one row per domain in the map that nginx's few server blocks look up.

A row is ``"<fqdn>" "<uid> <state> <kind> <tls> <certificate> <code> <root> <target>";``. The fields are separated by
single spaces, which no field's grammar contains, and absent ones are ``-``:

- uid: the tenant's
- state: active, suspended (the tenant is suspended or locked) or disabled (the domain is)
- kind: php, static or redirect
- tls: off, on or required
- certificate: name of the certificate's file without its suffix
- code: of a redirect, 0 for other kinds
- root: the document root below the tenant's home
- target: of a redirect

roles/web/templates/nginx/http.conf.j2 takes the row apart again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.document import Domain, Tenant

_FIELD = re.compile(r"[A-Za-z0-9._~%!&()*+,=:@/?#-]+")
_LINE = re.compile(r'"(?P<fqdn>[a-z0-9.-]+)" "(?P<row>[^"\\$]+)";')


def domain_state(tenant: Tenant, domain: Domain) -> str:
    """Return the state in which a domain is served."""
    if not tenant.running:
        return "suspended"
    return "active" if domain.status == "active" else "disabled"


def domain_row(tenant: Tenant, domain: Domain) -> str:
    """Return the row of a domain. Raises ValueError for a field that could be read as anything else."""
    redirect = domain.kind == "redirect"
    fields = (
        str(tenant.uid),
        domain_state(tenant, domain),
        domain.kind,
        domain.tls,
        domain.fqdn if domain.tls != "off" else "-",
        str(domain.redirect_code) if redirect else "0",
        "-" if redirect else domain.document_root,
        str(domain.redirect_to) if redirect else "-",
    )
    for field in fields:
        if not _FIELD.fullmatch(field):
            raise ValueError(f"{domain.fqdn}: {field!r} cannot be part of a row")
    return " ".join(fields)


def tenant_rows(tenant: Tenant) -> dict[str, str]:
    """Return the rows of a tenant by domain name; a deleted tenant has none."""
    return {domain.fqdn: domain_row(tenant, domain) for domain in tenant.domains} if tenant.present else {}


def render_rows(rows: Mapping[str, str]) -> bytes:
    """Render rows as the parameters of an nginx map."""
    return "".join(f'"{fqdn}" "{row}";\n' for fqdn, row in sorted(rows.items())).encode()


def parse_rows(content: bytes | None) -> dict[str, str]:
    """Read rows back from a file; lines that are not rows are passed over."""
    lines = (content or b"").decode("utf-8", "replace").splitlines()
    return {match["fqdn"]: match["row"] for line in lines if (match := _LINE.fullmatch(line))}


def certificate_names(rows: Mapping[str, str]) -> set[str]:
    """Return the names of the certificates that rows use."""
    return {fields[4] for row in rows.values() if len(fields := row.split(" ")) == 8 and fields[4] != "-"}
