# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP of a tenant: numbers, configuration, and what opens and closes it."""

from __future__ import annotations

import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.document import Limits
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.php import (
    memory_limit_mb,
    needs_php,
    plan_php,
    pool_file,
    render_pool,
    worker_count,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.settings import WebPaths, WebSettings

from .records import make_domain, make_tenant

SOCKET = "wcp360-php@200001.socket"
SERVICE = "wcp360-php@200001.service"


@pytest.mark.parametrize(("memory", "workers", "limit"), [(16, 2, 16), (64, 2, 32), (512, 8, 256), (65536, 64, 256)])
def test_numbers_follow_the_packages_memory(memory: int, workers: int, limit: int) -> None:
    assert worker_count(memory, 64) == workers
    assert memory_limit_mb(memory, 256) == limit


def test_a_pool_is_the_tenants_own_and_read_by_its_group_only() -> None:
    tenant = make_tenant(make_domain(), limits=Limits(5, 100, 20, 512))
    file = pool_file(tenant, WebSettings(), WebPaths())
    lines = file.content.decode().splitlines()
    assert (file.path, file.mode, file.uid, file.gid) == ("/etc/wcp360/php/200001.conf", 0o640, 0, 200001)
    assert "[tenant-200001]" in lines
    assert "listen = /run/wcp360/php/200001.sock" in lines
    assert "pm.max_children = 8" in lines
    assert "php_value[memory_limit] = 256M" in lines
    assert "php_value[date.timezone] = Europe/Paris" in lines
    assert "php_value[session.save_path] = /srv/wcp360/tenants/200001/home/tmp" in lines
    assert not [line for line in lines if "open_basedir" in line]


def test_open_basedir_is_the_roles_choice() -> None:
    text = render_pool(make_tenant(), WebSettings(php_open_basedir=True), WebPaths()).decode()
    assert "php_admin_value[open_basedir] = /srv/wcp360/tenants/200001/home:" in text


def test_only_a_running_tenant_with_an_active_php_site_needs_php() -> None:
    assert needs_php(make_tenant(make_domain()))
    assert not needs_php(make_tenant(make_domain(kind="static")))
    assert not needs_php(make_tenant(make_domain(status="disabled")))
    assert not needs_php(make_tenant(make_domain(), status="suspended"))
    assert not needs_php(make_tenant(make_domain(), state="absent"))


def _plan(wanted: bool, links: set[int], units: dict[str, str]) -> list[tuple[str, str]]:
    changes = plan_php("id", 200001, wanted, links, units, WebPaths())
    return [(change.action, change.target.rpartition("/")[2]) for change in changes]


def test_php_is_opened_and_closed_by_its_socket() -> None:
    assert _plan(True, set(), {}) == [("create", SOCKET), ("start", SOCKET)]
    assert _plan(True, {200001}, {SOCKET: "active"}) == []
    assert _plan(True, {200001}, {SOCKET: "failed"}) == [("start", SOCKET)]
    assert _plan(False, {200001}, {SOCKET: "active", SERVICE: "active"}) == [
        ("remove", SOCKET), ("stop", SOCKET), ("stop", SERVICE),
    ]  # fmt: skip
    assert _plan(False, {200001}, {SERVICE: "activating"}) == [("remove", SOCKET), ("stop", SERVICE)]
    assert _plan(False, set(), {SOCKET: "inactive", SERVICE: "failed"}) == []
