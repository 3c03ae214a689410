# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small kind of its own for the tests of the shared runner: one file per tenant, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.files import ManagedFile, plan_files, read_files
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.plan import Change
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.runner import Kind, Run, write_files


class Seen(Kind):
    """Changes nothing and remembers which tenants it was shown."""

    name = "seen"

    def plan(self, run: Run) -> Sequence[Change]:
        self.names = [tenant.name for tenant in run.tenants]
        return []

    def apply(self, run: Run, changes: Sequence[Change]) -> None:
        """There is nothing to do."""

    def verify(self, run: Run, changes: Sequence[Change]) -> None:
        """There is nothing to read back."""


class Notes(Kind):
    """Writes a file with the tenant's package; fails tenants whose package is called refused."""

    name = "notes"

    def __init__(self, size: int = 1) -> None:
        self.size = size

    def plan(self, run: Run) -> Sequence[Change]:
        folder = os.path.join(run.paths.etc, "notes")
        desired = [
            ManagedFile(os.path.join(folder, str(t.uid)), (t.package * self.size).encode(), t.id)
            for t in run.tenants
            if t.present
        ]
        ids = {str(t.uid): t.id for t in run.tenants}
        names = os.listdir(folder) if os.path.isdir(folder) else []
        owned = {os.path.join(folder, n): ids.get(n, "") for n in names if n in ids or run.document.full}
        return plan_files(desired, read_files({*(file.path for file in desired), *owned}), owned)

    def apply(self, run: Run, changes: Sequence[Change]) -> None:
        for tenant in run.tenants:
            if tenant.package == "refused":
                run.fail(tenant.id, "its package is refused")
        write_files(run, changes)

    def verify(self, run: Run, changes: Sequence[Change]) -> None:
        """Nothing is in force besides the files."""
