# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock that keeps two converges of one node apart, held on the manager's side.

It is a PostgreSQL advisory lock of a session that lives as long as the playbook: tasks run in short-lived worker
processes, so a holder process owns the session. The holder ends, and with it the lock, when it is told to or when the
process that it watches is gone, however that ended.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
from typing import IO, cast

_HOLDER = os.path.join(os.path.dirname(__file__), "node_lock_holder.py")


class LockError(Exception):
    """The lock could not be had; the message says who holds it."""


@dataclasses.dataclass(frozen=True)
class NodeLock:
    """A lock that is held by the process ``pid``, which began at ``started`` (clock ticks since boot)."""

    pid: int
    started: int

    def release(self) -> None:
        """End the holder; a process that has only inherited its number is left alone."""
        if process_start(self.pid) == self.started:
            os.kill(self.pid, signal.SIGTERM)


def process_start(pid: int) -> int | None:
    """Return when a process began, in clock ticks since boot (proc(5), field 22), or None when there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stream:
            return int(stream.read().rpartition(")")[2].split()[19])
    except (FileNotFoundError, ProcessLookupError):
        return None


def acquire_node_lock(dsn: str, node_id: str, watch: int, timeout: float) -> NodeLock:
    """Take the lock of a node and hold it until released or until the process ``watch`` is gone.

    Waits up to ``timeout`` seconds for another holder. Raises LockError.
    """
    request = {"dsn": dsn, "node_id": node_id, "watch": watch, "timeout": timeout}
    holder = subprocess.Popen(
        [sys.executable, _HOLDER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
    stdin, stdout = cast(IO[str], holder.stdin), cast(IO[str], holder.stdout)
    with stdin, stdout:
        stdin.write(json.dumps(request))
        stdin.close()
        answer = stdout.readline()
    if not answer:
        raise LockError(f"the lock holder ended with status {holder.wait()} before it answered")
    reply = json.loads(answer)
    if "error" in reply:
        holder.wait()
        raise LockError(reply["error"])
    started = process_start(holder.pid)
    if started is None:
        raise LockError("the lock holder ended right after it took the lock")
    return NodeLock(holder.pid, started)
