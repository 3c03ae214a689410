# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resellers: those who have customers of their own. Their limits are stored in ``reseller_limits``."""

from __future__ import annotations

from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import (
    Choice,
    Integer,
    Json,
    Reference,
    Text,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Extension, Kind

INT_MAX = 2**31 - 1

LIMITS = (
    Integer(name="max_tenants", minimum=0, maximum=INT_MAX, nullable=True),
    Integer(name="max_domains", minimum=0, maximum=INT_MAX, nullable=True),
    Integer(name="max_databases", minimum=0, maximum=INT_MAX, nullable=True),
    Integer(name="max_mailboxes", minimum=0, maximum=INT_MAX, nullable=True),
    Integer(name="max_cron_jobs", minimum=0, maximum=INT_MAX, nullable=True),
    Integer(name="max_disk_mb", minimum=1, maximum=2**63 - 1, nullable=True),
)

RESELLER = Kind(
    name="reseller",
    plural="resellers",
    table="resellers",
    key=Text(name="name", grammar="name", required=True),
    fields=(
        Reference(name="parent", grammar="name", target_kind="reseller", target_table="resellers", nullable=True),
        Choice(name="status", choices=("active", "disabled"), default="active"),
        Json(name="metadata", default={}),
    ),
    extension=Extension(table="reseller_limits", column="reseller_id", fields=LIMITS),
    filters=("parent", "status"),
)
