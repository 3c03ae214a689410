# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show what a plan changes: counts, and a diff of the fields that differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind
from ansible_collections.wcp360.hosting.plugins.module_utils.records.plan import (
    CREATE,
    DELETE,
    RESTORE,
    UPDATE,
    Change,
    Plan,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.registry import KINDS

SHOWN_CHANGES = 100


def count_changes(plan: Plan) -> dict[str, dict[str, int]]:
    """Return how many records of each kind, by its plural, are created, updated, deleted, restored and unchanged."""
    counts = {
        kind.name: {
            "created": 0,
            "updated": 0,
            "deleted": 0,
            "restored": 0,
            "unchanged": plan.unchanged.get(kind.name, 0),
        }
        for kind in KINDS
    }
    labels = {CREATE: "created", UPDATE: "updated", DELETE: "deleted", RESTORE: "restored"}
    for change in plan.changes:
        counts[change.record.kind.name][labels[change.action]] += 1
    return {kind.plural: counts[kind.name] for kind in KINDS if any(counts[kind.name].values())}


def diff_changes(plan: Plan) -> list[dict[str, str]]:
    """Return Ansible diffs of the first hundred changes, and the number of those left out."""
    diffs = [_diff(change) for change in plan.changes[:SHOWN_CHANGES]]
    left = len(plan.changes) - len(diffs)
    if left > 0:
        diffs.append({"prepared": f"... and {left} more changes\n"})
    return diffs


def _diff(change: Change) -> dict[str, str]:
    name = f"{change.record.kind.name} {change.record.key}"
    before, after = _lines(change.record.kind, change.before), _lines(change.record.kind, change.after)
    if change.action == CREATE:
        after = f"state: present\n{after}"
    elif change.action == DELETE:
        before, after = f"state: present\n{before}", "state: absent\n"
    elif change.action == RESTORE:
        before, after = f"state: absent\n{before}", f"state: present\n{after}"
    return {"before_header": name, "after_header": name, "before": before, "after": after}


def _lines(kind: Kind, values: Mapping[str, Any]) -> str:
    """Return one ``field: value`` line for each field; JSON keeps every value on its line."""
    shown = {field.name: field.show(values[field.name]) for field in kind.all_fields if field.name in values}
    return "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in shown.items())
