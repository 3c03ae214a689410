# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node itself: its services, mounts and directories."""

from __future__ import annotations

import pytest
from testinfra.host import Host

testinfra_hosts = ["ansible://node1"]


@pytest.mark.parametrize("unit", ["nginx.service", "wcp360-php-idle.timer"])
def test_units_run_and_start_at_boot(host: Host, unit: str) -> None:
    assert host.service(unit).is_running
    assert host.service(unit).is_enabled


def test_the_distribution_s_php_is_off(host: Host) -> None:
    assert not host.service("php8.2-fpm").is_running
    assert not host.service("php8.2-fpm").is_enabled


def test_no_unit_has_failed(host: Host) -> None:
    assert host.check_output("systemctl list-units --failed --plain --no-legend") == ""


@pytest.mark.parametrize("socket", ["tcp://0.0.0.0:80", "tcp://0.0.0.0:443", "tcp://:::80", "tcp://:::443"])
def test_nginx_listens(host: Host, socket: str) -> None:
    assert host.socket(socket).is_listening


def test_the_data_disk_is_mounted_with_project_quota(host: Host) -> None:
    mount = host.mount_point("/srv/wcp360")
    assert mount.filesystem == "xfs"
    assert {"prjquota", "nodev", "nosuid"} <= set(mount.options)


@pytest.mark.parametrize(
    ("path", "owner", "group", "mode"),
    [
        ("/etc/wcp360", "root", "root", 0o755),
        ("/etc/wcp360/tls", "root", "www-data", 0o750),
        ("/etc/wcp360/tls/default.pem", "root", "www-data", 0o640),
        ("/etc/wcp360/tls/agency.example.pem", "root", "www-data", 0o640),
        ("/run/wcp360/desired", "root", "root", 0o700),
        ("/run/wcp360/php", "root", "www-data", 0o2750),
        ("/run/wcp360/probe", "root", "root", 0o700),
        ("/srv/wcp360/tenants", "root", "root", 0o711),
        ("/var/lib/extrausers/shadow", "root", "shadow", 0o640),
        ("/var/lib/wcp360", "root", "root", 0o700),
        ("/var/lib/wcp360/state.db", "root", "root", 0o600),
    ],
)
def test_who_may_read_what(host: Host, path: str, owner: str, group: str, mode: int) -> None:
    found = host.file(path)
    assert (found.user, found.group, oct(found.mode)) == (owner, group, oct(mode))


def test_nothing_of_a_run_is_left(host: Host) -> None:
    assert host.file("/run/wcp360/desired").listdir() == []
    assert host.check_output("find /etc /var/lib/extrausers -name '.wcp360-staging'") == ""


@pytest.mark.parametrize("database", ["passwd", "group", "shadow"])
def test_accounts_are_looked_up_in_the_tenants_databases_too(host: Host, database: str) -> None:
    assert host.file("/etc/nsswitch.conf").contains(f"^{database}:.* extrausers")
