# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Project quotas of the tenants, through the quota tools (setquota(8), repquota(8)): one call for all of them."""

from __future__ import annotations

import csv
import dataclasses
import io
import subprocess
from collections.abc import Iterable, Mapping

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.document import Limits
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.errors import ConvergeError


@dataclasses.dataclass(frozen=True)
class Quota:
    """The hard limits of one project: blocks of 1 KiB, and inodes; 0 is no limit."""

    blocks: int
    inodes: int


NO_QUOTA = Quota(0, 0)


def tenant_quota(limits: Limits) -> Quota:
    """Return the quota of a package's limits."""
    return Quota(limits.max_disk_mb * 1024, limits.max_inodes or 0)


def read_quotas(mount: str) -> dict[int, Quota]:
    """Return the project quotas in force on a file system. Raises ConvergeError where it has none."""
    output = _run(["repquota", "--project", "--no-names", "--raw-grace", "--output=csv", mount])
    quotas = {}
    for row in csv.DictReader(io.StringIO(output)):
        name = (row.get("Project") or "").lstrip("#")
        if name.isdigit():
            quotas[int(name)] = Quota(int(row["BlockHardLimit"]), int(row["FileHardLimit"]))
    return quotas


def set_quotas(mount: str, quotas: Mapping[int, Quota]) -> None:
    """Set hard limits by project id."""
    lines = [f"{project} 0 {quota.blocks} 0 {quota.inodes}\n" for project, quota in sorted(quotas.items())]
    if lines:
        _run(["setquota", "--project", "--batch", mount], "".join(lines))


def differing(wanted: Mapping[int, Quota], actual: Mapping[int, Quota]) -> Iterable[int]:
    """Return the projects whose quota in force is not the wanted one."""
    return [project for project, quota in wanted.items() if actual.get(project, NO_QUOTA) != quota]


def _run(command: list[str], text: str | None = None) -> str:
    process = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if process.returncode != 0:
        raise ConvergeError(
            f"{command[0]} failed on {command[-1]}: {process.stderr.strip()[:300] or process.returncode}; the data"
            " directory has to be on a file system mounted with prjquota (role wcp360.hosting.node)"
        )
    return process.stdout
