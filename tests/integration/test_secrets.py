# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords and keys: stored as hashes, never shown, and hashed no more often than needed."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

import argon2
import psycopg2
import pytest
from passlib.hash import bcrypt

from ansible_collections.wcp360.hosting.plugins.module_utils.records import passwords
from ansible_collections.wcp360.hosting.plugins.module_utils.records.document import parse_document
from ansible_collections.wcp360.hosting.plugins.module_utils.records.passwords import verify_password
from ansible_collections.wcp360.hosting.plugins.module_utils.records.reconcile import apply_records
from ansible_collections.wcp360.hosting.plugins.module_utils.records.report import diff_changes

from . import rows
from .controller import run_ansible
from .documents import counted, export, of_owner, refusal, write
from .test_modules import PACKAGE, task

CANARY = "canary-in-the-coal-mine"
OTHER = "canary-of-another-colour"
KEY_HASH = "c0ffee" * 10 + "abcd"
BCRYPT = "$2b$04$" + "c" * 53


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every password that is hashed."""
    calls: list[str] = []
    real = passwords.hash_password

    def count(clear: str) -> str:
        calls.append(clear)
        return real(clear)

    monkeypatch.setattr(passwords, "hash_password", count)
    return calls


def stored(dsn: str) -> str:
    """Return the stored hash of the user a@a.example."""
    with contextlib.closing(psycopg2.connect(of_owner(dsn))) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT password_hash FROM users WHERE email = 'a@a.example'")
        return str(rows.one(cursor))


def test_a_password_is_stored_as_argon2id_once(dsn: str, hashed: list[str]) -> None:
    user = {"email": "a@a.example", "password": CANARY}
    write(dsn, users=[user])
    first = stored(dsn)
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert verify_password(first, CANARY)
    assert write(dsn, users=[user]) == {"users": counted(unchanged=1)}
    assert stored(dsn) == first
    assert hashed == [CANARY]
    assert write(dsn, users=[{**user, "password": OTHER}]) == {"users": counted(updated=1)}
    assert verify_password(stored(dsn), OTHER)
    assert write(dsn, users=[{"email": "a@a.example", "password_hash": None}]) == {"users": counted(updated=1)}


@pytest.mark.parametrize(
    "weak",
    [
        argon2.PasswordHasher(time_cost=1, memory_cost=19_456, parallelism=1).hash(CANARY),
        argon2.PasswordHasher(time_cost=2, memory_cost=1_024, parallelism=1).hash(CANARY),
        argon2.PasswordHasher(type=argon2.Type.I, time_cost=3, memory_cost=20_000, parallelism=1).hash(CANARY),
        bcrypt.using(rounds=4).hash(CANARY),
        bcrypt.using(rounds=4, ident="2y").hash(CANARY),
    ],
)
def test_weaker_hashes_come_in_and_are_renewed_by_the_password(dsn: str, weak: str) -> None:
    write(dsn, users=[{"email": "a@a.example", "password_hash": weak}])
    assert stored(dsn) == weak
    assert verify_password(weak, CANARY)
    assert not verify_password(weak, OTHER)
    assert write(dsn, users=[{"email": "a@a.example", "password": CANARY}]) == {"users": counted(updated=1)}
    assert stored(dsn).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_stronger_hashes_stay(dsn: str) -> None:
    strong = argon2.PasswordHasher(time_cost=3, memory_cost=20_000, parallelism=2).hash(CANARY)
    write(dsn, users=[{"email": "a@a.example", "password_hash": strong}])
    assert write(dsn, users=[{"email": "a@a.example", "password": CANARY}]) == {"users": counted(unchanged=1)}


def test_hashes_are_never_hashed_and_nothing_is_hashed_for_check_mode_twice(dsn: str, hashed: list[str]) -> None:
    users = [{"email": f"u{number}@a.example", "password_hash": BCRYPT} for number in range(500)]
    write(dsn, users=users)
    assert hashed == []
    write(dsn, check=True, users=[{"email": "u1@a.example", "password": CANARY}])
    assert hashed == [CANARY]
    (user,) = [user for user in export(dsn)["users"] if user["email"] == "u1@a.example"]
    assert user["password_hash"] == BCRYPT


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"password": "short12"}, "password must be at least 8 characters long, and one line of"),
        ({"password": f"{CANARY}\n"}, "password must be at least 8 characters long, and one line of"),
        ({"password": 12_345_678}, "password must be text (quote it)"),
        ({"password": None}, "password must have a value"),
        ({"password": CANARY, "password_hash": BCRYPT}, "password must not be given together with password_hash"),
        ({"password_hash": CANARY}, "password_hash must be an argon2 or bcrypt hash"),
        ({"password_hash": "{SSHA}" + CANARY}, "password_hash must be an argon2 or bcrypt hash"),
        ({"password_hash": "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHRz$" + "b" * 43}, "password_hash must be"),
        ({"password_hash": "$2b$31$" + "c" * 53}, "password_hash must be"),
    ],
)
def test_what_is_no_password_is_refused_without_showing_it(dsn: str, fields: dict[str, Any], problem: str) -> None:
    message = refusal(dsn, users=[{"email": "a@a.example", **fields}])
    assert message.startswith(f'user "a@a.example" (users[0]): {problem}')
    assert all(str(value) not in message for value in fields.values() if value)


def test_a_diff_hides_them(dsn: str) -> None:
    user = {"email": "a@a.example", "password": CANARY}
    key = {"name": "k", "user": "a@a.example", "prefix": "p", "key_hash": KEY_HASH}
    plan = apply_records(dsn, parse_document({"format": 1, "users": [user], "api_keys": [key]})).plan
    assert [diff["after"] for diff in diff_changes(plan)] == [
        'state: present\npassword_hash: "VALUE HIDDEN"\n',
        'state: present\nuser: "a@a.example"\nprefix: "p"\nkey_hash: "VALUE HIDDEN"\n',
    ]
    assert CANARY not in repr(plan)


def test_an_api_key_is_shown_once_and_stored_as_a_digest(dsn: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {"user": "a@a.example", "name": "deploy", "scopes": ["domain.read"]}
    results, output = play(
        tmp_path,
        dsn,
        task("user", email="a@a.example"),
        task("api_key", mode=("check", "diff"), **options),
        task("api_key", mode=("diff",), **options),
        task("api_key", **options),
        task("api_key", **options | {"scopes": [], "expires_at": "2030-01-31T12:00:00+01:00"}),
        task("api_key", user="a@a.example", name="deploy", unset=["expires_at"]),
        task("api_key_info", user=["a@a.example"]),
        task("api_key", user="a@a.example", name="deploy", state="absent"),
    )
    _user, checked, made, again, changed, unset, listed, deleted = results
    assert [one["changed"] for one in results] == [True, True, True, False, True, True, False, True], output
    assert "key" not in checked
    assert "prefix" not in checked["api_key"]
    key = made["key"]
    prefix, secret = key.removeprefix("wcp_").split("_")
    assert (made["api_key"]["prefix"], len(secret)) == (prefix, 64)
    assert export_of_key(dsn) == hashlib.sha256(key.encode()).hexdigest()
    assert changed["api_key"]["expires_at"] == "2030-01-31T11:00:00+00:00"
    assert unset["api_key"]["expires_at"] is None
    others = json.dumps([made["diff"], again, changed, unset, listed, deleted])
    assert secret not in others
    assert "key_hash" not in json.dumps([listed, again])


def export_of_key(dsn: str) -> str:
    """Return the stored digest of the only key, deleted or not."""
    with contextlib.closing(psycopg2.connect(of_owner(dsn))) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT key_hash FROM api_keys")
        return str(rows.one(cursor))


def play(home: Path, dsn: str, *tasks: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """Run the tasks at verbosity 3; return the results and everything that was printed."""
    registered = [one | {"register": f"result_{number}", "ignore_errors": True} for number, one in enumerate(tasks)]
    names = ", ".join(f"result_{number}" for number in range(len(tasks)))
    results = home / "results.json"
    copy = {"content": f"{{{{ [{names}] | to_json }}}}", "dest": str(results), "mode": "0600"}
    playbook = home / "playbook.json"
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [*registered, {"ansible.builtin.copy": copy, "no_log": True, "diff": False}],
    }
    playbook.write_text(json.dumps([play]), encoding="utf-8")
    done = run_ansible("ansible-playbook", "-vvv", playbook, home=home, WCP360_DSN=dsn)
    assert done.returncode == 0, done.stdout
    return json.loads(results.read_text(encoding="utf-8")), done.stdout + done.stderr


def test_no_canary_is_seen_anywhere(dsn: str, tmp_path: Path) -> None:
    write(dsn, packages=[PACKAGE])
    document = {
        "format": 1,
        "tenants": [
            {
                "name": "T",
                "package": "basic",
                "users": [
                    {
                        "email": "a@a.example",
                        "password": CANARY,
                        "api_keys": [{"name": "k", "prefix": "p", "key_hash": KEY_HASH}],
                    }
                ],
                "domains": [{"fqdn": "a.example"}],
                "mailboxes": [{"address": "m@a.example", "password_hash": BCRYPT}],
            }
        ],
    }
    broken = {"format": 1, "users": [{"email": "b@a.example", "password": CANARY, "roles": ["user"]}]}
    worse = {"format": 1, "users": [{"email": "b@a.example", "password": [CANARY], "password_hash": OTHER}]}
    results, output = play(
        tmp_path,
        dsn,
        task("records", mode=("check", "diff"), records=document),
        task("records", mode=("diff",), records=document),
        task("records", records=broken),
        task("records", records=worse),
        task("user", mode=("diff",), email="c@a.example", password=CANARY),
        task("user", mode=("diff",), email="c@a.example", password=OTHER),
        task("user", email="c@a.example", password=CANARY, password_hash=BCRYPT),
        task("user", email="c@a.example", password=CANARY, unset=["password_hash"]),
        task("user", email="c@a.example", password_hash=OTHER),
        task("user", email="c@a.example", password=CANARY, roles=["user"]),
        task("mailbox", mode=("diff",), address="m@a.example", password=CANARY),
        task("mailbox", mode=("diff",), address="m@a.example", state="absent"),
        task("user_info"),
        task("mailbox_info"),
        task("records_info"),
        task("records_info", secrets=True),
        task("records_info", secrets=True, kinds=["users", "api_keys"]) | {"no_log": True},
    )
    failed = [index for index, result in enumerate(results) if result["failed"]]
    assert failed == [2, 3, 6, 7, 8, 9, 15], output
    assert results[15]["msg"].startswith("secrets must not be returned by a task that is logged")
    exported = results.pop()["records"]
    assert list(exported) == ["format", "users", "api_keys"]
    assert exported["api_keys"][0]["key_hash"] == KEY_HASH
    seen = json.dumps(results) + output
    for secret in (CANARY, OTHER, BCRYPT, KEY_HASH, "$argon2id$v=19", exported["users"][0]["password_hash"]):
        assert secret not in seen
    assert "VALUE HIDDEN" in seen
    assert "roles must be of scope global" in results[9]["msg"]
