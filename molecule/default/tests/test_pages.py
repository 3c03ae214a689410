# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every domain of the example records, as a client sees it."""

from __future__ import annotations

import pytest
from demo.client import fetch
from testinfra.host import Host

testinfra_hosts = ["ansible://node1"]


@pytest.fixture(name="address")
def _address(host: Host) -> str:
    return str(host.ansible.get_variables()["ansible_host"])


@pytest.mark.parametrize(
    ("fqdn", "path", "tls", "status", "shown"),
    [
        ("bakery.example", "/", False, 200, "<!doctype html>"),
        ("bakery.example", "/style.css", False, 200, "body {"),
        ("agency.example", "/", True, 200, "Agency 42, served over TLS by PHP 8.2"),
        ("xn--mnchen-3ya.example", "/", False, 200, "Grüß Gott aus münchen.example"),
        ("chess.example", "/", False, 200, "Chess club: 3 rounds tonight"),
        ("chess.example", "/pairings", False, 200, "[[["),
        ("nobody.example", "/", False, 404, "<!doctype html>"),
    ],
)
def test_pages(address: str, fqdn: str, path: str, tls: bool, status: int, shown: str) -> None:
    page = fetch(address, fqdn, tls, path)
    assert page.status == status
    assert page.first_line.startswith(shown)


@pytest.mark.parametrize(
    ("fqdn", "location"),
    [
        ("www.bakery.example", "http://bakery.example/bread?kind=rye"),
        ("agency.example", "https://agency.example/bread?kind=rye"),
    ],
)
def test_redirects_keep_what_was_asked_for(address: str, fqdn: str, location: str) -> None:
    page = fetch(address, fqdn, path="/bread?kind=rye")
    assert (page.status, page.location) == (301, location)


def test_directives_of_the_domain_s_own_are_in_force(host: Host) -> None:
    headers = host.check_output(
        "curl --silent --output /dev/null --dump-header - --header 'Host: chess.example' http://localhost/"
    )
    assert "X-Club: founded 1904" in headers


def test_php_runs_as_the_tenant_and_in_its_slice(host: Host, address: str) -> None:
    assert fetch(address, "chess.example").status == 200
    uid = host.file("/etc/wcp360/nginx/custom.d").listdir()[0]
    unit = f"wcp360-php@{uid}.service"
    cgroup = f"/user.slice/user-{uid}.slice/{unit}"
    assert host.check_output("systemctl show --property=ControlGroup --value %s", unit) == cgroup
    processes = host.file(f"/sys/fs/cgroup{cgroup}/cgroup.procs").content_string.split()
    owners = host.check_output(f"stat --format=%u {' '.join(f'/proc/{process}' for process in processes)}")
    assert set(owners.split()) == {uid}
