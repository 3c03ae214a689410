# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commit audited transactions without making the next writer wait for the disk.

A plain COMMIT keeps its locks until the disk has the commit record, so writers of one chain would go through one fsync
after the other. Here the transaction gives its locks back first and is made durable right afterwards, together with
those of other writers: what comes later in the log of PostgreSQL is never on disk before what came earlier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

_WRITE = "SELECT pg_logical_emit_message(true, 'wcp360', '')"
_RELEASE = f"SET LOCAL synchronous_commit = off; COMMIT AND CHAIN; {_WRITE}"


def commit(connection: Connection) -> None:
    """Commit what ``append`` has added, with the change that it tells about; it is on disk when this returns.

    Until then others may see the change already, and a crash of the server can take it back, as it can any commit that
    has not returned. Raises psycopg2.Error like a plain commit: with a SQLSTATE nothing was written,
    without one it is not known.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE)
    connection.commit()


def write_something(cursor: Cursor) -> None:
    """Give the cursor's transaction something to write, so that its commit waits for the disk.

    Everything that the transaction could see before is on disk then, too.
    """
    cursor.execute(_WRITE)
