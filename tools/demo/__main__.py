"""``make demo`` and ``make demo-down``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.lab import CHECKOUT, Lab, PlaybookFailedError, changed_counts

from demo.client import fetch  # after sys.path, so that a directory can be run
from demo.table import ask_node, render_table
from testhosts.errors import ToolError

GROUP = "demo"


def main() -> int:
    """Run the command given; return the exit status."""
    lab = Lab(GROUP)
    try:
        if sys.argv[1:] == ["down"]:
            lab.down()
            print("The demo's hosts are gone.")
            return 0
        return up(lab)
    except (PlaybookFailedError, ToolError) as exc:
        print(exc, file=sys.stderr)
        return 1


def up(lab: Lab) -> int:
    """Make everything and show it; return 0 when every page was served and the second converge changed nothing."""
    _step("Boot a manager and a node", lab.up)
    _step("Make the record store and the node (playbook wcp360.hosting.site)", lab.site)
    examples = CHECKOUT / "examples"
    loaded = _step("Load examples/records.yml", lambda: lab.load(examples / "records.yml"))
    print(f"    records: {loaded['counts']}")
    _step("Converge (playbook wcp360.hosting.converge)", lab.converge)
    publish = ["--inventory", str(CHECKOUT / "inventory/tenants.wcp360.yml")]
    _step("Publish the example sites, as each tenant", lambda: lab.playbook(str(examples / "publish.yml"), *publish))
    rows = _step("Fetch every domain as a client", lambda: _rows(lab))
    print(f"\n{render_table(rows)}\n")
    output = _step("Converge once more, looking for drift in everything", lambda: lab.converge(wcp360_full=True))
    changed = sum(changed_counts(output).values())
    print(f"    changes: {changed}")
    _say_how_to_reach(lab)
    wrong = [page.url for _tenant, page, _force in rows if page.status >= 400]
    return 1 if changed or wrong else 0


def _rows(lab: Lab) -> list[Any]:
    tenants = {t["name"]: t for t in lab.module("wcp360.hosting.tenant_info")["tenants"]}
    rows = []
    for domain in lab.module("wcp360.hosting.domain_info")["domains"]:
        tenant = tenants[domain["tenant"]]
        for tls in [False] if domain["tls"] == "off" else [False, True]:
            page = fetch(lab.host(tenant["node"]).address, domain["fqdn"], tls)
            rows.append((tenant["name"], page, ask_node(lab, tenant["node"], tenant["uid"])))
    return sorted(rows, key=lambda row: (row[0], row[1].url))


def _step(title: str, action: Callable[[], Any]) -> Any:
    print(f"==> {title}", flush=True)
    began = time.monotonic()
    result = action()
    print(f"    {time.monotonic() - began:.1f} s", flush=True)
    return result


def _say_how_to_reach(lab: Lab) -> None:
    node, manager = lab.host("node1"), lab.host("manager")
    print(f"""
The hosts go on running. To look around:
    curl --resolve chess.example:80:{node.address} http://chess.example/pairings
    python3 tools/testhosts ssh --group {GROUP} node1
    python3 tools/testhosts ssh --group {GROUP} manager psql --username=wcp_admin wcp360_prod
The record store listens on {manager.address}. Remove everything with: make demo-down""")


if __name__ == "__main__":
    sys.exit(main())
