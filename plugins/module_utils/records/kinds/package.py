# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages: what a tenant may use. The limits are fields of the package, stored in ``package_limits``."""

from __future__ import annotations

from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import (
    Boolean,
    Integer,
    Json,
    Reference,
    Text,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.grammar import GRAMMARS
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Extension, Kind

INT_MAX = 2**31 - 1
BIGINT_MAX = 2**63 - 1


def _check_features(features: dict[str, Any]) -> str | None:
    for name, value in features.items():
        if not GRAMMARS["slug"].accepts(name):
            return f"must have as keys {GRAMMARS['slug'].rule}"
        if not isinstance(value, bool):
            return f"must say true or false for {name}"
    return None


LIMITS = (
    Integer(name="max_domains", minimum=0, maximum=1_000_000, required=True),
    Integer(name="max_disk_mb", minimum=1, maximum=1_073_741_824, required=True),
    Integer(name="max_cpu_pct", minimum=1, maximum=102_400, required=True),
    Integer(name="max_mem_mb", minimum=16, maximum=16_777_216, required=True),
    Integer(name="max_databases", minimum=0, maximum=INT_MAX, nullable=True),
    Integer(name="max_mailboxes", minimum=0, maximum=INT_MAX, nullable=True),
    Integer(name="max_cron_jobs", minimum=0, maximum=INT_MAX, nullable=True),
    Integer(name="max_bandwidth_mb", minimum=0, maximum=BIGINT_MAX, nullable=True),
    Integer(name="max_inodes", minimum=100, maximum=BIGINT_MAX, nullable=True),
    Integer(name="max_tasks", minimum=8, maximum=4_194_304, nullable=True),
    Integer(name="cpu_weight", minimum=1, maximum=10_000, default=100),
    Integer(name="io_weight", minimum=1, maximum=10_000, default=100),
    Json(name="features", default={}, check=_check_features),
)

PACKAGE = Kind(
    name="package",
    plural="packages",
    table="packages",
    key=Text(name="name", grammar="slug", required=True),
    fields=(
        Text(name="description", grammar="text", default=""),
        Boolean(name="is_system", default=False),
        Reference(name="reseller", grammar="name", target_kind="reseller", target_table="resellers", nullable=True),
        Integer(name="retention_days", minimum=30, maximum=3_650, default=30),
        Json(name="metadata", default={}),
    ),
    extension=Extension(table="package_limits", column="package_id", fields=LIMITS),
    filters=("reseller",),
)
