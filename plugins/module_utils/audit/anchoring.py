# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Anchor the audit log: sign its head, keep the signature in every target, and note that in the database."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.anchor import (
    FoundAnchor,
    SignedAnchor,
    check_anchor,
    sign_anchor,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.chain import GENESIS, Link
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.commit import write_something
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.errors import AnchorError
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyring import Keyring
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.targets import Target
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.verify import (
    read_head,
    recorded_anchors,
    require_full_view,
    verify,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import Credentials, act, resolve_credentials
from ansible_collections.wcp360.hosting.plugins.module_utils.records.authorize import AUDIT_ANCHOR, authorize
from ansible_collections.wcp360.hosting.plugins.module_utils.records.database_errors import store_error
from ansible_collections.wcp360.hosting.plugins.module_utils.records.store import connect

try:
    import psycopg2
except ImportError:
    psycopg2 = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

_RECORD = """
INSERT INTO audit_anchors (target, sequence, head, payload, signature) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (target, sequence) DO NOTHING
"""


@dataclasses.dataclass(frozen=True)
class AnchorReport:
    """The entry that is anchored now, 0 for an empty log, and the targets that had no anchor of it before."""

    sequence: int
    written: tuple[str, ...]


def anchor_log(
    dsn: str | None,
    keyring: Keyring,
    targets: Sequence[Target],
    check: bool = False,
    *,
    credentials: Credentials | None = None,
) -> AnchorReport:
    """Anchor the last entry of the audit log in each of ``targets`` that has no anchor of it yet.

    What was added since the last anchor is verified first, and nothing is signed when that is not right. With ``check``
    nothing is written. The actor is that of ``credentials``, or of the environment. Raises RecordStoreError,
    NotAllowedError and AnchorError; when some targets fail, the others keep their anchors,
    and the error names those that failed.
    """
    credentials = credentials or resolve_credentials()
    connection = connect(dsn)
    try:
        connection.set_session(isolation_level="REPEATABLE READ")
        with connection, connection.cursor() as cursor:
            authorize(act(cursor, credentials), AUDIT_ANCHOR)
            head, open_targets = _read_state(cursor, targets)
            if open_targets:
                _require_good(cursor, keyring)
        names = tuple(target.name for target in open_targets)
        if not names or check:
            return AnchorReport(head.sequence, names)
        signed = sign_anchor(keyring, head)
        with connection, connection.cursor() as cursor:
            # A crash must not take back what an anchor says: see commit.py.
            write_something(cursor)
        # Another run may record the same anchor meanwhile; that is no conflict to give up for.
        connection.set_session(isolation_level="READ COMMITTED")
        with connection, connection.cursor() as cursor:
            act(cursor, credentials)
            failures = _write(cursor, open_targets, head, signed, keyring)
    except psycopg2.Error as error:
        raise store_error(error) from error
    finally:
        connection.close()
    if failures:
        raise AnchorError(f"entry {head.sequence} is not anchored everywhere: {'; '.join(failures)}")
    return AnchorReport(head.sequence, names)


def _read_state(cursor: Cursor, targets: Sequence[Target]) -> tuple[Link, list[Target]]:
    """Return the head, and the targets without an anchor of it: none when there is nothing to anchor."""
    require_full_view(cursor)
    head = read_head(cursor)
    cursor.execute("SELECT target FROM audit_anchors WHERE sequence = %s", (head.sequence,))
    done = {target for (target,) in cursor}
    return head, [target for target in targets if head.sequence and target.name not in done]


def _require_good(cursor: Cursor, keyring: Keyring) -> None:
    """Verify what the last trustworthy anchor of the database does not cover."""
    start: Link = GENESIS
    for found in reversed(recorded_anchors(cursor)):
        anchor, _problem = check_anchor(found, keyring.public_keys)
        if anchor:
            start = anchor.link
            break
    result = verify(cursor, keyring, start=start)
    if not result.ok:
        bad = "" if result.first_bad is None else f"entry {result.first_bad} "
        raise AnchorError(f"the audit log was tampered with, so nothing was anchored: {bad}{result.problem}")


def _write(cursor: Cursor, targets: Sequence[Target], head: Link, signed: SignedAnchor, keyring: Keyring) -> list[str]:
    """Write to every target and record what it holds then; return what went wrong."""
    failures = []
    for target in targets:
        try:
            present = target.write(head.sequence, signed.to_file())
            kept = _same_head(present, head, keyring) if present else signed
        except AnchorError as error:
            failures.append(str(error))
            continue
        cursor.execute(_RECORD, (target.name, head.sequence, head.checksum, kept.payload, kept.signature))
    return failures


def _same_head(present: FoundAnchor, head: Link, keyring: Keyring) -> SignedAnchor:
    """Return an anchor that was there before when it says the same: a run that was interrupted has left it."""
    anchor, problem = check_anchor(present, keyring.public_keys)
    if anchor is None or present.signed is None:
        raise AnchorError(f"anchor {present.name}: {problem}")
    if anchor.link != head:
        raise AnchorError(
            f"anchor {present.name} says something else about entry {head.sequence}: it is of another audit log, or"
            " this one was rewritten"
        )
    return present.signed
