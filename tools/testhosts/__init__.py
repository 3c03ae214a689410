"""Test hosts: throw-away Debian machines with a real systemd and cgroup v2, run by user-mode Linux.

From pytest (with `tools` on `sys.path`)::

    from testhosts import Fleet

    fleet = Fleet("tests")
    fleet.up(["manager:manager", "node1:workers"])
    fleet.host("node1").run("systemctl is-system-running")
    fleet.down()

From a shell: `python3 tools/testhosts --help`.
"""

from testhosts.errors import ToolError
from testhosts.fleet import Fleet, Host

__all__ = ["Fleet", "Host", "ToolError"]
