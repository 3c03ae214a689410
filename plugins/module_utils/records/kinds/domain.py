# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Domains: the names that a tenant's sites are served under."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.records.domain_name import to_a_label
from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import (
    Choice,
    Integer,
    Json,
    Reference,
    Text,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind
from ansible_collections.wcp360.hosting.plugins.module_utils.records.server_block import check_server_block


def _check_redirect(domain: Mapping[str, Any]) -> str | None:
    if domain["kind"] == "redirect" and domain["redirect_to"] is None:
        return "redirect_to must be given when kind is redirect"
    if domain["kind"] != "redirect" and domain["redirect_to"] is not None:
        return "redirect_to must not be given unless kind is redirect"
    return None


def _server_block_problem(value: Any) -> str | None:
    problem = check_server_block(value)
    return problem.removeprefix("server_block").lstrip() if problem else None


DOMAIN = Kind(
    name="domain",
    plural="domains",
    table="domains",
    key=Text(name="fqdn", grammar="fqdn", required=True, normalise=to_a_label),
    fields=(
        Reference(
            name="tenant", grammar="name", target_kind="tenant", target_table="tenants", required=True, owner=True
        ),
        Choice(name="status", choices=("active", "disabled"), default="active"),
        Choice(name="kind", choices=("php", "static", "redirect"), default="php"),
        Text(name="document_root", grammar="relative_path"),
        Text(name="redirect_to", grammar="url", nullable=True),
        Integer(name="redirect_code", minimum=301, maximum=308, choices=(301, 302, 307, 308), default=301),
        Choice(name="tls", choices=("off", "on", "required"), default="off"),
        Json(name="server_block", shape=list, nullable=True, check=_server_block_problem),
        Json(name="metadata", default={}),
    ),
    filters=("tenant", "status", "kind", "tls"),
    check=_check_redirect,
)
