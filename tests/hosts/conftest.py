# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One lab for all scenarios: a manager and a node, made by the playbook site. Each scenario brings its own tenants.

``WCP360_KEEP_HOSTS=1`` leaves the hosts running after the tests, for looking around, and takes them as they are
the next time, for quick repeats.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from lab.lab import Lab, PlaybookFailedError

from .hosting import Hosting


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Return the lab, with manager and node made from nothing."""
    keep = bool(os.environ.get("WCP360_KEEP_HOSTS"))
    lab = Lab("tests")
    kept = keep and lab.inventory.exists()
    lab.up()
    try:
        if not kept:
            _make(lab)
        yield lab
    finally:
        if not keep:
            lab.down()


def _make(lab: Lab) -> None:
    try:
        lab.site()
    except PlaybookFailedError:
        lab.down()  # half-made hosts are nothing to keep
        raise


@pytest.fixture(scope="session")
def hosting(lab: Lab) -> Hosting:
    """Return the hosting company that the scenarios are about, without any tenant."""
    hosting = Hosting(lab)
    hosting.forget_tenants()
    return hosting
