# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shared runner of all bulk modules.

A kind decides (``plan``), does (``apply``) and reads back (``verify``); everything around that is here once: the
node's lock, the run in force, the failures of single tenants, check and diff mode, and the answer to Ansible.
"""

from __future__ import annotations

import abc
import contextlib
import dataclasses
import fcntl
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.document import Document, Tenant, parse_document
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.errors import ConvergeError
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.files import FileChange, FileStore
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.plan import (
    NODE,
    Change,
    count_actions,
    render_diff,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.state import State


@dataclasses.dataclass(frozen=True)
class Paths:
    """Where a node keeps what is managed. The defaults are the node's; tests give others."""

    etc: str = "/etc/wcp360"
    systemd: str = "/etc/systemd/system"
    run: str = "/run/wcp360"
    lib: str = "/var/lib/wcp360"
    extrausers: str = "/var/lib/extrausers"
    data: str = "/srv/wcp360"
    cgroup: str = "/sys/fs/cgroup"

    @property
    def state(self) -> str:
        """The node's state.db."""
        return os.path.join(self.lib, "state.db")

    def tenant(self, uid: int) -> str:
        """The directory of everything that a tenant stores."""
        return os.path.join(self.data, "tenants", str(uid))


NODE_PATHS = Paths()
"""The paths of a real node."""


class Run:
    """What a kind works with: the tenants that are its business, and where to report one that fails."""

    def __init__(self, document: Document, paths: Paths, files: FileStore, failed_before: Iterable[str]) -> None:
        self.document = document
        self.paths = paths
        self.files = files
        self.failures: dict[str, str] = dict(document.invalid)
        self._failed_before = set(failed_before)

    @property
    def tenants(self) -> list[Tenant]:
        """The tenants to look at, without those that have failed.

        What failed in an earlier kind does not keep a tenant from being suspended or removed by this one.
        """
        return [
            tenant
            for tenant in self.document.tenants
            if tenant.id not in self.failures and not (tenant.running and tenant.id in self._failed_before)
        ]

    def fail(self, tenant: str, message: str) -> None:
        """Record the first failure of a tenant; what it has is left as it is. Raises ConvergeError for the node."""
        if tenant == NODE:
            raise ConvergeError(message)
        self.failures.setdefault(tenant, message)

    def going_on(self, changes: Iterable[Change]) -> list[Change]:
        """Return the changes whose tenant has not failed."""
        return [change for change in changes if change.tenant not in self.failures]


class Kind(abc.ABC):
    """One kind of thing on a node. ``name`` names it in results and errors."""

    name: str

    @abc.abstractmethod
    def plan(self, run: Run) -> Sequence[Change]:
        """Read what is there and return what has to change, in the order of doing. Changes nothing."""

    @abc.abstractmethod
    def apply(self, run: Run, changes: Sequence[Change]) -> None:
        """Do the changes; record failures of single tenants with run.fail."""

    @abc.abstractmethod
    def verify(self, run: Run, changes: Sequence[Change]) -> None:
        """Read back what the kernel or the service has in force; a disagreement is a failure."""


def write_files(run: Run, changes: Sequence[Change]) -> None:
    """Stage and swap in the file changes among ``changes``, for kinds that need no validation in between."""
    changed = [change for change in run.going_on(changes) if isinstance(change, FileChange)]
    run.files.commit(changed, run.files.stage(changed))


@dataclasses.dataclass(frozen=True)
class Request:
    """What a bulk module was asked: the document's path, check mode, whether to list every change."""

    document: str
    check: bool = False
    details: bool = False
    lock_timeout: float = 120.0


def run_kind(kind: Kind, request: Request, paths: Paths = NODE_PATHS) -> dict[str, Any]:
    """Run one kind and return the module's result.

    The result has ``changed``, ``actions`` (counts), ``tenants_changed`` (count), ``failed_tenants`` (name to message),
    ``diff`` (a list for diff mode), and ``changes`` when details were asked for. Raises ConvergeError when the node as
    a whole cannot go on.
    """
    with node_lock(paths, request.lock_timeout), State(paths.state) as state:
        document = parse_document(read_document(request.document))
        if not request.check:
            state.require_run(document.run)
        files = FileStore(state, kind.name, [paths.etc, paths.extrausers], os.path.join(paths.lib, "replaced"))
        run = Run(document, paths, files, state.failures(document.run))
        changes = run.going_on(kind.plan(run))
        if not request.check:
            files.reset()
            if changes:
                kind.apply(run, changes)
            kind.verify(run, changes)
            state.finish_kind(document.run, kind.name, run.failures)
    return _result(document, run, changes, request)


def _result(document: Document, run: Run, changes: Sequence[Change], request: Request) -> dict[str, Any]:
    names = {tenant.id: tenant.name for tenant in document.tenants}
    result: dict[str, Any] = {
        "changed": bool(changes),
        "actions": count_actions(changes),
        "tenants_changed": len({change.tenant for change in changes if change.tenant != NODE}),
        "failed_tenants": {names.get(tenant, tenant): message for tenant, message in sorted(run.failures.items())},
        "diff": render_diff(list(changes)),
    }
    if request.details:
        result["changes"] = [
            {"tenant": names.get(change.tenant, change.tenant), "action": change.action, "target": change.target}
            for change in changes
        ]
    return result


def read_document(path: str) -> bytes:
    """Read a delivered document. Raises ConvergeError when it is not there."""
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError as exc:
        raise ConvergeError(
            f"the desired document {path} cannot be read ({exc.strerror}): deliver it with wcp360.hosting.desired first"
        ) from exc


@contextlib.contextmanager
def node_lock(paths: Paths, timeout: float = 120.0) -> Iterator[None]:
    """Hold the node's own lock: one task at a time, whoever sent it. Raises ConvergeError after ``timeout`` seconds."""
    os.makedirs(paths.run, mode=0o755, exist_ok=True)
    os.makedirs(paths.lib, mode=0o700, exist_ok=True)
    descriptor = os.open(os.path.join(paths.run, "converge.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise ConvergeError(
                        f"another converge task has held this node's lock for {timeout:.0f} seconds;"
                        " nothing was changed"
                    ) from None
                time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)
