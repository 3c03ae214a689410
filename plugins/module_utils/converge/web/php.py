# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP of a tenant: one PHP-FPM master in the tenant's slice, started by its socket.

The units are templates of the role whose instance is the uid; what differs between tenants is one PHP-FPM
configuration each (https://www.php.net/manual/en/install.fpm.configuration.php) and which sockets are open.
"""

from __future__ import annotations

import os
import re
import stat
import time

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.document import Tenant
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.files import ManagedFile
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.links import plan_want, read_wants
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.plan import Change
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.settings import WebPaths, WebSettings

_SOCKET = re.compile(r"wcp360-php@(?P<uid>[0-9]+)\.socket")
_WORKER_MB = 64


def socket_unit(uid: int) -> str:
    """Return the name of a tenant's socket unit."""
    return f"wcp360-php@{uid}.socket"


def service_unit(uid: int) -> str:
    """Return the name of a tenant's service unit."""
    return f"wcp360-php@{uid}.service"


def needs_php(tenant: Tenant) -> bool:
    """Tell whether a tenant's PHP is to answer: it runs and has a PHP site that does."""
    return tenant.running and any(domain.kind == "php" and domain.status == "active" for domain in tenant.domains)


def worker_count(memory_mb: int, most: int) -> int:
    """Return how many PHP workers a tenant may have: one for each 64 MiB of its memory, 2 to ``most``."""
    return max(2, min(memory_mb // _WORKER_MB, most))


def memory_limit_mb(memory_mb: int, most: int) -> int:
    """Return memory_limit of one request in MiB: half of the tenant's memory, 16 to ``most``."""
    return max(16, min(memory_mb // 2, most))


def render_pool(tenant: Tenant, settings: WebSettings, paths: WebPaths) -> bytes:
    """Render a tenant's PHP-FPM configuration."""
    home = paths.home_of(tenant.uid)
    scratch = os.path.join(home, "tmp")
    memory = tenant.limits.max_mem_mb
    lines = [
        f"; Written by wcp360.hosting from the record of tenant {tenant.name}; changes here are replaced.",
        "[global]",
        "daemonize = no",
        "error_log = syslog",
        f"syslog.ident = php-{tenant.uid}",
        "log_level = warning",
        "process_control_timeout = 20s",
        "",
        f"[tenant-{tenant.uid}]",
        f"listen = {paths.php_socket_of(tenant.uid)}",
        "pm = ondemand",
        f"pm.max_children = {worker_count(memory, settings.php_children_max)}",
        f"pm.process_idle_timeout = {settings.php_idle_seconds}s",
        "pm.max_requests = 1000",
        f"request_terminate_timeout = {settings.php_request_seconds}s",
        "security.limit_extensions = .php",
        "catch_workers_output = yes",
        "decorate_workers_output = no",
        f"env[HOME] = {home}",
        f"env[USER] = {tenant.account}",
        "env[PATH] = /usr/local/bin:/usr/bin:/bin",
        f"env[TMPDIR] = {scratch}",
        "php_admin_flag[cgi.fix_pathinfo] = off",
        "php_admin_flag[expose_php] = off",
        f"php_admin_value[upload_tmp_dir] = {scratch}",
        f"php_admin_value[sys_temp_dir] = {scratch}",
        f"php_admin_value[post_max_size] = {settings.body_max_mb}M",
        f"php_admin_value[upload_max_filesize] = {settings.body_max_mb}M",
        *([f"php_admin_value[open_basedir] = {home}:/usr/share:/tmp"] if settings.php_open_basedir else []),
        f"php_value[memory_limit] = {memory_limit_mb(memory, settings.php_memory_limit_mb)}M",
        f"php_value[max_execution_time] = {settings.php_request_seconds}",
        f"php_value[session.save_path] = {scratch}",
        "php_value[session.gc_probability] = 1",
        "php_value[session.gc_divisor] = 1000",
        f"php_value[date.timezone] = {tenant.time_zone}",
        "php_flag[log_errors] = on",
        "php_flag[display_errors] = off",
        "",
    ]
    return "\n".join(lines).encode()


def pool_file(tenant: Tenant, settings: WebSettings, paths: WebPaths) -> ManagedFile:
    """Return a tenant's PHP-FPM configuration as a managed file, which only the tenant's own group reads."""
    return ManagedFile(
        paths.pool_of(tenant.uid), render_pool(tenant, settings, paths), tenant.id, mode=0o640, gid=tenant.uid
    )


def sockets_at_boot(paths: WebPaths) -> set[int]:
    """Return the uids whose socket is opened at boot."""
    return {int(match["uid"]) for name in read_wants(paths.enabled_sockets) if (match := _SOCKET.fullmatch(name))}


def plan_php(
    tenant: str, uid: int, wanted: bool, links: set[int], units: dict[str, str], paths: WebPaths
) -> list[Change]:
    """Plan what opens or closes the PHP of one tenant."""
    template = os.path.join(paths.base.systemd, "wcp360-php@.socket")
    found = [socket_unit(uid)] if uid in links else []
    changes: list[Change] = []
    changes += plan_want(tenant, paths.enabled_sockets, socket_unit(uid), template, wanted, found)
    socket = units.get(socket_unit(uid), "inactive")
    service = units.get(service_unit(uid), "inactive")
    if wanted and socket != "active":
        changes.append(Change(tenant, "start", socket_unit(uid), f"{socket}\n", "active\n"))
    if not wanted:
        for unit, state in ((socket_unit(uid), socket), (service_unit(uid), service)):
            if state not in ("inactive", "failed"):
                changes.append(Change(tenant, "stop", unit, f"{state}\n", "inactive\n"))
    return changes


def is_open_to(socket: str, gid: int) -> bool:
    """Tell whether a Unix socket is there and writable for a group."""
    try:
        status = os.stat(socket, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return stat.S_ISSOCK(status.st_mode) and status.st_gid == gid and bool(status.st_mode & stat.S_IWGRP)


def is_older_than(cgroup: str, uid: int, file: str) -> bool:
    """Tell whether a tenant's PHP-FPM master began before ``file`` got its content, and so has not read it."""
    procs = os.path.join(cgroup, "user.slice", f"user-{uid}.slice", service_unit(uid), "cgroup.procs")
    try:
        with open(procs, encoding="ascii") as stream:
            master = int(stream.readline())
        with open(f"/proc/{master}/stat", encoding="ascii", errors="replace") as stream:
            ticks = int(stream.read().rpartition(")")[2].split()[19])  # starttime, proc(5)
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
        return time.time() - age < os.stat(file).st_mtime
    except (OSError, ValueError):
        return False
