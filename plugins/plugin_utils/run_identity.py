# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tells one run of Ansible from another in the audit log: its playbook and its inventory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def run_identity(task_path: str | None, task_vars: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``playbook`` (the file of the task) and ``inventory_sha256`` of a run.

    ``task_path`` is the ``file:line`` of a task, ``task_vars`` its variables.
    """
    sources = task_vars.get("ansible_inventory_sources") or ()
    return {
        "playbook": (task_path or "").rpartition(":")[0][-255:],
        "inventory_sha256": hash_inventory([str(source) for source in sources]),
    }


def hash_inventory(sources: Iterable[str]) -> str:
    """Return the SHA-256 of the files of an inventory, in the order of their names; a list of hosts is its own text."""
    digest = hashlib.sha256()
    for source in sources:
        for name, content in _read(source):
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _read(source: str) -> Iterator[tuple[str, bytes]]:
    if os.path.isfile(source):
        with open(source, "rb") as stream:
            yield os.path.basename(source), stream.read()
    elif os.path.isdir(source):
        for folder, _folders, names in sorted(os.walk(source)):
            for name in sorted(names):
                yield from _read(os.path.join(folder, name))
    else:
        yield "", source.encode()
