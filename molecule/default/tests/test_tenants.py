# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every tenant of the example records, as the node has it: account, directories, slice, quota, PHP."""

from __future__ import annotations

from conftest import Tenant
from testinfra.host import Host

testinfra_hosts = ["ansible://node1"]


def test_account(host: Host, tenant: Tenant) -> None:
    user = host.user(f"t{tenant.uid}")
    assert (user.uid, user.gid, user.home) == (tenant.uid, tenant.uid, tenant.home)
    assert user.shell == ("/bin/bash" if tenant.package["features"]["ssh"] else "/usr/sbin/nologin")
    assert user.password == "!"


def test_directories(host: Host, tenant: Tenant) -> None:
    top, home = host.file(f"/srv/wcp360/tenants/{tenant.uid}"), host.file(tenant.home)
    assert (top.uid, top.gid, oct(top.mode)) == (0, 0, oct(0o711))
    assert (home.uid, home.group, oct(home.mode)) == (tenant.uid, "www-data", oct(0o710))


def test_the_kernel_has_the_package_s_limits(host: Host, tenant: Tenant) -> None:
    cgroup = f"/sys/fs/cgroup/user.slice/user-{tenant.uid}.slice"
    files = " ".join(f"{cgroup}/{name}" for name in ("cpu.max", "memory.max", "pids.max"))
    assert host.check_output(f"cat {files}").splitlines() == [
        f"{tenant.package['max_cpu_pct'] * 1000} 100000",
        str(tenant.package["max_mem_mb"] * 1024 * 1024),
        "512",
    ]


def test_the_file_system_has_the_package_s_quota(host: Host, tenant: Tenant) -> None:
    report = host.check_output("repquota --project --no-names --output=csv /srv/wcp360").splitlines()
    limits = {fields[0]: fields[5] for fields in (line.split(",") for line in report)}
    assert limits[f"#{tenant.uid}"] == str(tenant.package["max_disk_mb"] * 1024)


def test_php_is_a_socket_that_nginx_alone_may_use(host: Host, tenant: Tenant) -> None:
    socket = host.file(f"/run/wcp360/php/{tenant.uid}.sock")
    assert socket.exists == tenant.has_php
    assert host.service(f"wcp360-php@{tenant.uid}.socket").is_running == tenant.has_php
    assert host.service(f"wcp360-php@{tenant.uid}.socket").is_enabled == tenant.has_php
    if tenant.has_php:
        assert (socket.user, socket.group, oct(socket.mode)) == ("root", "www-data", oct(0o660))


def test_without_visitors_no_process_of_the_tenant_runs(host: Host, tenant: Tenant) -> None:
    # A worker leaves after web_php_idle_seconds, its master at the next look after that; the loop looks more often.
    host.check_output(
        "for n in $(seq 60); do systemctl start wcp360-php-idle.service;"
        f" pgrep -u {tenant.uid} > /dev/null || exit 0; sleep 1; done; exit 1"
    )
