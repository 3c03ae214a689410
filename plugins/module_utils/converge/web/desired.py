# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The managed files of the web kind: those that a tenant is to have, and those that are there."""

from __future__ import annotations

import os
from collections.abc import Iterable

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.document import Domain, Tenant
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.files import ManagedFile
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.php import needs_php, pool_file
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.rows import (
    domain_state,
    render_rows,
    tenant_rows,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.server_block import render_server_block
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.settings import WebPaths, WebSettings


def tenant_files(tenant: Tenant, settings: WebSettings, paths: WebPaths) -> list[ManagedFile]:
    """Return the files that a tenant is to have.

    A domain's own server block is there only while the domain is served: everything else is answered the same way for
    all. Raises ValueError, with a message for the tenant, for a record that cannot be rendered.
    """
    files = []
    rows = tenant_rows(tenant)
    if rows:
        files.append(ManagedFile(paths.rows_of(tenant.uid), render_rows(rows), tenant.id))
    for domain in tenant.domains:
        if domain.server_block is not None and domain_state(tenant, domain) == "active":
            path = paths.custom_of(tenant.uid, domain.fqdn)
            files.append(ManagedFile(path, render_server_block(tenant, domain), tenant.id))
    if needs_php(tenant):
        files.append(pool_file(tenant, settings, paths))
    return files


def existing_files(paths: WebPaths, uids: Iterable[int]) -> dict[str, int]:
    """Return path to uid of the files that these tenants may have now."""
    found = {}
    for uid in uids:
        found[paths.rows_of(uid)] = uid
        found[paths.pool_of(uid)] = uid
        for name in _names(os.path.join(paths.custom, str(uid))):
            found[os.path.join(paths.custom, str(uid), name)] = uid
    return found


def existing_uids(paths: WebPaths) -> set[int]:
    """Return the uids of all tenants with any file."""
    names = [
        *(name.removesuffix(".map") for name in _names(paths.rows)),
        *(name.removesuffix(".conf") for name in _names(paths.pools)),
        *_names(paths.custom),
    ]
    return {int(name) for name in names if name.isdecimal()}


def served_roots(tenant: Tenant) -> list[Domain]:
    """Return the domains whose document root is to exist: those that serve files now."""
    served = [domain for domain in tenant.domains if domain_state(tenant, domain) == "active"]
    return [domain for domain in served if domain.kind != "redirect"]


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
