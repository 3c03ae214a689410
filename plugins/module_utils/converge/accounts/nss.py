# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Account databases of the tenants, for libnss-extrausers: passwd(5), group(5) and shadow(5).

The files are the system's own format in a directory of their own, so that the distribution's tools and the tenants'
accounts never rewrite each other's files.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.document import Tenant

UIDS = range(200000, 2000000)
"""The uids that the record store gives out (sequence tenant_uid_seq)."""

NO_LOGIN = "/usr/sbin/nologin"


def login_shell(tenant: Tenant, shell: str) -> str:
    """Return the tenant's shell: ``shell`` when it runs and its package has the feature ssh."""
    return shell if tenant.running and tenant.limits.features.get("ssh") else NO_LOGIN


def passwd_line(tenant: Tenant, home: str, shell: str) -> str:
    """Return the tenant's line of passwd(5)."""
    return f"{tenant.account}:x:{tenant.uid}:{tenant.uid}:{tenant.name}:{home}:{shell}"


def group_line(tenant: Tenant) -> str:
    """Return the tenant's line of group(5)."""
    return f"{tenant.account}:x:{tenant.uid}:"


def shadow_line(tenant: Tenant) -> str:
    """Return the tenant's line of shadow(5): no password ever fits; a deleted tenant's account has expired."""
    expired = "" if tenant.present else "1"
    return f"{tenant.account}:!:19700:0:99999:7::{expired}:"


def merge_lines(current: str, wanted: Mapping[str, str], dropped: Container[str]) -> str:
    """Merge lines by account name.

    Lines of accounts in ``wanted`` are replaced or added, those of ``dropped`` left out. All others stay as they are.
    """
    lines = {line.split(":", 1)[0]: line for line in current.splitlines() if line.strip()}
    lines = {account: line for account, line in lines.items() if account not in dropped}
    lines.update(wanted)
    return "".join(f"{line}\n" for line in lines.values())


def accounts_by_uid(passwd: str) -> dict[int, str]:
    """Return uid to account name of a passwd(5) text; lines that are not passwd lines are passed over."""
    found = {}
    for line in passwd.splitlines():
        fields = line.split(":")
        if len(fields) == 7 and fields[2].isdigit():
            found[int(fields[2])] = fields[0]
    return found
