# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cron jobs: commands that run by the clock of the tenant."""

from __future__ import annotations

from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import Choice, Json, Reference, Text
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind

CRON_JOB = Kind(
    name="cron_job",
    plural="cron_jobs",
    table="cron_jobs",
    key=Text(name="name", grammar="slug", required=True),
    scoped=True,
    fields=(
        Reference(
            name="tenant", grammar="name", target_kind="tenant", target_table="tenants", required=True, owner=True
        ),
        Text(name="schedule", grammar="cron", required=True),
        Text(name="command", grammar="command", required=True),
        Text(name="working_dir", grammar="relative_path", nullable=True),
        Choice(name="status", choices=("active", "disabled"), default="active"),
        Json(name="metadata", default={}),
    ),
    filters=("tenant", "status"),
)
