# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that holds a node's lock; see node_lock.py. Reads its request from standard input, answers one line."""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time
from typing import Any

# The first key of the two-key advisory lock: "wcp3". The second is derived from the node's id.
_LOCK_CLASS = 0x77637033

_TRY = "SELECT pg_try_advisory_lock(%s, hashtext(%s))"

_WHO = """
SELECT a.application_name, to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ')
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.classid = %s AND l.objid::int8 = (hashtext(%s)::int8 & 4294967295)
"""


def main() -> None:
    """Take the lock, answer, and hold on."""
    import psycopg2

    request = json.load(sys.stdin)
    watched = os.pidfd_open(request["watch"])
    try:
        connection = psycopg2.connect(
            request["dsn"],
            application_name=f"wcp360 converge lock, pid {request['watch']} on {socket.gethostname()}"[:63],
            connect_timeout=10,
            keepalives_idle=30,
        )
    except psycopg2.Error as exc:
        _answer({"error": f"the record store cannot be reached: {str(exc).strip()}"})
        return
    connection.autocommit = True
    with connection.cursor() as cursor:
        if not _take(cursor, request["node_id"], request["timeout"], watched):
            cursor.execute(_WHO, (_LOCK_CLASS, request["node_id"]))
            holders = "; ".join(f"{name}, since {since}" for name, since in cursor.fetchall())
            _answer({"error": f"another converge of this node is under way ({holders or 'it has just ended'})"})
            return
        _answer({"held": True})
    select.select([watched, connection.fileno()], [], [])


def _take(cursor: Any, node_id: str, timeout: float, watched: int) -> bool:
    deadline = time.monotonic() + timeout
    while True:
        cursor.execute(_TRY, (_LOCK_CLASS, node_id))
        if cursor.fetchone()[0]:
            return True
        if time.monotonic() > deadline or select.select([watched], [], [], 0.2)[0]:
            return False


def _answer(reply: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()
    sys.stdout.close()


if __name__ == "__main__":
    main()
