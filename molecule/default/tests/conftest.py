# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the example records say, for the tests that compare it with the node."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from testinfra.host import Host

CHECKOUT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
RECORDS = yaml.safe_load((CHECKOUT / "examples/records.yml").read_text())
PACKAGES = {package["name"]: package for package in RECORDS["packages"]}


@dataclasses.dataclass(frozen=True)
class Tenant:
    """A tenant of the example records with its package, and the uid that it has on the node."""

    record: dict[str, Any]
    package: dict[str, Any]
    uid: int

    @property
    def home(self) -> str:
        """The tenant's home directory."""
        return f"/srv/wcp360/tenants/{self.uid}/home"

    @property
    def has_php(self) -> bool:
        """Whether one of its domains runs PHP, which is what a domain does unless its record says otherwise."""
        return any(domain.get("kind", "php") == "php" for domain in self.record["domains"])


@pytest.fixture(params=RECORDS["tenants"], ids=lambda record: str(record["name"]))
def tenant(request: pytest.FixtureRequest, host: Host) -> Tenant:
    """Return each tenant of the example records in turn."""
    record = request.param
    # The tenants' accounts carry the tenant's name as their comment (passwd(5), field 5).
    lines = host.file("/var/lib/extrausers/passwd").content_string.splitlines()
    uids = {fields[4]: int(fields[2]) for fields in (line.split(":") for line in lines)}
    return Tenant(record, PACKAGES[record["package"]], uids[record["name"]])
