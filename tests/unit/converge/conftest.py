# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node in a temporary directory, and documents to put on it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.runner import Paths
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.state import State

Document = Callable[..., Path]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Return the paths of an empty node below a temporary directory."""
    paths = Paths(
        etc=str(tmp_path / "etc/wcp360"),
        systemd=str(tmp_path / "etc/systemd"),
        run=str(tmp_path / "run"),
        lib=str(tmp_path / "lib"),
        extrausers=str(tmp_path / "extrausers"),
        data=str(tmp_path / "srv"),
        cgroup=str(tmp_path / "cgroup"),
    )
    for path in (paths.etc, paths.systemd, paths.run, paths.lib, paths.extrausers, paths.data):
        Path(path).mkdir(parents=True)
    return paths


def tenant_entry(number: int, **changes: Any) -> dict[str, Any]:
    """Return tenant ``number`` as it stands in a desired document."""
    entry: dict[str, Any] = {
        "id": str(uuid.UUID(int=number)),
        "name": f"Tenant-{number}",
        "account": f"t{200000 + number}",
        "uid": 200000 + number,
        "generation": 1,
        "state": "present",
        "status": "active",
        "time_zone": "UTC",
        "package": "basic",
        "limits": {"max_domains": 5, "max_disk_mb": 100, "max_cpu_pct": 20, "max_mem_mb": 64, "features": {}},
        "domains": [],
    }
    return {**entry, **changes}


@pytest.fixture
def document(tmp_path: Path, paths: Paths) -> Document:
    """Return a function that writes a desired document and makes its run the one in force."""

    def write(*tenants: dict[str, Any], full: bool = False, run: str | None = None, token: int = 1) -> Path:
        run = run or str(uuid.uuid4())
        path = tmp_path / "desired.json"
        node = {"id": str(uuid.UUID(int=0)), "name": "node1"}
        path.write_text(
            json.dumps({"format": 1, "run": run, "token": token, "node": node, "full": full, "tenants": tenants})
        )
        with State(paths.state) as state:
            state.begin_run(run, token)
        return path

    return write
