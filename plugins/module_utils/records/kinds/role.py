# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles: named sets of permissions. Those that come with the schema are marked and stay."""

from __future__ import annotations

from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import Choice, Links, Text
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind

ROLE = Kind(
    name="role",
    plural="roles",
    table="roles",
    key=Text(name="name", grammar="slug", required=True),
    fields=(
        Text(name="description", grammar="text", default=""),
        Choice(name="scope", choices=("global", "reseller", "local"), required=True, immutable=True),
        Links(
            name="permissions",
            grammar="permission",
            target_kind="permission",
            target_table="permissions",
            target_key="id",
            link_table="role_permissions",
            own_column="role_id",
            link_column="permission_id",
            default=[],
        ),
    ),
    observed=("is_system",),
    filters=("scope",),
)
