# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shared runner: plan, apply, failures of single tenants, check mode, runs that were taken over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.delivery import conclude_run, receive_document
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.errors import ConvergeError
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.runner import Paths, Request, node_lock, run_kind

from .conftest import Document, tenant_entry
from .sample import Notes, Seen


def _notes(paths: Paths) -> dict[str, str]:
    folder = Path(paths.etc, "notes")
    return {path.name: path.read_text() for path in folder.iterdir()} if folder.is_dir() else {}


def test_a_second_run_changes_nothing(paths: Paths, document: Document) -> None:
    first = run_kind(Notes(), Request(str(document(tenant_entry(1), tenant_entry(2)))), paths)
    assert (first["changed"], first["actions"], first["tenants_changed"]) == (True, {"create": 2}, 2)
    assert _notes(paths) == {"200001": "basic", "200002": "basic"}

    second = run_kind(Notes(), Request(str(document(tenant_entry(1), tenant_entry(2)))), paths)
    assert (second["changed"], second["actions"]) == (False, {})


def test_check_mode_says_the_same_and_changes_nothing(paths: Paths, document: Document) -> None:
    before = sorted(os.walk(paths.etc))
    path = str(document(tenant_entry(1)))
    checked = run_kind(Notes(), Request(path, check=True), paths)
    assert sorted(os.walk(paths.etc)) == before
    applied = run_kind(Notes(), Request(path), paths)
    assert checked == applied


def test_a_document_of_few_tenants_leaves_the_others_alone(paths: Paths, document: Document) -> None:
    run_kind(Notes(), Request(str(document(tenant_entry(1), tenant_entry(2)))), paths)
    result = run_kind(Notes(), Request(str(document(tenant_entry(2, package="pro")))), paths)
    assert result["actions"] == {"update": 1}
    assert _notes(paths) == {"200001": "basic", "200002": "pro"}


def test_a_full_document_removes_what_no_tenant_owns(paths: Paths, document: Document) -> None:
    run_kind(Notes(), Request(str(document(tenant_entry(1), tenant_entry(2)))), paths)
    run_kind(Notes(), Request(str(document(tenant_entry(2), full=True))), paths)
    assert _notes(paths) == {"200002": "basic"}


def test_a_deleted_tenant_loses_its_files(paths: Paths, document: Document) -> None:
    run_kind(Notes(), Request(str(document(tenant_entry(1)))), paths)
    result = run_kind(Notes(), Request(str(document(tenant_entry(1, state="absent")))), paths)
    assert result["actions"] == {"remove": 1}
    assert _notes(paths) == {}


def test_a_tenant_that_fails_keeps_its_state_and_stops_nobody(paths: Paths, document: Document) -> None:
    run_kind(Notes(), Request(str(document(tenant_entry(1), tenant_entry(2)))), paths)
    path = str(document(tenant_entry(1, package="refused", generation=2), tenant_entry(2, package="pro", generation=5)))
    result = run_kind(Notes(), Request(path), paths)
    assert result["failed_tenants"] == {"Tenant-1": "its package is refused"}
    assert _notes(paths) == {"200001": "basic", "200002": "pro"}

    later = Notes()
    later.name = "later"
    assert run_kind(later, Request(path), paths)["failed_tenants"] == {}, "a failed tenant is skipped by later kinds"

    outcome = conclude_run(path, ["notes", "later"], "", check=False, paths=paths)
    first, second = tenant_entry(1)["id"], tenant_entry(2)["id"]
    assert f'"observed": {{"{second}": 5}}' in outcome
    assert f'"failed": {{"{first}": "notes: its package is refused"}}' in outcome


def test_a_record_that_breaks_a_grammar_fails_its_tenant(paths: Paths, document: Document) -> None:
    broken = tenant_entry(1, account="t1\nroot:x:0:0::/root:/bin/sh")
    result = run_kind(Notes(), Request(str(document(broken, tenant_entry(2)))), paths)
    assert list(result["failed_tenants"]) == ["Tenant-1"]
    assert "account" in result["failed_tenants"]["Tenant-1"]
    assert _notes(paths) == {"200002": "basic"}


def test_a_kind_that_was_not_reached_leaves_all_unobserved(paths: Paths, document: Document) -> None:
    path = str(document(tenant_entry(1)))
    run_kind(Notes(), Request(path), paths)
    outcome = conclude_run(path, ["notes", "web"], "", check=False, paths=paths)
    assert '"observed": {}' in outcome
    assert "node: not done: web" in outcome


def test_a_run_that_was_taken_over_is_refused(paths: Paths, document: Document, tmp_path: Path) -> None:
    old = tmp_path / "old.json"
    old.write_bytes(document(tenant_entry(1, package="old")).read_bytes())
    document(tenant_entry(1))
    with pytest.raises(ConvergeError, match="no longer the one in force"):
        run_kind(Notes(), Request(str(old)), paths)
    assert _notes(paths) == {}


def test_a_document_that_comes_later_than_a_newer_one_is_refused(paths: Paths, document: Document) -> None:
    late = document(tenant_entry(1, package="old"), run="late", token=5)
    late = late.rename(late.with_name("late.json"))
    receive_document(str(document(run="newer", token=6)), "newer", check=False, paths=paths)
    with pytest.raises(ConvergeError, match="later than a newer one"):
        receive_document(str(late), "late", check=False, paths=paths)


def test_suspension_gets_past_the_failure_of_an_earlier_kind(paths: Paths, document: Document) -> None:
    entries = [tenant_entry(1, package="refused", status="suspended"), tenant_entry(2, package="refused")]
    path = str(document(*entries))
    run_kind(Notes(), Request(path), paths)
    later = Seen()
    run_kind(later, Request(path), paths)
    assert later.names == ["Tenant-1"]


def test_a_delivered_document_replaces_those_of_earlier_runs(paths: Paths, document: Document) -> None:
    first = receive_document(str(document(run="one")), "one", check=False, paths=paths)
    second = receive_document(str(document(run="two")), "two", check=False, paths=paths)
    assert not os.path.exists(first)
    assert os.stat(second).st_mode & 0o777 == 0o600
    assert os.listdir(os.path.dirname(second)) == ["two.json"]


def test_the_lock_is_waited_for_and_then_refused(paths: Paths, document: Document) -> None:
    path = str(document(tenant_entry(1)))
    with node_lock(paths), pytest.raises(ConvergeError, match="another converge task"):
        run_kind(Notes(), Request(path, lock_timeout=0.1), paths)


@pytest.mark.parametrize(
    "text", ["", "{}", '{"format": 1}', '{"format": 2, "tenants": []}', '{"format": 1, "tenants": 1}']
)
def test_what_is_no_document_changes_nothing(paths: Paths, tmp_path: Path, text: str) -> None:
    path = tmp_path / "desired.json"
    path.write_text(text)
    with pytest.raises(ConvergeError, match=r"nothing was changed|same release"):
        run_kind(Notes(), Request(str(path)), paths)


def test_a_missing_document_says_how_to_get_one(paths: Paths) -> None:
    with pytest.raises(ConvergeError, match=r"deliver it with wcp360\.hosting\.desired"):
        run_kind(Notes(), Request("/nonexistent/desired.json"), paths)


def test_an_unreadable_state_is_set_aside(paths: Paths, document: Document) -> None:
    Path(paths.state).write_bytes(b"this is no database" * 1000)
    result = run_kind(Notes(), Request(str(document(tenant_entry(1)))), paths)
    assert result["changed"]
    assert [name for name in os.listdir(paths.lib) if "unreadable" in name]
