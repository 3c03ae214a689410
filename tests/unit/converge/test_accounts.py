# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts: lines of the account databases, quotas, and directories that a tenant may have tampered with."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.accounts.nss import (
    NO_LOGIN,
    accounts_by_uid,
    login_shell,
    merge_lines,
    passwd_line,
    shadow_line,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.accounts.quota import (
    Quota,
    differing,
    tenant_quota,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.accounts.tree import (
    inspect_directory,
    make_directory,
    tenant_directories,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.document import Limits, Tenant

UID = 200001
WEB_GID = 33


def _tenant(ssh: bool = False, state: str = "present", status: str = "active") -> Tenant:
    limits = Limits(5, 100, 20, 64, max_inodes=5000, features={"ssh": ssh})
    return Tenant("id", "Company-A", "company-a", UID, 1, state, status, "UTC", "basic", limits, ())


def test_the_line_of_passwd_has_seven_fields() -> None:
    line = passwd_line(_tenant(), "/srv/wcp360/tenants/200001/home", "/bin/bash")
    assert line == "company-a:x:200001:200001:Company-A:/srv/wcp360/tenants/200001/home:/bin/bash"
    assert accounts_by_uid(line) == {UID: "company-a"}


@pytest.mark.parametrize(
    ("tenant", "shell"),
    [
        (_tenant(ssh=True), "/bin/bash"),
        (_tenant(ssh=False), NO_LOGIN),
        (_tenant(ssh=True, status="suspended"), NO_LOGIN),
        (_tenant(ssh=True, status="locked"), NO_LOGIN),
        (_tenant(ssh=True, state="absent"), NO_LOGIN),
    ],
)
def test_only_a_running_tenant_with_the_feature_has_a_shell(tenant: Tenant, shell: str) -> None:
    assert login_shell(tenant, "/bin/bash") == shell


def test_a_deleted_tenant_s_account_has_expired() -> None:
    assert shadow_line(_tenant()).split(":")[7] == ""
    assert shadow_line(_tenant(state="absent")).split(":")[7] == "1"
    assert shadow_line(_tenant()).split(":")[1] == "!"


def test_merging_replaces_adds_and_leaves_others_alone() -> None:
    current = "guest:x:1500:1500::/:/bin/sh\nold:x:200009:200009::/:/bin/sh\ncompany-a:x:1:1:stale:/:/bin/sh\n"
    wanted = {"company-a": "company-a:x:2", "new": "new:x:3"}
    merged = merge_lines(current, wanted, dropped=())
    assert merged == "guest:x:1500:1500::/:/bin/sh\nold:x:200009:200009::/:/bin/sh\ncompany-a:x:2\nnew:x:3\n"
    assert merge_lines(current, wanted, dropped={"old"}) == merged.replace("old:x:200009:200009::/:/bin/sh\n", "")


def test_merging_twice_is_merging_once() -> None:
    wanted = {"a": "a:x:1", "b": "b:x:2"}
    once = merge_lines("", wanted, dropped=())
    assert merge_lines(once, wanted, dropped=()) == once


def test_quotas_are_kibibytes_and_only_differences_are_set() -> None:
    assert tenant_quota(_tenant().limits) == Quota(102400, 5000)
    assert differing({1: Quota(5, 0), 2: Quota(5, 0), 3: Quota(0, 0)}, {1: Quota(5, 0), 2: Quota(6, 0)}) == [2]


def _make_all(base: Path) -> None:
    for directory in tenant_directories(UID, WEB_GID):
        make_directory(str(base), directory)


def test_directories_get_their_owners_and_modes(tmp_path: Path) -> None:
    base = tmp_path / "tenant"
    _make_all(base)
    found = {}
    for directory in tenant_directories(UID, WEB_GID):
        status = os.lstat(base / directory.path)
        found[directory.path] = (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode))
        assert inspect_directory(str(base), directory) is None
    assert found == {
        "": (0, 0, 0o711),
        "home": (UID, WEB_GID, 0o710),
        "home/sites": (UID, UID, 0o755),
        "home/tmp": (UID, UID, 0o700),
    }


def test_what_the_tenant_did_inside_its_home_is_left_alone(tmp_path: Path) -> None:
    base = tmp_path / "tenant"
    _make_all(base)
    os.chmod(base / "home/sites", 0o700)
    _make_all(base)
    assert stat.S_IMODE(os.lstat(base / "home/sites").st_mode) == 0o700


@pytest.mark.parametrize("name", ["sites", "tmp"])
def test_a_symbolic_link_in_the_home_leads_root_nowhere(tmp_path: Path, name: str) -> None:
    base, target = tmp_path / "tenant", tmp_path / "somebody-else"
    target.mkdir(mode=0o755)
    _make_all(base)
    (base / "home" / name).rmdir()
    (base / "home" / name).symlink_to(target)
    before = os.lstat(target)
    _make_all(base)
    after = os.lstat(target)
    assert (before.st_uid, before.st_mode, before.st_ctime_ns) == (after.st_uid, after.st_mode, after.st_ctime_ns)


def test_a_link_in_place_of_the_home_itself_is_refused(tmp_path: Path) -> None:
    base, target = tmp_path / "tenant", tmp_path / "somebody-else"
    target.mkdir()
    base.mkdir()
    (base / "home").symlink_to(target)
    home = tenant_directories(UID, WEB_GID)[1]
    assert inspect_directory(str(base), home) == "not a directory"
    with pytest.raises(OSError, match=r"Not a directory|symbolic links"):
        make_directory(str(base), home)
    assert os.lstat(target).st_uid == os.geteuid()
