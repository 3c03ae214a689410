# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of bulk modules in check mode, as a plan per tenant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any


def plan(results: Mapping[str, Mapping[str, Any]], out_of_date: Iterable[str]) -> dict[str, Any]:
    """Sort the changes of all kinds by tenant.

    ``results`` maps kinds to the results of their bulk modules with details; ``out_of_date`` names the tenants whose
    records have changed since they were last applied. A tenant that is up to date and yet has changes has drifted.
    """
    waiting = set(out_of_date)
    tenants: dict[str, dict[str, Any]] = {
        name: {"reason": "changed", "changes": [], "errors": []} for name in sorted(waiting)
    }
    node = []
    for kind, result in results.items():
        for change in result.get("changes", []):
            entry = {"kind": kind, "action": change["action"], "target": change["target"]}
            if not change["tenant"]:
                node.append(entry)
                continue
            found = tenants.setdefault(change["tenant"], {"reason": "drifted", "changes": [], "errors": []})
            found["changes"].append(entry)
        for name, message in result.get("failed_tenants", {}).items():
            found = tenants.setdefault(name, {"reason": "failed", "changes": [], "errors": []})
            found["errors"].append(f"{kind}: {message}")
    return {"tenants": tenants, "node": node}


def plan_summary(value: Mapping[str, Any]) -> list[str]:
    """Return a plan as lines to read: one per tenant with its changes counted, and the node's own changes."""
    lines = []
    for name, tenant in value["tenants"].items():
        lines.append(f"{name} ({tenant['reason']}): {_counted(tenant['changes'])}")
        lines.extend(f"{name}: error: {error}" for error in tenant["errors"])
    if value["node"]:
        lines.append(f"the node itself: {_counted(value['node'])}")
    return lines or ["nothing to do"]


def _counted(changes: Iterable[Mapping[str, str]]) -> str:
    counts: dict[str, int] = {}
    for change in changes:
        key = f"{change['kind']} {change['action']}"
        counts[key] = counts.get(key, 0) + 1
    return ", ".join(f"{key} {count}" for key, count in sorted(counts.items())) or "no change"


class FilterModule:
    """The filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"plan": plan, "plan_summary": plan_summary}
