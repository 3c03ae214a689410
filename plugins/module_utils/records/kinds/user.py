# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users: people who log in. Where one stands, its tenant, its reseller or above both, is the scope of its roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.records.domain_name import to_email
from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import (
    Choice,
    Json,
    Links,
    Reference,
    Text,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind
from ansible_collections.wcp360.hosting.plugins.module_utils.records.secret_fields import PasswordHash


def _check_place(user: Mapping[str, Any]) -> str | None:
    if user["tenant"] is not None and user["reseller"] is not None:
        return "reseller must not be given for a user of a tenant"
    return None


USER = Kind(
    name="user",
    plural="users",
    table="users",
    key=Text(name="email", grammar="email", required=True, normalise=to_email),
    fields=(
        Reference(
            name="tenant", grammar="name", target_kind="tenant", target_table="tenants", nullable=True, owner=True
        ),
        Reference(name="reseller", grammar="name", target_kind="reseller", target_table="resellers", nullable=True),
        Links(
            name="roles",
            grammar="slug",
            target_kind="role",
            target_table="roles",
            link_table="user_roles",
            own_column="user_id",
            link_column="role_id",
            default=[],
        ),
        PasswordHash(name="password_hash"),
        Choice(name="status", choices=("active", "disabled"), default="active"),
        Json(name="metadata", default={}),
    ),
    filters=("tenant", "reseller", "roles", "status"),
    check=_check_place,
)
