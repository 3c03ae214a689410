# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes: the machines that serve tenants, and the manager."""

from __future__ import annotations

from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import FieldError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import Choice, Choices, Integer, Json, Text
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind

RESERVED_NAMES = ("all", "ungrouped", "localhost")


def _refuse_reserved(name: str) -> str:
    if name in RESERVED_NAMES:
        raise FieldError(f"must not be one of {', '.join(RESERVED_NAMES)}, which Ansible uses for something else")
    return name


NODE = Kind(
    name="node",
    plural="nodes",
    table="nodes",
    key=Text(name="name", grammar="hostname", required=True, normalise=_refuse_reserved),
    fields=(
        Text(name="address", grammar="address", required=True),
        Integer(name="ssh_port", minimum=1, maximum=65535, default=22),
        Text(name="ssh_user", grammar="login", default="root"),
        Choices(name="roles", choices=("manager", "worker"), default=["worker"]),
        Text(name="region", grammar="slug", default="default"),
        Choice(name="status", choices=("active", "draining", "disabled"), default="active"),
        Json(name="metadata", default={}),
    ),
    filters=("roles", "region", "status"),
)
