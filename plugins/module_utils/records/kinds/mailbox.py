# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes: addresses in the domains of a tenant."""

from __future__ import annotations

from ansible_collections.wcp360.hosting.plugins.module_utils.records.domain_name import domain_of, to_email
from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import (
    Choice,
    Integer,
    Json,
    Reference,
    Text,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind
from ansible_collections.wcp360.hosting.plugins.module_utils.records.secret_fields import PasswordHash

MAILBOX = Kind(
    name="mailbox",
    plural="mailboxes",
    table="mail_boxes",
    key=Text(name="address", grammar="email", required=True, normalise=to_email),
    fields=(
        Reference(
            name="tenant", grammar="name", target_kind="tenant", target_table="tenants", required=True, owner=True
        ),
        Reference(
            name="domain",
            grammar="fqdn",
            target_kind="domain",
            target_table="domains",
            target_key="fqdn",
            derived=domain_of,
        ),
        Integer(name="quota_mb", minimum=1, maximum=2**31 - 1, nullable=True),
        PasswordHash(name="password_hash"),
        Choice(name="status", choices=("active", "disabled"), default="active"),
        Json(name="metadata", default={}),
    ),
    filters=("tenant", "domain", "status"),
)
