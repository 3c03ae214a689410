# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts: who the tenants are on the node, where they live and how much they may store."""

from __future__ import annotations

import dataclasses
import grp
import os
from collections.abc import Sequence

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.accounts.nss import (
    UIDS,
    accounts_by_uid,
    group_line,
    login_shell,
    merge_lines,
    passwd_line,
    shadow_line,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.accounts.quota import (
    NO_QUOTA,
    Quota,
    differing,
    read_quotas,
    set_quotas,
    tenant_quota,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.accounts.tree import (
    Directory,
    inspect_directory,
    make_directory,
    read_project,
    remove_tree,
    set_project,
    tenant_directories,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.document import Tenant
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.errors import ConvergeError
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.files import ManagedFile, plan_files, read_files
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.plan import NODE, Change
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.runner import Kind, Run, write_files

_NO_DIRECTORY = Directory("", 0, 0, 0)


@dataclasses.dataclass(frozen=True)
class AccountSettings:
    """What the role decides for all tenants of a node.

    ``shell``: login shell of tenants whose package has the feature ssh. ``web_group``: the web server's group.
    """

    shell: str = "/bin/bash"
    web_group: str = "www-data"


@dataclasses.dataclass(frozen=True)
class DirectoryChange(Change):
    """A directory to make or mend."""

    base: str = ""
    directory: Directory = _NO_DIRECTORY


@dataclasses.dataclass(frozen=True)
class ProjectChange(Change):
    """A project id to set on a tenant's directory."""

    base: str = ""
    project: int = 0


@dataclasses.dataclass(frozen=True)
class QuotaChange(Change):
    """A quota to set."""

    project: int = 0
    quota: Quota = NO_QUOTA


class RemovalChange(Change):
    """A purged tenant's directory, to be removed with everything in it."""


class Accounts(Kind):
    """The bulk kind of tenants' accounts, directories and quotas."""

    name = "accounts"

    def __init__(self, settings: AccountSettings) -> None:
        self._settings = settings

    def plan(self, run: Run) -> Sequence[Change]:
        try:
            web_gid = grp.getgrnam(self._settings.web_group).gr_gid
        except KeyError:
            raise ConvergeError(
                f"group {self._settings.web_group} does not exist on this node: run the role wcp360.hosting.web first;"
                " nothing was changed"
            ) from None
        self._refuse_taken_names(run)
        present = [tenant for tenant in run.tenants if tenant.present]
        return [
            *self._plan_databases(run),
            # Before the directories: a tenant that is full and gets more room can have them made.
            *_plan_quotas(run.paths.data, [tenant for tenant in run.tenants if tenant.present or tenant.purged]),
            *[change for tenant in present for change in _plan_tree(run.paths.tenant(tenant.uid), tenant, web_gid)],
            *_plan_removals(run),
        ]

    def apply(self, run: Run, changes: Sequence[Change]) -> None:
        write_files(run, changes)
        quotas = {change.project: change.quota for change in run.going_on(changes) if isinstance(change, QuotaChange)}
        set_quotas(run.paths.data, quotas)
        for change in changes:
            if change.tenant in run.failures:
                continue
            try:
                if isinstance(change, DirectoryChange):
                    make_directory(change.base, change.directory)
                elif isinstance(change, ProjectChange):
                    set_project(change.base, change.project)
                elif isinstance(change, RemovalChange):
                    remove_tree(change.target)
            except OSError as exc:
                # XFS answers ENOSPC for a project over its quota too, so a full tenant looks like a full disk.
                run.fail(change.tenant, f"{change.target}: {exc.strerror}; left as it is")

    def verify(self, run: Run, changes: Sequence[Change]) -> None:
        touched = {change.tenant for change in changes}
        tenants = {tenant.uid: tenant for tenant in run.tenants if tenant.present and tenant.id in touched}
        if not tenants:
            return
        wanted = {uid: tenant_quota(tenant.limits) for uid, tenant in tenants.items()}
        for uid in differing(wanted, read_quotas(run.paths.data)):
            run.fail(tenants[uid].id, f"the file system does not show the quota of project {uid} that was set")
        passwd = accounts_by_uid(_read_text(os.path.join(run.paths.extrausers, "passwd")))
        for uid, tenant in tenants.items():
            if passwd.get(uid) != tenant.account:
                run.fail(
                    tenant.id, f"account {tenant.account} is not in {run.paths.extrausers}/passwd after writing it"
                )

    def _plan_databases(self, run: Run) -> Sequence[Change]:
        folder = run.paths.extrausers
        known = accounts_by_uid(_read_text(os.path.join(folder, "passwd")))
        # A deleted tenant keeps the account that it has; one that never got any needs none now.
        tenants = [t for t in run.tenants if t.present or (t.uid in known and not t.purged)]
        homes = {tenant.uid: os.path.join(run.paths.tenant(tenant.uid), "home") for tenant in tenants}
        shells = {tenant.uid: login_shell(tenant, self._settings.shell) for tenant in tenants}
        lines = {
            "passwd": {t.account: passwd_line(t, homes[t.uid], shells[t.uid]) for t in tenants},
            "group": {t.account: group_line(t) for t in tenants},
            "shadow": {t.account: shadow_line(t) for t in tenants},
        }
        dropped = {tenant.account for tenant in run.tenants if tenant.purged}
        if run.document.full:
            ours = {account for uid, account in known.items() if uid in UIDS}
            dropped |= ours - {tenant.account for tenant in run.document.tenants}
        shadow_gid = grp.getgrnam("shadow").gr_gid
        desired = []
        for database, wanted in lines.items():
            path = os.path.join(folder, database)
            content = merge_lines(_read_text(path), wanted, dropped).encode()
            if database == "shadow":
                desired.append(ManagedFile(path, content, NODE, 0o640, 0, shadow_gid, secret=True))
            else:
                desired.append(ManagedFile(path, content, NODE))
        return plan_files(desired, read_files(file.path for file in desired), {})

    def _refuse_taken_names(self, run: Run) -> None:
        """Fail tenants whose account name or uid is somebody else's in the system's own passwd."""
        system = accounts_by_uid(_read_text("/etc/passwd"))
        names = {account: uid for uid, account in system.items()}
        for tenant in (tenant for tenant in run.tenants if tenant.present):
            if tenant.account in names:
                run.fail(tenant.id, f"account {tenant.account} is taken on this node by uid {names[tenant.account]}")
            elif tenant.uid in system:
                run.fail(tenant.id, f"uid {tenant.uid} is taken on this node by account {system[tenant.uid]}")


def _plan_tree(base: str, tenant: Tenant, web_gid: int) -> list[Change]:
    changes: list[Change] = []
    for directory in tenant_directories(tenant.uid, web_gid):
        if directory.own and not tenant.running:
            continue
        problem = inspect_directory(base, directory)
        if problem:
            action = "create" if problem == "missing" else "update"
            path = os.path.join(base, directory.path).rstrip("/")
            after = f"owner {directory.uid}:{directory.gid}, mode {directory.mode:04o}\n"
            changes.append(DirectoryChange(tenant.id, action, path, f"{problem}\n", after, False, base, directory))
        if not directory.path:
            changes.extend(_plan_project(base, tenant, missing=problem == "missing"))
    return changes


def _plan_removals(run: Run) -> list[Change]:
    bases = [(tenant.id, run.paths.tenant(tenant.uid)) for tenant in run.tenants if tenant.purged]
    return [
        RemovalChange(tenant, "remove", base, "the tenant's files\n", "")
        for tenant, base in bases
        if os.path.lexists(base)
    ]


def _plan_project(base: str, tenant: Tenant, missing: bool) -> list[Change]:
    project, inherits = (0, False) if missing else read_project(base)
    if (project, inherits) == (tenant.uid, True):
        return []
    after = f"project {tenant.uid}, inherited\n"
    return [ProjectChange(tenant.id, "set", f"{base} project", f"project {project}\n", after, False, base, tenant.uid)]


def _plan_quotas(mount: str, tenants: Sequence[Tenant]) -> list[Change]:
    if not tenants:
        return []
    wanted = {tenant.uid: NO_QUOTA if tenant.purged else tenant_quota(tenant.limits) for tenant in tenants}
    owners = {tenant.uid: tenant.id for tenant in tenants}
    actual = read_quotas(mount)
    return [
        QuotaChange(
            owners[uid],
            "set",
            f"quota of project {uid}",
            _quota_text(actual.get(uid, NO_QUOTA)),
            _quota_text(wanted[uid]),
            False,
            uid,
            wanted[uid],
        )
        for uid in differing(wanted, actual)
    ]


def _quota_text(quota: Quota) -> str:
    return f"{quota.blocks} KiB, {quota.inodes or 'any number of'} inodes\n"


def _read_text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except FileNotFoundError:
        return ""
