# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units that a boot starts: links in a target's .wants directory (systemd.unit(5)).

They are written as files because ``systemctl enable`` costs 42 ms for each unit and reloads systemd.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterable

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.plan import Change


@dataclasses.dataclass(frozen=True)
class LinkChange(Change):
    """A link to make (create) or to take away (remove)."""

    points_to: str = ""


def read_wants(directory: str) -> set[str]:
    """Return the units that a .wants directory names."""
    try:
        return set(os.listdir(directory))
    except FileNotFoundError:
        return set()


def plan_want(
    tenant: str, directory: str, unit: str, points_to: str, wanted: bool, found: Iterable[str]
) -> list[LinkChange]:
    """Plan the link of one unit, which systemd finds by its name; ``found`` are the units of ``directory`` now."""
    if wanted == (unit in found):
        return []
    return [LinkChange(tenant, "create" if wanted else "remove", os.path.join(directory, unit), points_to=points_to)]


def apply_links(changes: Iterable[Change]) -> None:
    """Make and remove the links among ``changes``."""
    for change in changes:
        if not isinstance(change, LinkChange):
            continue
        if change.action == "remove":
            with contextlib.suppress(FileNotFoundError):
                os.unlink(change.target)
        else:
            os.makedirs(os.path.dirname(change.target), mode=0o755, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                os.symlink(change.points_to, change.target)
