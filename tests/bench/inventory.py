# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time to list an inventory of nodes: out of the record store, and out of static files with the same contents.

    .venv/bin/python -m tests.bench.inventory [nodes]

Starts a PostgreSQL of its own. Each listing is one run of ``ansible-inventory --list``; the runs take turns, and the
median of each counts. The static inventories have the same hosts, variables and groups, in YAML and in INI.
"""

from __future__ import annotations

import functools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.wcp360.hosting.plugins.module_utils.records.document import parse_document
from ansible_collections.wcp360.hosting.plugins.module_utils.records.reconcile import apply_records
from tests.integration.controller import ansible_output
from tests.integration.pg import RUNTIME, TEMPLATE, running_server

_ROUNDS = 7


def make_nodes(count: int) -> list[dict[str, Any]]:
    """Return the records of nodes in ten regions, a tenth of them draining."""
    return [
        {
            "name": f"node{number}.example.net",
            "address": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
            "region": f"region{number % 10}",
            "status": "active" if number % 10 else "draining",
        }
        for number in range(count)
    ]


def list_inventory(source: Path, home: Path) -> dict[str, Any]:
    """Return what Ansible makes of an inventory source."""
    output = ansible_output("ansible-inventory", "-i", source, "--list", home=home)
    inventory: dict[str, Any] = json.loads(output, object_hook=lambda value: value.get("__ansible_unsafe", value))
    return inventory


def write_static_yaml(inventory: dict[str, Any], path: Path) -> None:
    """Write ``inventory``, as listed, as a static YAML inventory."""
    groups = {name: group for name, group in inventory.items() if name not in ("_meta", "all")}
    children = {name: {"hosts": dict.fromkeys(group["hosts"])} for name, group in groups.items()}
    static = {"all": {"hosts": inventory["_meta"]["hostvars"], "children": children}}
    path.write_text(yaml.dump(static, Dumper=yaml.CSafeDumper), encoding="utf-8")


def write_static_ini(inventory: dict[str, Any], path: Path) -> None:
    """Write ``inventory``, as listed, as a static INI inventory."""
    lines = [
        f"{host} " + " ".join(f"{name}={json.dumps(value)!r}" for name, value in variables.items())
        for host, variables in inventory["_meta"]["hostvars"].items()
    ]
    for name, group in inventory.items():
        if name not in ("_meta", "all"):
            lines += [f"[{name}]", *group["hosts"]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def measure(listings: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median seconds of each listing."""
    seconds: dict[str, list[float]] = {name: [] for name in listings}
    for _round in range(_ROUNDS):
        for name, listing in listings.items():
            started = time.perf_counter()
            listing()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}


def main() -> None:
    """Print the times and their ratios."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as directory, running_server() as server:
        home = Path(directory)
        dsn = server.dsn(server.create_database(TEMPLATE), RUNTIME)
        apply_records(dsn, parse_document({"format": 1, "nodes": make_nodes(count)}))
        plugin, static_yaml, static_ini = home / "nodes.wcp360.yml", home / "static.yml", home / "static.ini"
        plugin.write_text(json.dumps({"plugin": "wcp360.hosting.nodes", "dsn": dsn}), encoding="utf-8")
        listed = list_inventory(plugin, home)
        write_static_yaml(listed, static_yaml)
        write_static_ini(listed, static_ini)
        for static in (static_yaml, static_ini):
            if list_inventory(static, home)["_meta"] != listed["_meta"]:
                raise RuntimeError(f"{static.name} does not have the contents of the record store")
        sources = (plugin, static_yaml, static_ini)
        seconds = measure({source.name: functools.partial(list_inventory, source, home) for source in sources})
    for name, value in seconds.items():
        ratio = seconds[plugin.name] / value
        print(f"{count} nodes, {name}: {value:.2f} s; the record store takes {ratio:.2f} times as long")


if __name__ == "__main__":
    main()
