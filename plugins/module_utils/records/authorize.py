# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that answers whether an actor may do something.

Which records an actor may touch is its reach, which row-level security keeps: a record outside it is not there. What it
may do to those inside is a matter of permissions, ``<kind>.<action>``, and of a few fields that need one of their own
(``Kind.guards``). What no rule permits is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import Actor
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import InvalidRecordsError, NotAllowedError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind
from ansible_collections.wcp360.hosting.plugins.module_utils.records.plan import RESTORE, UPDATE, Change, Plan

if TYPE_CHECKING:
    import psycopg2.extensions

READ = "read"
CONVERGE = "node.converge"
PURGE = "tenant.purge"
FORCE = "limit.force"
SECRETS = "secret.read"
AUDIT_READ = "audit.read"
AUDIT_VERIFY = "audit.verify"
AUDIT_ANCHOR = "audit.anchor"

# The permissions that the roles of these users, and these roles, give.
_OF_USERS = """
SELECT ur.user_id::text, array_agg(rp.permission_id)
FROM user_roles AS ur JOIN role_permissions AS rp USING (role_id) WHERE ur.user_id = ANY (%s::uuid[]) GROUP BY 1
"""
_OF_ROLES = """
SELECT r.name, array_agg(rp.permission_id)
FROM roles AS r JOIN role_permissions AS rp ON rp.role_id = r.id WHERE r.name = ANY (%s) GROUP BY 1
"""


def authorize_reading(actor: Actor, kind: Kind) -> None:
    """Raise NotAllowedError unless ``actor`` may read records of ``kind``."""
    authorize(actor, f"{kind.name}.{READ}")


def authorize(actor: Actor, permission: str) -> None:
    """Raise NotAllowedError unless ``actor`` has ``permission``."""
    if not actor.may(permission):
        raise NotAllowedError(f"{permission} is not permitted to {actor.email}")


def authorize_plan(cursor: psycopg2.extensions.cursor, actor: Actor, plan: Plan) -> None:
    """Raise InvalidRecordsError, naming every change that ``actor`` may not make and what it lacks."""
    errors = [
        change.record.error(f"{permission} is not permitted to {actor.email}")
        for change in plan.changes
        for permission in needed_permissions(change)
        if not actor.may(permission)
    ]
    errors += [
        change.record.error(f"{actor.email} lacks {', '.join(sorted(missing))} and so may not change who has it")
        for change, granted in _granted(cursor, plan)
        if (missing := granted - actor.permissions)
    ]
    if errors:
        raise InvalidRecordsError(errors)


def needed_permissions(change: Change) -> Iterator[str]:
    """Yield the permissions that a change needs, all of them."""
    kind = change.record.kind
    yield f"{kind.name}.{change.action}"
    if change.action == RESTORE and change.after:
        yield f"{kind.name}.{UPDATE}"
    for guard in kind.guards:
        if guard.field in change.after and guard.concerns(change.before.get(guard.field), change.after[guard.field]):
            yield guard.permission


def _granted(cursor: psycopg2.extensions.cursor, plan: Plan) -> Iterator[tuple[Change, set[str]]]:
    """Yield the changes that hand out permissions, or touch somebody who has them, with those permissions.

    Nobody raises itself that way: not by a role or a key that says more, nor through a user who may do more.
    """
    users = [change for change in plan.changes if change.record.kind.name == "user"]
    roles = {role for change in users for role in change.after.get("roles", ())}
    of_users = _permissions(cursor, _OF_USERS, [change.id for change in users if change.id])
    of_roles = _permissions(cursor, _OF_ROLES, roles)
    for change in users:
        granted = set(of_users.get(change.id, ()))
        yield change, granted.union(*(of_roles.get(role, ()) for role in change.after.get("roles", ())))
    for change in plan.changes:
        if change.record.kind.name == "role":
            yield change, set(change.after.get("permissions", ()))
        elif change.record.kind.name == "api_key":
            yield change, set(change.after.get("scopes", ()))


def _permissions(cursor: psycopg2.extensions.cursor, query: str, keys: Iterable[str]) -> dict[str, list[str]]:
    wanted = sorted(keys)
    if not wanted:
        return {}
    cursor.execute(query, (wanted,))
    return dict(cursor.fetchall())
