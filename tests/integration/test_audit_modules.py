# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit log's modules as tasks of a playbook, and its command for auditors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyfile import load_keyring

from .audit_log import attack, entry, rewrite, write
from .controller import run_tasks


def task(module: str, /, check: bool = False, **options: Any) -> dict[str, Any]:
    """Return a task that calls a module of the collection."""
    return {f"wcp360.hosting.{module}": options, "check_mode": check}


def test_keys_are_made_once_and_rotated_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    results = run_tasks(
        tmp_path,
        task("audit_keys", check=True, path=str(path)),
        task("audit_keys", path=str(path)),
        task("audit_keys", path=str(path), max_age_days=30),
        task("audit_keys", check=True, path=str(path), rotate=["chain"]),
        task("audit_keys", path=str(path), rotate=["chain", "anchor"]),
        task("audit_keys", path=str(tmp_path / "far/away/keys.json")),
    )
    preview, made, again, would, rotated, failed = results
    assert (preview["changed"], preview["active"]) == (True, None)
    assert made["actions"] == preview["actions"] == [f"make audit keys in {path}"]
    assert (again["changed"], again["active"]) == (False, made["active"])
    assert (would["changed"], would["active"]) == (True, made["active"])
    assert rotated["chain_keys"] == [made["active"], rotated["active"]]
    assert rotated["public_keys"].startswith(made["public_keys"])
    assert "cannot use the directory" in failed["msg"]
    keyring = load_keyring(str(path))
    assert keyring.active == rotated["active"]
    assert path.stat().st_mode & 0o777 == 0o600
    secrets = [line.split('"')[3] for line in path.read_text().splitlines() if '"secret"' in line]
    assert len(secrets) == 3
    assert not [secret for secret in secrets if secret in str(results)]


@pytest.fixture
def keys(tmp_path: Path) -> str:
    """A file of audit keys, made by the module."""
    path = tmp_path / "keys.json"
    run_tasks(tmp_path, task("audit_keys", path=str(path)))
    return str(path)


def test_a_log_is_anchored_and_verified(dsn: str, keys: str, tmp_path: Path) -> None:
    write(dsn, *[entry(number) for number in range(1, 4)], keyring=load_keyring(keys))
    anchors = tmp_path / "anchors"
    anchors.mkdir()
    options: dict[str, Any] = {"audit_keys": keys, "targets": [{"directory": str(anchors)}]}
    preview, nothing, anchored, again, whole = run_tasks(
        tmp_path,
        task("audit_anchor", check=True, **options),
        task("audit_verify", **options),
        task("audit_anchor", **options),
        task("audit_anchor", **options),
        task("audit_verify", **options),
        WCP360_DSN=dsn,
    )
    assert (preview["changed"], preview["written"]) == (True, [str(anchors)])
    assert (nothing["ok"], nothing["anchored"]) == (True, 0)
    assert (anchored["changed"], anchored["sequence"], anchored["written"]) == (True, 3, [str(anchors)])
    assert (again["changed"], again["written"]) == (False, [])
    assert (whole["failed"], whole["changed"], whole["entries"], whole["anchored"]) == (False, False, 3, 3)
    assert str(anchors / "00000000000000000003.json") in whole["anchored_by"]

    attack(dsn, "TRUNCATE audit_anchors", "UPDATE audit_logs SET actor = 'otto' WHERE sequence = 2")
    tampered, away, open_file = run_tasks(
        tmp_path,
        task("audit_verify", **options),
        task("audit_verify", audit_keys=str(tmp_path / "none")),
        task("audit_verify", audit_keys="/etc/passwd"),
        WCP360_DSN=dsn,
    )
    assert (tampered["failed"], tampered["ok"], tampered["first_bad"], tampered["entries"]) == (True, False, 2, 1)
    assert tampered["msg"].startswith("the audit log was tampered with: entry 2 was signed with another value of actor")
    assert "there are no audit keys" in away["msg"]
    assert "readable by its owner alone" in open_file["msg"]


def auditor(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the auditor's command without database and keys; only the export names an actor."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("WCP360", "PG"))}
    if arguments[0] == "export":
        environment["WCP360_ACTOR"] = os.environ["WCP360_ACTOR"]
    return subprocess.run(
        [sys.executable, "-m", "wcp360.audit", *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_an_auditor_needs_the_exported_log_the_anchors_and_the_public_key(dsn: str, keys: str, tmp_path: Path) -> None:
    write(dsn, *[entry(number) for number in range(1, 4)], keyring=load_keyring(keys))
    anchors, log, public = tmp_path / "anchors", tmp_path / "log.jsonl", tmp_path / "public.pem"
    anchors.mkdir()
    run_tasks(tmp_path, task("audit_anchor", audit_keys=keys, targets=[{"directory": str(anchors)}]), WCP360_DSN=dsn)
    public.write_text(auditor("public-key", "--keys", keys).stdout)
    assert auditor("export", "--dsn", dsn, log).returncode == 0
    assert auditor("export", "--dsn", dsn, log).returncode == 2, "a file is not overwritten"

    whole = auditor("verify", log, "--anchors", anchors, "--public-key", public)
    assert (whole.returncode, whole.stdout.splitlines()[0]) == (0, "3 entries are whole; anchored up to entry 3")
    assert auditor("verify", log, "--public-key", public).returncode == 3

    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:2]))
    result = auditor("verify", cut, "--anchors", anchors, "--public-key", public)
    assert result.returncode == 1
    assert "TAMPERED: entry 3 is missing" in result.stdout

    attack(dsn, rewrite(1, load_keyring(keys), last=3))
    rewritten = tmp_path / "rewritten.jsonl"
    auditor("export", "--dsn", dsn, rewritten)
    assert auditor("verify", rewritten, "--anchors", anchors, "--public-key", public).returncode == 1

    cut.write_text(log.read_text()[:-20])
    broken = auditor("verify", cut, "--anchors", anchors, "--public-key", public)
    assert (broken.returncode, broken.stdout) == (2, "")
    assert broken.stderr == "wcp360.audit: line 3 is not one of an exported audit log, or the file was cut off\n"
    assert auditor("verify", log, "--anchors", "/nonexistent", "--public-key", public).returncode == 2
    assert auditor("verify", log, "--anchors", anchors, "--public-key", keys).returncode == 2


def test_openssl_verifies_an_anchor(dsn: str, keys: str, tmp_path: Path) -> None:
    write(dsn, entry(1), keyring=load_keyring(keys))
    run_tasks(tmp_path, task("audit_anchor", audit_keys=keys, targets=[{"directory": str(tmp_path)}]), WCP360_DSN=dsn)
    (tmp_path / "public.pem").write_text(load_keyring(keys).public_pem())
    script = """
    python3 -c 'import json,sys,base64; a = json.load(open(sys.argv[1])); open("payload", "w").write(a["payload"]);
open("signature", "wb").write(base64.b64decode(a["signature"]))' 00000000000000000001.json
    openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in payload -sigfile signature
    """
    result = subprocess.run(["sh", "-euc", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.stdout == "Signature Verified Successfully\n"
