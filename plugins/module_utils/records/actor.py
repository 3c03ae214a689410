# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who acts: every transaction names its actor first, a user or an API key.

PostgreSQL answers with the actor's reach and permissions, and shows the transaction nothing outside that reach
(``0009_actors.sql``).
"""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import NotAllowedError, RecordStoreError

try:
    import psycopg2
except ImportError:
    psycopg2 = None  # type: ignore[assignment]

if TYPE_CHECKING:
    import psycopg2.extensions

_REFUSED = "28000"

# In the statement that names the actor, so that it costs no round trip of its own.
_BYPASSES = """
SELECT actor.*, current_user, r.rolsuper OR r.rolbypassrls OR pg_has_role(r.oid, owner.relowner, 'MEMBER')
FROM {function}(%s) AS actor, pg_roles AS r, pg_class AS owner
WHERE r.rolname = current_user AND owner.oid = 'public.tenants'::regclass
"""


@dataclasses.dataclass(frozen=True)
class Credentials:
    """What names an actor: a user by e-mail address, or an API key. Exactly one of them."""

    user: str = ""
    api_key: str = dataclasses.field(default="", repr=False)


@dataclasses.dataclass(frozen=True)
class Actor:
    """Who acts in a transaction.

    ``reach`` is ``global``, ``reseller`` (one reseller and those below) or ``local`` (one tenant); ``permissions`` are
    the keys that the actor's roles give, for an API key those that its scopes name too. ``ip_address`` is where the
    connection to the record store comes from, None for a Unix socket.
    """

    user_id: str
    email: str
    api_key_prefix: str | None
    reach: str
    permissions: frozenset[str]
    ip_address: str | None = None

    def may(self, permission: str) -> bool:
        """Tell whether the actor has a permission."""
        return permission in self.permissions


def resolve_credentials(user: str | None = None, api_key: str | None = None) -> Credentials:
    """Return the credentials that are given, or those of WCP360_ACTOR or WCP360_API_KEY.

    Raises NotAllowedError when there is none, or more than one.
    """
    if not user and not api_key:
        user, api_key = os.environ.get("WCP360_ACTOR"), os.environ.get("WCP360_API_KEY")
    if user and api_key:
        raise NotAllowedError("actor and api_key must not be given both: the key has its own user")
    if not user and not api_key:
        raise NotAllowedError(
            "nobody acts: give actor (the e-mail address of a user) or api_key, or set WCP360_ACTOR or WCP360_API_KEY"
        )
    return Credentials(user or "", api_key or "")


def act(cursor: psycopg2.extensions.cursor, credentials: Credentials) -> Actor:
    """Name the actor of the transaction that is under way, or begins with this.

    Raises NotAllowedError for an actor that may not act, and RecordStoreError for a database role that row-level
    security does not hold.
    """
    function, name = ("wcp_act_with_key", credentials.api_key)
    if not credentials.api_key:
        function, name = "wcp_act_as", credentials.user
    try:
        cursor.execute(_BYPASSES.format(function=function), (name,))
    except psycopg2.Error as error:
        if error.pgcode == _REFUSED:
            raise NotAllowedError(str(error.diag.message_primary)) from None
        raise
    user_id, email, prefix, reach, permissions, address, role, bypasses = cursor.fetchone() or (None,) * 8
    if bypasses:
        raise RecordStoreError(
            f"the database role {role} gets past row-level security: connect as wcp_app (user=wcp_app in dsn)"
        )
    return Actor(str(user_id), str(email), prefix, str(reach), frozenset(permissions), address)
