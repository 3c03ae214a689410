# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tenants and domains to render."""

from __future__ import annotations

from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.document import Domain, Limits, Tenant


def make_domain(fqdn: str = "a.example", **changes: Any) -> Domain:
    """Return a PHP site; ``changes`` are fields of Domain."""
    values: dict[str, Any] = {
        "fqdn": fqdn,
        "status": "active",
        "kind": "php",
        "document_root": f"sites/{fqdn}/public",
        "redirect_to": None,
        "redirect_code": 301,
        "tls": "off",
        "server_block": None,
    }
    return Domain(**{**values, **changes})


def make_tenant(*domains: Domain, **changes: Any) -> Tenant:
    """Return an active tenant with these domains; ``changes`` are fields of Tenant."""
    values: dict[str, Any] = {
        "id": "00000000-0000-4000-8000-000000000001",
        "name": "Tenant-1",
        "account": "t200001",
        "uid": 200001,
        "generation": 1,
        "state": "present",
        "status": "active",
        "time_zone": "Europe/Paris",
        "package": "basic",
        "limits": Limits(max_domains=5, max_disk_mb=100, max_cpu_pct=20, max_mem_mb=256),
        "domains": domains,
    }
    return Tenant(**{**values, **changes})
