# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit chain in a real database: whole under concurrency, and every kind of tampering shows."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2
import psycopg2.extensions
import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.anchoring import anchor_log
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.append import PAGE, append
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.chain import GENESIS, read_json
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.commit import commit
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.directory_target import DirectoryTarget
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.entry import Entry
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.errors import AnchorError, AuditError
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.export import verify_export
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyring import Keyring
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.verification import Verification
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.verify import verify
from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import act as name_actor
from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import resolve_credentials
from ansible_collections.wcp360.hosting.plugins.module_utils.records.store import connect, reading

from . import pg, rows
from .audit_log import HEAD_TO_LAST, KEYRING, Attack, attack, check, entry, export, rewrite, write

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

APP = "wcp_audit_app"


@pytest.fixture
def log(dsn: str) -> str:
    """The DSN of a database whose log has ten entries, written one by one and together."""
    write(dsn, entry(1))
    write(dsn, entry(2), entry(3))
    write(dsn, *[entry(number) for number in range(4, 11)])
    return dsn


@pytest.fixture
def target(tmp_path: Path) -> DirectoryTarget:
    """A directory for anchors."""
    return DirectoryTarget(str(tmp_path))


def test_a_log_is_whole(log: str) -> None:
    assert check(log) == Verification(ok=True, entries=10, last=10)


def test_an_empty_log_is_whole(dsn: str) -> None:
    assert check(dsn) == Verification(ok=True, entries=0, last=0)
    assert write(dsn) == GENESIS


def test_a_grouped_commit_is_a_commit(log: str, connection: Connection) -> None:
    with connection.cursor() as cursor:
        append(cursor, KEYRING, [entry(11)])
        commit(connection)
        assert connection.info.transaction_status == psycopg2.extensions.TRANSACTION_STATUS_IDLE
        assert check(log).entries == 11
        cursor.execute("SHOW synchronous_commit")
        before = rows.one(cursor)
        append(cursor, KEYRING, [entry(12)])
        # What a constraint refuses at the commit is refused here, and nothing is left of it.
        cursor.execute("INSERT INTO packages (name) VALUES ('without-limits')")
        with pytest.raises(psycopg2.Error, match="must have a row in package_limits"):
            commit(connection)
        connection.rollback()
        cursor.execute("SHOW synchronous_commit")
        assert rows.one(cursor) == before
    assert check(log).entries == 11


@pytest.mark.parametrize("number", [PAGE - 1, PAGE, PAGE + 1])
def test_pages_of_entries_hang_together(dsn: str, number: int) -> None:
    assert write(dsn, *[Entry("tenant.create", actor="import") for _ in range(number)]).sequence == number
    assert check(dsn).entries == number


@pytest.mark.parametrize(
    "address", ["192.0.2.1", "::ffff:192.0.2.1", "::1", "::", "::1.2.3.4", "2001:db8::1:0:0:1", None]
)
def test_addresses_come_back_as_they_were_signed(dsn: str, address: str | None) -> None:
    write(dsn, entry(1, ip_address=address))
    assert check(dsn).ok


def test_many_writers_make_one_chain(dsn: str) -> None:
    writers, each = 8, 25

    def run(writer: int) -> None:
        with contextlib.closing(connect(dsn)) as connection:
            for number in range(each):
                with connection.cursor() as cursor:
                    name_actor(cursor, resolve_credentials())
                    append(cursor, KEYRING, [entry(number, actor=f"writer{writer}") for _ in range(1 + number % 2)])
                if number % 5 == 4:
                    connection.rollback()
                elif writer % 2:
                    commit(connection)
                else:
                    connection.commit()

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(run, range(writers)))
    kept = sum(1 + number % 2 for number in range(each) if number % 5 != 4)
    assert check(dsn) == Verification(ok=True, entries=writers * kept, last=writers * kept)


def test_a_rolled_back_transaction_leaves_no_gap(log: str, connection: Connection) -> None:
    with connection.cursor() as cursor:
        append(cursor, KEYRING, [entry(11)])
    connection.rollback()
    assert write(log, entry(12)).sequence == 11
    assert check(log).entries == 11


def test_a_second_writer_waits_for_the_first(log: str, connection: Connection) -> None:
    with connection.cursor() as cursor:
        append(cursor, KEYRING, [entry(11)])
    second = threading.Thread(target=write, args=(log, entry(12)))
    second.start()
    second.join(0.2)
    assert second.is_alive()
    connection.commit()
    second.join(10)
    assert check(log).entries == 12


EDITED = "convert_to(replace(convert_from(payload, 'UTF8'), 'anna@', 'otto@'), 'UTF8')"


def copy(source: int, sequence: int) -> str:
    """Return an attack that inserts an entry with the payload and checksum of another."""
    return f"""
        INSERT INTO audit_logs (sequence, actor, action_code, key_id, payload, checksum)
        SELECT {sequence}, 'otto', 'tenant.delete', key_id, payload, checksum FROM audit_logs WHERE sequence = {source}
    """


# What somebody may do who owns the database and has no key: the attack, the first bad entry, what is said about it.
TAMPERING: dict[str, tuple[list[Attack | str], int, str]] = {
    "payload edited": ([f"UPDATE audit_logs SET payload = {EDITED} WHERE sequence = 4"], 4, "edited or inserted"),
    "payload is no JSON": (["UPDATE audit_logs SET payload = '\\xff00' WHERE sequence = 4"], 4, "edited or inserted"),
    "payload empty": (["UPDATE audit_logs SET payload = '' WHERE sequence = 10"], 10, "edited or inserted"),
    "payload and columns edited": (
        [f"UPDATE audit_logs SET actor = 'otto@example.org', payload = {EDITED} WHERE sequence = 4"],
        4, "edited or inserted"),
    "checksum edited": (["UPDATE audit_logs SET checksum = sha256(checksum) WHERE sequence = 4"], 4, "edited or"),
    "removed": (["DELETE FROM audit_logs WHERE sequence = 4"], 4, "is missing: it was removed"),
    "several removed": (["DELETE FROM audit_logs WHERE sequence BETWEEN 4 AND 6"], 4, "like all up to 6"),
    "first removed": (["DELETE FROM audit_logs WHERE sequence = 1"], 1, "is missing"),
    "removed and renumbered": (
        ["DELETE FROM audit_logs WHERE sequence = 4",
         "UPDATE audit_logs SET sequence = sequence - 1 WHERE sequence > 4", HEAD_TO_LAST], 4, "was signed as entry 5"),
    "reordered": (
        ["UPDATE audit_logs SET sequence = 11 - sequence WHERE sequence IN (5, 6)"], 5, "was signed as entry 6"),
    "inserted": (
        ["UPDATE audit_logs SET sequence = sequence + 1 WHERE sequence > 3", copy(3, 4), HEAD_TO_LAST],
        4, "was signed as entry 3"),
    "inserted a second time": ([copy(4, 4)], 4, "one too many|another value"),
    "inserted before the first": (
        ["ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_sequence_is_positive", copy(4, 0)], 0, "one too many"),
    "inserted at the end": ([copy(10, 11)], 11, "was signed as entry 10"),
    "tail cut": (["DELETE FROM audit_logs WHERE sequence > 8"], 9, "like all up to 10, where the log's head stands"),
    "everything cut": (["TRUNCATE audit_logs"], 1, "like all up to 10"),
    "head moved back": (
        ["UPDATE audit_head SET sequence = 9, checksum = (SELECT checksum FROM audit_logs WHERE sequence = 9)"],
        10, "head, which stands at entry 9"),
    "head edited": (["UPDATE audit_head SET digest = sha256(digest)"], 10, "head"),
    "key renamed": (["UPDATE audit_logs SET key_id = 'other' WHERE sequence = 4"], 4, "another value of key_id"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_without_the_keys_is_found(log: str, name: str) -> None:
    steps, first_bad, problem = TAMPERING[name]
    attack(log, *steps)
    result = check(log)
    assert (result.ok, result.first_bad) == (False, first_bad)
    assert re.search(problem, str(result.problem))


COLUMNS = {
    "id": "gen_random_uuid()",
    "actor": "'otto@example.org'",
    "actor_user_id": "NULL",
    "api_key_prefix": "'other'",
    "tenant_id": "gen_random_uuid()",
    "action_code": "'domain.delete'",
    "metadata": "jsonb_set(metadata, '{limits,1}', '1')",
    "ip_address": "'::102:304/64'",
    "created_at": "created_at + interval '1 microsecond'",
    "updated_at": "now() + interval '1 hour'",
    "deleted_at": "now()",
}


@pytest.mark.parametrize("column", COLUMNS)
def test_an_edited_column_is_found_and_named(log: str, column: str) -> None:
    attack(log, f"UPDATE audit_logs SET {column} = {COLUMNS[column]} WHERE sequence = 7")
    result = check(log)
    assert (result.ok, result.first_bad) == (False, 7)
    assert f"{column}" in str(result.problem)
    assert "the row was edited" in str(result.problem)


@pytest.mark.parametrize("value", ["1e400", "1" * 5000, "[" * 3000 + "]" * 3000, "1.5"])
def test_metadata_that_nobody_can_read_is_a_finding(log: str, value: str) -> None:
    document = f'{{"x": {value}}}'
    attack(log, lambda cursor: cursor.execute("UPDATE audit_logs SET metadata = %s WHERE sequence = 7", (document,)))
    assert (check(log).first_bad, check(log).ok) == (7, False)


def test_an_entry_without_its_values_is_a_finding(log: str) -> None:
    attack(
        log,
        *[f"ALTER TABLE audit_logs ALTER {column} DROP NOT NULL" for column in ("payload", "checksum", "sequence")],
        "UPDATE audit_logs SET payload = NULL, checksum = NULL, sequence = NULL WHERE sequence = 10",
    )
    assert (check(log).ok, check(log).entries) == (False, 9)


def test_with_the_keys_only_anchors_tell(log: str, target: DirectoryTarget) -> None:
    attack(log, rewrite(6))
    assert check(log).ok, "nothing in the database can tell"
    assert anchor_log(log, KEYRING, [target]).sequence == 10
    assert check(log, KEYRING, *target.read()).anchored == 10, "an anchor covers what was there when it was made"


@pytest.mark.parametrize(
    ("steps", "first_bad", "problem"),
    [
        ([rewrite(4)], 6, "rewritten here or before"),
        ([rewrite(7)], 10, "rewritten between entry 6 and here"),
        ([rewrite(1)], 6, "rewritten here or before"),
        ([rewrite(1, Keyring.generate())], 1, "is not among the audit keys"),
        (["DELETE FROM audit_logs WHERE sequence > 8", HEAD_TO_LAST], 9, "is missing, like all up to 10 at least"),
        ([rewrite(8, last=9)], 10, "is missing, like all up to 10 at least"),
        (["TRUNCATE audit_logs", "UPDATE audit_head SET sequence = 0, checksum = '', digest = ''"], 1, "is missing"),
    ],
    ids=["from 4", "from 7", "all", "all, other keys", "tail", "tail, rewritten", "everything"],
)
def test_anchors_find_a_rewritten_chain_and_a_cut_tail(
    dsn: str, target: DirectoryTarget, steps: list[Attack | str], first_bad: int, problem: str
) -> None:
    write(dsn, *[entry(number) for number in range(1, 7)])
    anchor_log(dsn, KEYRING, [target])
    write(dsn, *[entry(number) for number in range(7, 11)])
    assert anchor_log(dsn, KEYRING, [target]).written == (target.name,)
    whole = check(dsn, KEYRING, *target.read())
    assert (whole.ok, whole.anchored, len(whole.anchored_by)) == (True, 10, 2)

    attack(dsn, *steps, "TRUNCATE audit_anchors")
    result = check(dsn, KEYRING, *target.read())
    assert (result.ok, result.first_bad) == (False, first_bad)
    assert problem in str(result.problem)


def test_anchors_in_the_database_speak_too(log: str, target: DirectoryTarget) -> None:
    anchor_log(log, KEYRING, [target])
    assert check(log).anchored_by == (f"10 of {target.name} in audit_anchors",)
    attack(log, rewrite(3))
    assert check(log).first_bad == 10


def test_an_anchor_is_written_once(log: str, target: DirectoryTarget) -> None:
    assert anchor_log(log, KEYRING, [target], check=True).written == (target.name,)
    assert target.read() == []
    assert anchor_log(log, KEYRING, [target]).written == (target.name,)
    (before,) = target.read()
    assert anchor_log(log, KEYRING, [target]).written == ()
    # A run that was interrupted between the target and the database is picked up.
    attack(log, "TRUNCATE audit_anchors")
    anchor_log(log, KEYRING, [target])
    assert target.read() == [before]
    assert check(log).anchored == 10


def test_an_anchor_of_another_log_is_never_replaced(log: str, target: DirectoryTarget) -> None:
    anchor_log(log, KEYRING, [target])
    before = target.read()
    attack(log, "TRUNCATE audit_anchors", rewrite(2))
    with pytest.raises(AnchorError, match="says something else about entry 10"):
        anchor_log(log, KEYRING, [target])
    assert target.read() == before


def test_a_target_that_fails_does_not_keep_the_others_from_it(log: str, target: DirectoryTarget) -> None:
    away = DirectoryTarget("/nonexistent/anchors")
    with pytest.raises(AnchorError, match=r"entry 10 is not anchored everywhere: cannot write .* /nonexistent/anchors"):
        anchor_log(log, KEYRING, [away, target])
    assert check(log, KEYRING, *target.read()).anchored == 10


def test_a_log_that_is_not_whole_is_not_anchored(log: str, target: DirectoryTarget) -> None:
    attack(log, "UPDATE audit_logs SET actor = 'otto' WHERE sequence = 7")
    with pytest.raises(AnchorError, match="tampered with, so nothing was anchored: entry 7 was signed with another"):
        anchor_log(log, KEYRING, [target])
    assert target.read() == []


def test_anchors_that_were_tampered_with_are_named(log: str, target: DirectoryTarget) -> None:
    anchor_log(log, KEYRING, [target])
    (path,) = Path(target.path).iterdir()
    good = path.read_text()
    for content, problem in [
        (good.replace('\\"sequence\\":10', '\\"sequence\\":11'), "its signature is not good"),
        ("{}", "it is not an anchor"),
        (good[:50], "it is not an anchor"),
    ]:
        path.write_text(content)
        result = check(log, KEYRING, *target.read())
        assert (result.ok, result.first_bad, result.entries, result.anchored) == (False, None, 10, 10)
        assert str(path) in str(result.problem)
        assert problem in str(result.problem)
    path.write_text(good)
    stranger = dataclasses.replace(KEYRING, public_keys=Keyring.generate().public_keys)
    assert "not one of the public keys" in str(check(log, stranger, *target.read()).problem)


def test_keys_are_rotated_and_old_ones_still_verify(log: str, target: DirectoryTarget) -> None:
    anchor_log(log, KEYRING, [target])
    rotated = KEYRING.with_new_chain_key().with_new_anchor_key()
    write(log, entry(11), keyring=rotated)
    anchor_log(log, rotated, [target])
    result = check(log, rotated, *target.read())
    assert (result.ok, result.entries, result.anchored) == (True, 11, 11)
    assert check(log, KEYRING).first_bad == 11
    without = dataclasses.replace(rotated, chain_keys={rotated.active: rotated.chain_keys[rotated.active]})
    assert check(log, without).first_bad == 1


def test_a_keyring_without_the_private_key_cannot_anchor(log: str, target: DirectoryTarget) -> None:
    with pytest.raises(AnchorError, match="can verify but not sign"):
        anchor_log(log, KEYRING.without_anchor_key(), [target])


@pytest.mark.parametrize("table", ["audit_logs", "audit_anchors"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET created_at = now()", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_owner_cannot_change_the_log_by_accident(connection: Connection, table: str, statement: str) -> None:
    with (
        connection.cursor() as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege, match=f"{table} only grows: .* refused for every role"),
    ):
        cursor.execute(statement.format(table))


def test_a_replica_session_cannot_either(log: str, pg_server: pg.Server) -> None:
    database = log.split("dbname=")[1].split()[0]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="only grows"):
        pg_server.run_as_superuser("SET session_replication_role = replica; DELETE FROM audit_logs", database)


@pytest.mark.parametrize("sequence", [10, 12])
@pytest.mark.usefixtures("log")
def test_an_entry_that_does_not_continue_the_chain_is_refused(connection: Connection, sequence: int) -> None:
    with connection.cursor() as cursor, pytest.raises(psycopg2.Error, match=r"audit_logs_sequence_key|after entry 10"):
        rows.insert(
            cursor,
            "audit_logs",
            sequence=sequence,
            actor="a",
            action_code="a.b",
            key_id="k",
            payload=b"",
            checksum=bytes(32),
        )


@pytest.fixture(scope="module")
def app(pg_server: pg.Server) -> str:
    """A role without rights of its own, that the owner may act as."""
    pg_server.run_as_superuser(f"CREATE ROLE {APP}")
    pg_server.run_as_superuser(f"GRANT {APP} TO {pg.OWNER}")
    return APP


def test_the_runtime_appends_and_can_do_nothing_else(log: str) -> None:
    write(log, entry(11), entry(12, tenant_id=None))
    assert check(log).entries == 12
    with contextlib.closing(connect(log)) as connection:
        for statement in (
            "UPDATE audit_logs SET actor = 'x'",
            "DELETE FROM audit_logs",
            "TRUNCATE audit_logs",
            "UPDATE audit_head SET sequence = 0",
            "DELETE FROM audit_head",
            "UPDATE audit_anchors SET sequence = 1",
            "ALTER TABLE audit_logs DISABLE TRIGGER USER",
        ):
            with connection.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)
            connection.rollback()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM audit_logs")
            assert rows.one(cursor) == 0, "no actor, no entry"
            with pytest.raises(AuditError, match="a part of the audit log only"):
                verify(cursor, KEYRING)


def test_an_exported_log_is_verified_without_database_and_secrets(log: str, target: DirectoryTarget) -> None:
    anchor_log(log, KEYRING, [target])
    write(log, entry(11))
    anchors, lines = target.read(), export(log)
    result = verify_export(lines, anchors, KEYRING.public_keys)
    assert (result.ok, result.entries, result.anchored) == (True, 11, 10)

    def bad(changed: list[bytes]) -> tuple[bool, int | None]:
        result = verify_export(changed, anchors, KEYRING.public_keys)
        return result.ok, result.first_bad

    assert bad([*lines[:4], lines[4].replace(b"anna@", b"otto@"), *lines[5:]]) == (False, 6)
    assert bad([*lines[:4], *lines[5:]]) == (False, 5)
    assert bad([*lines[:4], lines[5], lines[4], *lines[6:]]) == (False, 5)
    assert bad([*lines[:4], lines[4], *lines[4:]]) == (False, 6)
    assert bad(lines[:9]) == (False, 10)
    assert bad([*lines[:9], lines[9].replace(b"anna@", b"otto@")]) == (False, 10)
    assert bad([]) == (False, 1)
    attack(log, "TRUNCATE audit_anchors", rewrite(1, last=11))
    assert bad(export(log)) == (False, 10)


def test_an_export_holds_the_exact_bytes(log: str) -> None:
    attack(log, "UPDATE audit_logs SET payload = '\\xff' WHERE sequence = 3")
    lines = export(log)
    assert read_json(lines[2])["payload_base64"] == "/w=="
    assert verify_export(lines, [], {}).first_bad == 3
    with reading(log) as cursor:
        cursor.execute("SELECT payload FROM audit_logs WHERE sequence = 1")
        assert read_json(lines[0])["payload"].encode() == bytes(rows.one(cursor))
