# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeping out what nginx refuses, tenant by tenant, before anything is swapped in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.errors import ConvergeError
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.files import FileChange
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.runner import Run
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.candidate import (
    Refusal,
    check_candidate,
    live_files,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.rows import parse_rows
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.settings import WebPaths


def refuse_tenants(run: Run, paths: WebPaths, files: Iterable[FileChange], staged: Mapping[str, str]) -> None:
    """Fail the tenants whose staged files nginx does not accept.

    What is live and what is staged are tested together, in one go when all is well. Otherwise the base configuration
    and each changed server block are tested alone, and what is left is told from nginx's message. Raises ConvergeError
    when the refusal is no tenant's.
    """
    ours = [change for change in files if change.target.startswith((paths.rows + "/", paths.custom + "/"))]
    admission = _Admission(paths, os.path.join(paths.base.etc, ".wcp360-staging", "nginx"), staged)
    while True:
        pending = [change for change in ours if change.tenant not in run.failures]
        refusal = admission.test(pending) if pending else None
        if refusal is None:
            return
        culprits = admission.culprits(pending, refusal)
        if not culprits:
            raise ConvergeError(f"nginx refuses the new configuration: {refusal}; nothing was swapped in")
        for tenant, message in culprits.items():
            run.fail(tenant, message)


class _Admission:
    def __init__(self, paths: WebPaths, folder: str, staged: Mapping[str, str]) -> None:
        self._paths = paths
        self._folder = folder
        self._staged = staged
        self._tested_alone: set[str] = set()

    def test(self, changes: Iterable[FileChange]) -> Refusal | None:
        """Test what would be live after these changes."""
        rows, blocks = live_files(self._paths)
        for change in changes:
            for files, folder in ((rows, self._paths.rows), (blocks, self._paths.custom)):
                files.discard(change.target)
                if change.file is not None and change.target.startswith(folder + "/"):
                    files.add(self._staged[change.target])
        return self._check(rows, blocks)

    def culprits(self, changes: Iterable[FileChange], refusal: Refusal) -> dict[str, str]:
        """Return the tenants that a refusal is due to, with the message for each."""
        changes = [change for change in changes if change.file is not None]
        base = self._check((), ())
        if base is not None:
            raise ConvergeError(f"nginx refuses its base configuration: {base}; nothing was swapped in")
        found = self._refused_alone(changes)
        if found:
            return found
        if refusal.duplicate:
            return {
                change.tenant: f"{refusal.duplicate} is still served for another tenant of this node"
                for change in changes
                if _adds(change, refusal.duplicate)
            }
        return {
            change.tenant: f"nginx refuses {os.path.basename(change.target)}: {refusal.message}"
            for change in changes
            if self._staged[change.target] == refusal.path
        }

    def _refused_alone(self, changes: Iterable[FileChange]) -> dict[str, str]:
        found = {}
        for change in changes:
            if change.target in self._tested_alone or not change.target.startswith(self._paths.custom + "/"):
                continue
            self._tested_alone.add(change.target)
            refusal = self._check((), [self._staged[change.target]])
            if refusal is not None:
                fqdn = os.path.basename(change.target).removesuffix(".conf")
                found[change.tenant] = f"{fqdn}: nginx refuses its server block: {refusal.message}"
        return found

    def _check(self, rows: Iterable[str], blocks: Iterable[str]) -> Refusal | None:
        return check_candidate(self._paths, self._folder, rows, blocks)


def _adds(change: FileChange, fqdn: str) -> bool:
    """Tell whether a change of a row file brings a domain name that the file did not have."""
    after = change.file.content if change.file is not None else b""
    return fqdn in parse_rows(after) and fqdn not in parse_rows(change.before.encode())
