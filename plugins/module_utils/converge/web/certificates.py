# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning the self-signed certificates, and making them when the plan is applied."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.files import FileChange, ManagedFile, read_files
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.plan import NODE, Change
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.runner import Run
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.rows import certificate_names, tenant_rows
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.settings import WebPaths
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.tls import (
    make_certificate,
    parse_certificate,
    utc_now,
)

DEFAULT = "default"
"""Name of the certificate for clients that ask for no name, or an unknown one."""


@dataclasses.dataclass(frozen=True)
class CertificateChange(Change):
    """A self-signed certificate to make for ``name``; its content is not known before."""

    name: str = ""


def plan_certificates(run: Run, paths: WebPaths, had: Mapping[str, Mapping[str, str]]) -> list[Change]:
    """Plan certificates that are missing, unusable or due, and the removal of our own that no row uses any more.

    ``had`` are the rows that each tenant has on disk.
    """
    wanted = {DEFAULT: NODE}
    for tenant in run.tenants:
        wanted.update(dict.fromkeys(certificate_names(tenant_rows(tenant)), tenant.id))
    changes: list[Change] = []
    for name, owner in sorted(wanted.items()):
        problem = _problem(paths, name)
        if problem:
            action = "create" if problem == "missing" else "update"
            path = paths.certificate_of(name)
            changes.append(CertificateChange(owner, action, path, f"{problem}\n", secret=True, name=name))
    for owner, rows in had.items():
        for name in sorted(certificate_names(rows) - set(wanted)):
            path = paths.certificate_of(name)
            if _is_ours(path):
                changes.append(FileChange(owner, "remove", path, "certificate and key\n", secret=True))
    return changes


def make_file(change: CertificateChange, days: int, gid: int) -> FileChange:
    """Make the certificate of a change, readable for root and the group ``gid``."""
    content = make_certificate(change.name if change.name != DEFAULT else "default.invalid", days, utc_now())
    file = ManagedFile(change.target, content, change.tenant, 0o640, 0, gid, secret=True)
    return FileChange(change.tenant, change.action, change.target, secret=True, file=file)


def _problem(paths: WebPaths, name: str) -> str:
    """Return why a certificate has to be made: "" when there is nothing to do, or it is not ours to replace."""
    path = paths.certificate_of(name)
    content = _read(path)
    if content is None:
        return "" if os.path.lexists(path) else "missing"
    try:
        certificate = parse_certificate(content)
    except ValueError:
        return "unusable"
    return "due" if certificate.is_due(utc_now()) else ""


def _is_ours(path: str) -> bool:
    content = _read(path)
    try:
        return content is not None and parse_certificate(content).ours
    except ValueError:
        return False


def _read(path: str) -> bytes | None:
    actual = read_files([path]).get(path)
    return actual.content if actual is not None else None
