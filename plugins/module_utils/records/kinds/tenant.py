# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tenants: the hosting accounts, owners of everything that is hosted."""

from __future__ import annotations

from ansible_collections.wcp360.hosting.plugins.module_utils.records.domain_name import to_email
from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import Choice, Json, Reference, Text
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Guard, Kind

# Nine tenths of a limit or more; what has no limit is never near it.
_NEAR_LIMIT = """EXISTS (
    SELECT FROM tenant_usage u JOIN package_limits l ON l.package_id = r.package_id, LATERAL (VALUES
        (u.used_disk_mb, l.max_disk_mb), (u.used_domains, l.max_domains), (u.used_databases, l.max_databases),
        (u.used_mailboxes, l.max_mailboxes), (u.used_cron_jobs, l.max_cron_jobs)) AS one (used, most)
    WHERE u.tenant_id = r.id AND one.used > 0 AND one.used * 10 >= one.most * 9)"""

TENANT = Kind(
    name="tenant",
    plural="tenants",
    table="tenants",
    key=Text(name="name", grammar="name", required=True),
    fields=(
        Text(name="account", grammar="account", immutable=True, chosen="'t' || r.uid"),
        Reference(name="package", grammar="slug", target_kind="package", target_table="packages", required=True),
        Choice(name="status", choices=("active", "suspended", "locked"), default="active"),
        Reference(
            name="owner",
            grammar="email",
            target_kind="user",
            target_table="users",
            target_key="email",
            normalise=to_email,
            nullable=True,
        ),
        Reference(name="reseller", grammar="name", target_kind="reseller", target_table="resellers", nullable=True),
        Reference(name="node", grammar="hostname", target_kind="node", target_table="nodes", nullable=True),
        Text(name="time_zone", grammar="time_zone", default="UTC"),
        Json(name="metadata", default={}),
    ),
    guards=(
        Guard(field="node", permission="tenant.place"),
        Guard(field="reseller", permission="tenant.assign"),
        Guard(field="status", permission="tenant.lock", values=("locked",)),
    ),
    rehearsed={"uid": 1_999_999},
    observed=("uid", "generation", "observed_generation", "last_error", "last_converged_at"),
    filters=("status", "package", "owner", "reseller", "node"),
    conditions={
        "out_of_date": "r.generation <> r.observed_generation",
        "failed": "r.last_error IS NOT NULL",
        "near_limit": _NEAR_LIMIT,
    },
)
