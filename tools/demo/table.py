"""What the node itself says about each tenant, and one table of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from lab.lab import Lab

from demo.client import Page

_ASK = r"""
uid=$1
cgroup=/sys/fs/cgroup/user.slice/user-$uid.slice
pid=$(systemctl show --property=MainPID --value wcp360-php@$uid.service)
user=-
[ "$pid" != 0 ] && user=$(ps -o user= -p "$pid" | tr -d ' ')
echo "$user"
[ -d $cgroup ] && echo user-$uid.slice || echo -
cat $cgroup/cpu.max $cgroup/memory.max
"""


@dataclasses.dataclass(frozen=True)
class InForce:
    """Who runs the tenant's PHP, its slice, and the limits that the kernel has in force."""

    php_user: str
    slice: str
    cpu_max: str
    memory_max: str


def ask_node(lab: Lab, node: str, uid: int) -> InForce:
    """Ask a node what is in force for a tenant."""
    output = lab.host(node).run(["sh", "-c", _ASK, "sh", str(uid)]).stdout.splitlines()
    return InForce(*output)


def render_table(rows: Sequence[tuple[str, Page, InForce]]) -> str:
    """Render tenants, pages and limits as one table."""
    head = ("TENANT", "URL", "STATUS", "FIRST LINE", "PHP USER", "SLICE", "cpu.max", "memory.max")
    lines = [head]
    for tenant, page, force in rows:
        first = f"-> {page.location}" if page.location else page.first_line
        cells = (tenant, page.url, str(page.status), first[:52], *dataclasses.astuple(force))
        lines.append(cells)
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
