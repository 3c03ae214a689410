# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bulk module is going to do, as values.

Check mode, diff mode and apply all come from the same list of changes.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable
from typing import Any

NODE = ""
"""The owner of changes that belong to the node itself and not to a tenant."""

_DIFF_LIMIT = 200


@dataclasses.dataclass(frozen=True)
class Change:
    """One step of a plan.

    ``tenant`` is the id of the tenant it belongs to, or NODE. ``action`` is a verb (create, update, remove, start,
    stop, set), ``target`` the path or object. ``before`` and ``after`` are what diff mode shows; a secret's are hidden.
    """

    tenant: str
    action: str
    target: str
    before: str = ""
    after: str = ""
    secret: bool = False


def count_actions(changes: Iterable[Change]) -> dict[str, int]:
    """Count the changes by action."""
    return dict(sorted(Counter(change.action for change in changes).items()))


def render_diff(changes: list[Change]) -> list[dict[str, Any]]:
    """Render the changes for Ansible's diff mode, one entry per change, at most 200."""
    hidden = "(content hidden: it holds a secret)\n"
    shown = [
        {
            "before_header": change.target,
            "after_header": change.target,
            "before": hidden if change.secret and change.before else change.before,
            "after": hidden.replace("hidden", "hidden, changed") if change.secret and change.after else change.after,
        }
        for change in changes[:_DIFF_LIMIT]
    ]
    if len(changes) > _DIFF_LIMIT:
        shown.append({"prepared": f"... and {len(changes) - _DIFF_LIMIT} more changes\n"})
    return shown
