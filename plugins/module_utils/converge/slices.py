# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slices: the package's limits on everything that a tenant runs.

The slice is the owner's own ``user-<uid>.slice``, so logind puts the tenant's sessions there without help, and
services join it with Slice=. One drop-in file per tenant holds the limits (systemd.resource-control(5)), and a link
has the slice started at boot. What the kernel has in force is read back from the slice's cgroup (Linux,
Documentation/admin-guide/cgroup-v2.rst).
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import shutil
from collections.abc import Container, Mapping, Sequence

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.document import Tenant
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.files import (
    FileChange,
    ManagedFile,
    plan_files,
    read_files,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.links import (
    apply_links,
    plan_want,
    read_wants,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.plan import NODE, Change
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.runner import Kind, Paths, Run, write_files
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.systemd import (
    list_units,
    systemctl,
    systemctl_units,
)

_SLICE = re.compile(r"user-(?P<uid>[0-9]+)\.slice")
_DROP_INS = re.compile(rf"{_SLICE.pattern}\.d")

_PAGE = 4096
_MIB = 1024 * 1024

# set-property costs 12 ms for each slice and daemon-reload pays for all loaded units, so beyond about this many one
# daemon-reload is cheaper.
_SET_PROPERTY_MOST = 200


@dataclasses.dataclass(frozen=True)
class SliceSettings:
    """What the role decides for all tenants of a node.

    ``memory_high_pct``: from which percentage of MemoryMax the kernel slows allocation and reclaims.
    ``tasks_max``: processes and threads of a tenant whose package sets no limit of its own.
    ``swap_max_mb``: swap that a tenant may use, in MiB.
    """

    memory_high_pct: int = 95
    tasks_max: int = 512
    swap_max_mb: int = 0


def slice_name(uid: int) -> str:
    """Return the name of a tenant's slice."""
    return f"user-{uid}.slice"


def slice_properties(tenant: Tenant, settings: SliceSettings) -> dict[str, str]:
    """Return the systemd properties of a tenant's slice."""
    limits = tenant.limits
    memory_max = limits.max_mem_mb * _MIB
    memory_high = memory_max * settings.memory_high_pct // 100 // _PAGE * _PAGE
    return {
        "CPUQuota": f"{limits.max_cpu_pct}%",
        "CPUWeight": str(limits.cpu_weight),
        "IOWeight": str(limits.io_weight),
        "MemoryHigh": str(memory_high),
        "MemoryMax": str(memory_max),
        "MemorySwapMax": str(settings.swap_max_mb * _MIB),
        "TasksMax": str(limits.max_tasks or settings.tasks_max),
    }


def cgroup_values(properties: Mapping[str, str]) -> dict[str, str]:
    """Return what the kernel is to show in the cgroup's files for these properties (period: systemd's 100 ms)."""
    quota = int(properties["CPUQuota"].rstrip("%")) * 1000
    return {
        "cpu.max": f"{quota} 100000",
        "cpu.weight": properties["CPUWeight"],
        "io.weight": f"default {properties['IOWeight']}",
        "memory.high": properties["MemoryHigh"],
        "memory.max": properties["MemoryMax"],
        "memory.swap.max": properties["MemorySwapMax"],
        "pids.max": properties["TasksMax"],
    }


def render_slice(tenant: Tenant, settings: SliceSettings) -> bytes:
    """Render a tenant's drop-in file."""
    lines = [f"{name}={value}" for name, value in slice_properties(tenant, settings).items()]
    head = f"# Written by wcp360.hosting from the record of tenant {tenant.name}; changes here are replaced."
    # systemd stops users' slices that hold no unit; this one stays, so that its limits are always in the kernel.
    return "\n".join([head, "[Unit]", "StopWhenUnneeded=no", "", "[Slice]", *lines, ""]).encode()


def drop_in_path(paths: Paths, uid: int) -> str:
    """Return the path of a tenant's drop-in file."""
    return os.path.join(paths.systemd, f"{slice_name(uid)}.d", "50-wcp360.conf")


def wants_directory(paths: Paths) -> str:
    """Return the directory of the slices that a boot starts."""
    return os.path.join(paths.systemd, "slices.target.wants")


def plan_slice(tenant: str, uid: int, present: bool, active: Container[str]) -> list[Change]:
    """Plan the start of a slice, so that its limits are in the kernel, or the stop of one that is to go."""
    name = slice_name(uid)
    if present and name not in active:
        return [Change(tenant, "start", name, "", "active\n")]
    if not present and name in active:
        return [Change(tenant, "stop", name, "active\n", "")]
    return []


class Slices(Kind):
    """The bulk kind of tenants' slices."""

    name = "slices"

    def __init__(self, settings: SliceSettings) -> None:
        self._settings = settings

    def plan(self, run: Run) -> Sequence[Change]:
        tenants = [tenant for tenant in run.tenants if tenant.present]
        desired = [
            ManagedFile(drop_in_path(run.paths, tenant.uid), render_slice(tenant, self._settings), tenant.id)
            for tenant in tenants
        ]
        uids = {tenant.uid: (tenant.id, tenant.present) for tenant in run.tenants}
        uids |= dict.fromkeys(self._orphans(run), (NODE, False))
        owned = {drop_in_path(run.paths, uid): owner for uid, (owner, _present) in uids.items()}
        changes: list[Change] = [*plan_files(desired, read_files(owned), owned)]
        folder = wants_directory(run.paths)
        active = {unit for unit, state in _loaded().items() if state == "active"}
        at_boot = read_wants(folder)
        for uid, (owner, present) in sorted(uids.items()):
            # The unit has no file of its own, and the link leads nowhere: systemd takes the unit by the link's name.
            unit = os.path.join(run.paths.systemd, slice_name(uid))
            changes += plan_want(owner, folder, slice_name(uid), unit, present, at_boot)
            changes += plan_slice(owner, uid, present, active)
        return [*changes, *self._plan_kernel(run, {change.tenant for change in changes})]

    def apply(self, run: Run, changes: Sequence[Change]) -> None:
        write_files(run, changes)
        apply_links(run.going_on(changes))
        tenants = {tenant.id: tenant for tenant in run.tenants}
        rewritten = [tenants[change.tenant] for change in changes if isinstance(change, FileChange) and change.file]
        rewritten += [tenants[change.tenant] for change in changes if change.action == "set"]
        self._put_in_force(rewritten)
        units = {change.target: change.tenant for change in changes}
        for verb in ("start", "stop"):
            named = [change.target for change in run.going_on(changes) if change.action == verb]
            for unit, line in systemctl_units(verb, named).items():
                run.fail(units[unit], line)
        for change in changes:
            if change.action == "stop":
                _drop_runtime_properties(change.target)
            elif isinstance(change, FileChange) and change.file is None:
                _remove_empty(os.path.dirname(change.target))

    def verify(self, run: Run, changes: Sequence[Change]) -> None:
        touched = {change.tenant for change in changes}
        for tenant in run.tenants:
            if tenant.present and (tenant.id in touched or run.document.full):
                differences = self._differences(run, tenant)
                if differences is None:
                    run.fail(tenant.id, f"{slice_name(tenant.uid)} has no cgroup after it was started")
                elif differences:
                    run.fail(tenant.id, f"the kernel disagrees on {slice_name(tenant.uid)}: {differences}")

    def _orphans(self, run: Run) -> set[int]:
        """Return the uids with a slice of ours and without a record on this node; only a full document can tell."""
        if not run.document.full:
            return set()
        return _uids_with_slice(run.paths) - {tenant.uid for tenant in run.document.tenants}

    def _plan_kernel(self, run: Run, planned: set[str]) -> list[Change]:
        """Find slices whose files are right and whose limits in the kernel are not."""
        changes = []
        for tenant in run.tenants:
            if tenant.present and tenant.id not in planned:
                differences = self._differences(run, tenant)
                if differences:
                    changes.append(Change(tenant.id, "set", slice_name(tenant.uid), f"{differences}\n", ""))
        return changes

    def _differences(self, run: Run, tenant: Tenant) -> str | None:
        """Compare the slice's cgroup with the record; None when there is no cgroup."""
        folder = os.path.join(run.paths.cgroup, "user.slice", slice_name(tenant.uid))
        if not os.path.isdir(folder):
            return None
        found = []
        for file, wanted in cgroup_values(slice_properties(tenant, self._settings)).items():
            actual = _read_value(os.path.join(folder, file))
            if actual is not None and actual != wanted:
                found.append(f"{file} is {actual!r} and should be {wanted!r}")
        return "; ".join(found)

    def _put_in_force(self, tenants: Sequence[Tenant]) -> None:
        """Make loaded slices follow their files; what is not loaded reads them when it starts."""
        loaded = _loaded()
        affected = [tenant for tenant in tenants if slice_name(tenant.uid) in loaded]
        one_by_one = len(affected) <= _SET_PROPERTY_MOST
        for tenant in tenants:
            name = slice_name(tenant.uid)
            if one_by_one and name in loaded:
                properties = [f"{key}={value}" for key, value in slice_properties(tenant, self._settings).items()]
                systemctl("set-property", "--runtime", "--", name, *properties)
            else:
                _drop_runtime_properties(name)
        if not one_by_one:
            systemctl("daemon-reload")


def _loaded() -> dict[str, str]:
    return list_units("user-*.slice")


def _drop_runtime_properties(name: str) -> None:
    """Forget properties that were set at run time, which would mask the drop-in of a slice that starts again."""
    shutil.rmtree(f"/run/systemd/system.control/{name}.d", ignore_errors=True)


def _uids_with_slice(paths: Paths) -> set[int]:
    """Return the uids that have a drop-in or are started at boot."""
    found = {
        int(match["uid"])
        for name in os.listdir(paths.systemd)
        if (match := _DROP_INS.fullmatch(name)) and os.path.exists(drop_in_path(paths, int(match["uid"])))
    }
    return found | {
        int(match["uid"]) for name in read_wants(wants_directory(paths)) if (match := _SLICE.fullmatch(name))
    }


def _read_value(path: str) -> str | None:
    """Read a cgroup file; None where the kernel has no such controller."""
    try:
        with open(path, encoding="ascii") as stream:
            return stream.read().strip()
    except FileNotFoundError:
        return None


def _remove_empty(path: str) -> None:
    with contextlib.suppress(OSError):
        os.rmdir(path)
