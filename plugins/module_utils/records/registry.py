# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record kinds in the order in which they are written; they are deleted in the reverse one.

A kind comes after those whose deletion is refused while it refers to them. Owners may come later: their deletion takes
along what they own.
"""

from __future__ import annotations

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.api_key import API_KEY
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.cron_job import CRON_JOB
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.database import DATABASE
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.domain import DOMAIN
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.mailbox import MAILBOX
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.node import NODE
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.package import PACKAGE
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.reseller import RESELLER
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.role import ROLE
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.tenant import TENANT
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.user import USER

KINDS: tuple[Kind, ...] = (
    ROLE,
    RESELLER,
    NODE,
    PACKAGE,
    USER,
    API_KEY,
    TENANT,
    DOMAIN,
    DATABASE,
    MAILBOX,
    CRON_JOB,
)
BY_NAME = {kind.name: kind for kind in KINDS}
BY_PLURAL = {kind.plural: kind for kind in KINDS}
BY_TABLE = {kind.table: kind for kind in KINDS}
_OWNED = {
    owner.name: tuple(kind for kind in KINDS if kind.owner and kind.owner.target_kind == owner.name) for owner in KINDS
}


def owned_kinds(owner: Kind) -> tuple[Kind, ...]:
    """Return the kinds whose records belong to a record of kind ``owner``."""
    return _OWNED[owner.name]


def owners_first() -> tuple[Kind, ...]:
    """Return the kinds, owners before what they own."""
    return tuple(sorted(KINDS, key=_depth))


def _depth(kind: Kind) -> int:
    return _depth(BY_NAME[kind.owner.target_kind]) + 1 if kind.owner else 0
