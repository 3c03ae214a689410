# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""API keys: how programs act for a user. The key itself is not stored."""

from __future__ import annotations

from ansible_collections.wcp360.hosting.plugins.module_utils.records.domain_name import to_email
from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import Names, Reference, Text, Timestamp
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind
from ansible_collections.wcp360.hosting.plugins.module_utils.records.secret_fields import Secret

API_KEY = Kind(
    name="api_key",
    plural="api_keys",
    table="api_keys",
    key=Text(name="name", grammar="name", required=True),
    scoped=True,
    fields=(
        Reference(
            name="user",
            grammar="email",
            target_kind="user",
            target_table="users",
            target_key="email",
            normalise=to_email,
            required=True,
            owner=True,
        ),
        Text(name="prefix", grammar="slug", required=True, immutable=True, issued=True),
        Secret(name="key_hash", grammar="sha256", required=True, immutable=True, issued=True),
        Names(
            name="scopes",
            grammar="permission",
            target_kind="permission",
            target_table="permissions",
            target_key="id",
            default=[],
        ),
        Timestamp(name="expires_at", nullable=True),
    ),
    observed=("last_used_at",),
    filters=("user",),
    conditions={"expired": "coalesce(r.expires_at <= now(), false)"},
)
