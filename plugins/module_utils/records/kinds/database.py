# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases of tenants. Each has one database user, of the same name."""

from __future__ import annotations

from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import Choice, Json, Reference, Text
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind

DATABASE = Kind(
    name="database",
    plural="databases",
    table="databases",
    key=Text(name="name", grammar="database_name", required=True),
    fields=(
        Reference(
            name="tenant", grammar="name", target_kind="tenant", target_table="tenants", required=True, owner=True
        ),
        Choice(name="engine", choices=("mariadb", "postgresql"), default="mariadb", immutable=True),
        Choice(name="status", choices=("active", "disabled"), default="active"),
        Json(name="metadata", default={}),
    ),
    filters=("tenant", "engine", "status"),
)
