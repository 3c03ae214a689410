# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a converge costs, on test hosts: ``make bench ONLY=converge``.

Everything is measured in one run, so that the ratios are of the same machine in the same state:

- one empty task on the node, and one item of ansible.builtin.template in a loop
- one domain changed among ten tenants
- ``--tenants`` tenants with two domains each converged from nothing, and one changed among them
- nothing to do, and one domain changed, with ``--loaded`` tenants on the node's record. Those beyond ``--tenants`` are
  marked as converged in the record store without being on the node.

A group of hosts of its own is booted, and removed at the end.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

from lab.lab import CACHE, Lab

from tests.hosts.hosting import NODE, Hosting

EMPTY = {"name": "Nothing", "ansible.builtin.ping": {}}
TEMPLATE_ITEMS = 30


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, default=1000)
    parser.add_argument("--loaded", type=int, default=10000)
    options = parser.parse_args()
    lab = Lab("bench")
    lab.up()
    try:
        lab.site()
        _measure(Hosting(lab), options.tenants, options.loaded)
    finally:
        lab.down()


def _measure(hosting: Hosting, tenants: int, loaded: int) -> None:
    empty = _median(lambda: _play(hosting, [EMPTY]))
    _report("one empty task", empty, empty)
    looped = _play(hosting, [_template(TEMPLATE_ITEMS)]) - empty
    _report(f"ansible.builtin.template in a loop, {TEMPLATE_ITEMS} items", looped, empty)

    _load(hosting, 1, 10)
    hosting.converge()
    few = _median(lambda: _change_one(hosting))
    _report("one domain changed, 10 tenants loaded", few, empty)

    _load(hosting, 11, tenants)
    output, took = _timed(hosting.lab.converge)
    _report(f"{tenants - 10} tenants with two domains each, from nothing", took, empty)
    templated = looped / TEMPLATE_ITEMS * 7 * (tenants - 10)
    print(f"    tasks: {output.count('TASK [')}; seven templated files for each tenant would take {templated:.0f} s")
    _report("full converge of them, nothing to mend", _timed(lambda: hosting.converge(wcp360_full=True))[1], empty)
    _report(f"one domain changed, {tenants} tenants on the node", _median(lambda: _change_one(hosting)), few)

    _load(hosting, tenants + 1, loaded)
    hosting.sql("UPDATE tenants SET observed_generation = generation WHERE generation <> observed_generation")
    _report(f"nothing to do, {loaded} tenants loaded", _median(lambda: hosting.converge()), empty)
    _report(f"one domain changed, {loaded} tenants loaded", _median(lambda: _change_one(hosting)), few)
    memory = hosting.on_node("awk '/^MemAvailable/ {print $2}' /proc/meminfo")
    print(f"    memory available on the node: {int(memory) // 1024} MiB")


def _load(hosting: Hosting, first: int, last: int) -> None:
    path = CACHE / "lab" / "bench.json"
    tenants = [
        {
            "name": f"bench-{number}",
            "package": "small",
            "node": NODE,
            "domains": [{"fqdn": f"{host}.bench-{number}.example"} for host in ("www", "shop")],
        }
        for number in range(first, last + 1)
    ]
    path.write_text(json.dumps({"format": 1, "tenants": tenants}))
    took = _timed(lambda: hosting.lab.load(path))[1]
    print(f"    loaded tenants {first} to {last} in {took:.1f} s")


def _change_one(hosting: Hosting) -> None:
    hosting.sql(
        "UPDATE domains SET status = CASE status WHEN 'active' THEN 'disabled' ELSE 'active' END::domain_status"
        " WHERE fqdn = 'www.bench-5.example'"
    )
    hosting.converge()


def _play(hosting: Hosting, tasks: list[dict[str, Any]]) -> float:
    path = CACHE / "lab" / "bench.yml"
    path.write_text(json.dumps([{"hosts": NODE, "gather_facts": False, "tasks": tasks}]))
    return _timed(lambda: hosting.lab.playbook(str(path)))[1]


def _template(items: int) -> dict[str, Any]:
    template = CACHE / "lab" / "bench.j2"
    template.write_text("# {{ item }}\n")
    return {
        "name": "Template",
        "ansible.builtin.template": {"src": str(template), "dest": "/root/bench-{{ item }}", "mode": "0644"},
        "loop": list(range(items)),
    }


def _timed(action: Callable[[], Any]) -> tuple[Any, float]:
    began = time.monotonic()
    result = action()
    return result, time.monotonic() - began


def _median(action: Callable[[], Any]) -> float:
    return statistics.median(_timed(action)[1] for _ in range(3))


def _report(what: str, took: float, unit: float) -> None:
    print(f"{what:<60} {took:8.2f} s {took / unit:8.2f} x", flush=True)


if __name__ == "__main__":
    main()
