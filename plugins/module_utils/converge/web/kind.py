# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Web: the tenants' domains in nginx, their certificates, document roots and PHP.

A virtual host is a row of a map that nginx looks up (rows.py); a domain with its own directives has a server block
(server_block.py). All changes of a run are staged together, accepted by nginx as a whole (candidate.py), swapped in,
reloaded once, and read back from nginx (probe.py).
"""

from __future__ import annotations

import contextlib
import dataclasses
import grp
import os
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.errors import ConvergeError
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.files import (
    ActualFile,
    FileChange,
    ManagedFile,
    plan_files,
    read_files,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.links import apply_links
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.plan import NODE, Change
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.runner import Kind, Run
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.admission import refuse_tenants
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.candidate import render_config_id
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.certificates import (
    CertificateChange,
    make_file,
    plan_certificates,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.desired import (
    existing_files,
    existing_uids,
    served_roots,
    tenant_files,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.docroot import (
    TreeError,
    has_document_root,
    make_document_root,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.php import (
    is_older_than,
    is_open_to,
    needs_php,
    plan_php,
    service_unit,
    socket_unit,
    sockets_at_boot,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.probe import (
    InForce,
    read_in_force,
    wait_in_force,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.rows import parse_rows, tenant_rows
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.services import Services
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.settings import WebPaths, WebSettings


@dataclasses.dataclass(frozen=True)
class DocumentRootChange(Change):
    """A document root to make: ``path`` below ``home``, for ``uid``."""

    home: str = ""
    path: str = ""
    uid: int = 0


@dataclasses.dataclass(frozen=True)
class ReloadChange(FileChange):
    """A reload of nginx, which then is to name its configuration ``config_id``."""

    config_id: str = ""


class Web(Kind):
    """The bulk kind of the tenants' web sites."""

    name = "web"

    def __init__(
        self, settings: WebSettings, services: Services | None = None, nginx_main: str = WebPaths.nginx_main
    ) -> None:
        self._settings = settings
        self._services = services or Services()
        self._nginx_main = nginx_main

    def plan(self, run: Run) -> Sequence[Change]:
        paths = self._paths(run)
        desired = self._desired_files(run, paths)
        owned = self._owned_files(run, paths)
        actual = read_files({*(file.path for file in desired), *owned})
        files = plan_files(desired, actual, owned)
        had: dict[str, dict[str, str]] = {}
        for path, tenant in owned.items():
            if path.startswith(paths.rows + "/"):
                had.setdefault(tenant, {}).update(parse_rows(_content(actual, path)))
        return [
            *self._plan_reload(run, paths, files, had),
            *plan_certificates(run, paths, had),
            *self._plan_document_roots(run, paths),
            *files,
            *self._plan_php(run, paths, files),
        ]

    def apply(self, run: Run, changes: Sequence[Change]) -> None:
        paths = self._paths(run)
        self._make_document_roots(run, changes)
        files = self._files_to_write(run, changes)
        staged = run.files.stage(files)
        refuse_tenants(run, paths, files, staged)
        files = [change for change in files if change.tenant not in run.failures]
        # Names are given up before others take them, so that nginx can start on the files at any moment.
        files.sort(key=_order)
        run.files.commit(files, staged)
        _remove_empty_folders(change.target for change in files if change.file is None)
        self._open_php(run, changes)
        for change in changes:
            if isinstance(change, ReloadChange):
                self._reload(paths, change.config_id)
        self._stop_php(run, changes)

    def verify(self, run: Run, changes: Sequence[Change]) -> None:
        if not changes:
            return
        self._verify_rows(run)
        self._verify_sockets(run)

    def _verify_rows(self, run: Run) -> None:
        in_force = self._read_latest(self._paths(run), _desired_rows(run))
        for tenant in run.tenants:
            for fqdn, row in tenant_rows(tenant).items():
                found = in_force.rows[fqdn]
                if found != row:
                    run.fail(tenant.id, f"nginx has {found or 'nothing'!r} in force for {fqdn} and should have {row!r}")

    def _verify_sockets(self, run: Run) -> None:
        units = self._services.read_units()
        group = self._settings.web_group
        gid = _group_id(group)
        for tenant in run.tenants:
            state = units.get(socket_unit(tenant.uid), "inactive")
            path = self._paths(run).php_socket_of(tenant.uid)
            if needs_php(tenant) and state != "active":
                run.fail(tenant.id, f"{socket_unit(tenant.uid)} is {state} and should be active")
            elif needs_php(tenant) and not is_open_to(path, gid):
                run.fail(tenant.id, f"{path} is not open to nginx (group {group})")
            elif not needs_php(tenant) and state == "active":
                run.fail(tenant.id, f"{socket_unit(tenant.uid)} is still active")

    def _paths(self, run: Run) -> WebPaths:
        return WebPaths(run.paths, self._nginx_main)

    def _desired_files(self, run: Run, paths: WebPaths) -> list[ManagedFile]:
        files = []
        for tenant in run.tenants:
            try:
                files += tenant_files(tenant, self._settings, paths)
            except ValueError as exc:
                run.fail(tenant.id, str(exc))
        return files

    def _owned_files(self, run: Run, paths: WebPaths) -> dict[str, str]:
        ids = {tenant.uid: tenant.id for tenant in run.tenants}
        owners = {**dict.fromkeys(self._orphans(run, existing_uids(paths)), NODE), **ids}
        return {path: owners[uid] for path, uid in existing_files(paths, owners).items()}

    def _orphans(self, run: Run, uids: Iterable[int]) -> set[int]:
        """Return those of ``uids`` that no record on this node has; only a full document can tell."""
        return set(uids) - {tenant.uid for tenant in run.document.tenants} if run.document.full else set()

    def _plan_reload(
        self, run: Run, paths: WebPaths, files: Iterable[FileChange], had: Mapping[str, Mapping[str, str]]
    ) -> list[ReloadChange]:
        """Plan one reload when files change, or when nginx does not have in force what the files say.

        The file that names the configuration is swapped in first: whatever ends the run after that, the next one finds
        another name in force and reloads.
        """
        rows = _desired_rows(run)
        rows |= {fqdn: "" for names in had.values() for fqdn in names if fqdn not in rows}
        in_force = self._read_in_force(paths, rows)
        before = _content(read_files([paths.config_id]), paths.config_id) or b""
        current = (
            in_force is not None
            and before == render_config_id(in_force.config_id).encode()
            and in_force.rows == rows
            and not any(change.target.startswith(paths.nginx + "/") for change in files)
        )
        if current:
            return []
        config_id = uuid.uuid4().hex
        file = ManagedFile(paths.config_id, render_config_id(config_id).encode(), NODE)
        return [
            ReloadChange(
                NODE, "reload", paths.config_id, before.decode(), file.content.decode(), file=file, config_id=config_id
            )
        ]

    def _plan_document_roots(self, run: Run, paths: WebPaths) -> list[Change]:
        changes: list[Change] = []
        for tenant in run.tenants:
            home, uid = paths.home_of(tenant.uid), tenant.uid
            for path in sorted({domain.document_root for domain in served_roots(tenant)}):
                if not has_document_root(home, path):
                    target = os.path.join(home, path)
                    changes.append(DocumentRootChange(tenant.id, "create", target, home=home, path=path, uid=uid))
        return changes

    def _plan_php(self, run: Run, paths: WebPaths, files: Iterable[FileChange]) -> list[Change]:
        links, units = sockets_at_boot(paths), self._services.read_units()
        changes = []
        for tenant in run.tenants:
            changes += plan_php(tenant.id, tenant.uid, needs_php(tenant), links, units, paths)
        for uid in sorted(self._orphans(run, links)):
            changes += plan_php(NODE, uid, False, links, units, paths)
        updated = {change.target for change in files if change.action == "update"}
        for tenant in run.tenants:
            unit, pool = service_unit(tenant.uid), paths.pool_of(tenant.uid)
            if units.get(unit) != "active" or not needs_php(tenant):
                continue
            if pool in updated or is_older_than(run.paths.cgroup, tenant.uid, pool):
                changes.append(Change(tenant.id, "stop", unit, "active with the old settings\n", "inactive\n"))
        return changes

    def _make_document_roots(self, run: Run, changes: Iterable[Change]) -> None:
        for change in run.going_on(changes):
            if isinstance(change, DocumentRootChange):
                try:
                    make_document_root(change.home, change.path, change.uid)
                except TreeError as exc:
                    run.fail(change.tenant, str(exc))
                except OSError as exc:
                    run.fail(change.tenant, f"document root {change.path} cannot be made: {exc.strerror}")

    def _files_to_write(self, run: Run, changes: Iterable[Change]) -> list[FileChange]:
        gid = _group_id(self._settings.web_group)
        files = []
        for change in run.going_on(changes):
            if isinstance(change, CertificateChange):
                files.append(make_file(change, self._settings.self_signed_days, gid))
            elif isinstance(change, FileChange):
                files.append(change)
        return files

    def _open_php(self, run: Run, changes: Iterable[Change]) -> None:
        apply_links(run.going_on(changes))
        self._act_on_units(run, changes, "start")

    def _stop_php(self, run: Run, changes: Iterable[Change]) -> None:
        self._act_on_units(run, changes, "stop")

    def _act_on_units(self, run: Run, changes: Iterable[Change], verb: str) -> None:
        units = {
            change.target: change.tenant
            for change in run.going_on(changes)
            if change.action == verb and not isinstance(change, FileChange)
        }
        act = self._services.start if verb == "start" else self._services.stop
        for unit, line in (act(units) if units else {}).items():
            run.fail(units[unit], line)

    def _reload(self, paths: WebPaths, config_id: str) -> None:
        self._services.reload_nginx()
        if not wait_in_force(paths.probe, config_id, self._settings.reload_seconds):
            raise ConvergeError(
                f"nginx has not put its new configuration in force in {self._settings.reload_seconds} seconds and still"
                " serves the old one; see journalctl -u nginx and /var/log/nginx/error.log"
            )

    def _read_latest(self, paths: WebPaths, rows: Iterable[str]) -> InForce:
        """Read rows of the newest configuration: for a moment after a reload, old workers answer beside new ones."""
        meant = _content(read_files([paths.config_id]), paths.config_id)
        deadline = time.monotonic() + self._settings.reload_seconds
        while True:
            in_force = self._read_in_force(paths, rows)
            if in_force is not None and render_config_id(in_force.config_id).encode() == meant:
                return in_force
            if time.monotonic() > deadline:
                raise ConvergeError("nginx does not answer with its new configuration; see journalctl -u nginx")
            time.sleep(0.05)

    def _read_in_force(self, paths: WebPaths, rows: Iterable[str]) -> InForce | None:
        try:
            return read_in_force(paths.probe, sorted(rows))
        except OSError:
            return None


def _order(change: FileChange) -> int:
    """Return when to swap a file in: the configuration's name first, then what gives names up, then the rest."""
    if isinstance(change, ReloadChange):
        return 0
    after = parse_rows(change.file.content if change.file is not None else b"")
    return 1 if set(parse_rows(change.before.encode())) - set(after) else 2


def _desired_rows(run: Run) -> dict[str, str]:
    return {fqdn: row for tenant in run.tenants for fqdn, row in tenant_rows(tenant).items()}


def _content(actual: Mapping[str, ActualFile], path: str) -> bytes | None:
    return actual[path].content if path in actual else None


def _group_id(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise ConvergeError(
            f"group {name} does not exist on this node: run the role wcp360.hosting.web first; nothing was swapped in"
        ) from None


def _remove_empty_folders(removed: Iterable[str]) -> None:
    for folder in {os.path.dirname(path) for path in removed}:
        if os.path.basename(folder).isdecimal():
            with contextlib.suppress(OSError):
                os.rmdir(folder)
