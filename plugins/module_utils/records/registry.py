# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record kinds, parents before children: records are written in this order and deleted in the reverse one."""

from __future__ import annotations

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.domain import DOMAIN
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.node import NODE
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.package import PACKAGE
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.tenant import TENANT

KINDS: tuple[Kind, ...] = (NODE, PACKAGE, TENANT, DOMAIN)
BY_NAME = {kind.name: kind for kind in KINDS}
BY_PLURAL = {kind.plural: kind for kind in KINDS}


def owned_kinds(owner: Kind) -> tuple[Kind, ...]:
    """Return the kinds whose records belong to a record of kind ``owner``."""
    return tuple(kind for kind in KINDS if kind.owner and kind.owner.target_kind == owner.name)
