# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed files: what is compared, what is kept, and what a kill at any point leaves behind."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.files import ActualFile, ManagedFile, plan_files
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.plan import render_diff
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.runner import Paths, Request, run_kind

from .conftest import Document, tenant_entry
from .sample import Notes

CANARY = "canary-3d1f"


def test_owner_and_mode_count_as_content() -> None:
    wanted = ManagedFile("/x", b"a", "t", mode=0o640, uid=0, gid=33)
    assert plan_files([wanted], {"/x": ActualFile(b"a", 0o640, 0, 33)}, {}) == []
    for found in (ActualFile(b"a", 0o644, 0, 33), ActualFile(b"a", 0o640, 0, 0), ActualFile(b"b", 0o640, 0, 33)):
        assert [change.action for change in plan_files([wanted], {"/x": found}, {})] == ["update"]


def test_something_else_in_the_place_of_a_file_is_replaced() -> None:
    assert [c.action for c in plan_files([ManagedFile("/x", b"", "t")], {"/x": ActualFile(None, 0, -1, -1)}, {})] == [
        "update"
    ]


def test_secrets_are_hidden_in_the_diff() -> None:
    wanted = ManagedFile("/x", CANARY.encode(), "t", secret=True)
    changes = plan_files([wanted], {"/x": ActualFile(CANARY.encode() * 2, 0o644, 0, 0)}, {})
    assert CANARY not in str(render_diff(list(changes)))
    assert "hidden" in str(render_diff(list(changes)))


def test_an_edit_by_hand_is_kept_aside(paths: Paths, document: Document) -> None:
    run_kind(Notes(), Request(str(document(tenant_entry(1)))), paths)
    note = Path(paths.etc, "notes/200001")
    note.write_text("edited by hand")
    assert run_kind(Notes(), Request(str(document(tenant_entry(1), full=True))), paths)["changed"]
    assert note.read_text() == "basic"
    kept = list(Path(paths.lib, "replaced").rglob("200001"))
    assert [path.read_text() for path in kept] == ["edited by hand"]


def test_a_change_of_ours_is_not_taken_for_an_edit(paths: Paths, document: Document) -> None:
    for package in ("basic", "pro", "max"):
        run_kind(Notes(), Request(str(document(tenant_entry(1, package=package)))), paths)
    assert not Path(paths.lib, "replaced").exists()


def test_a_symbolic_link_in_place_of_a_managed_file_is_replaced(
    paths: Paths, document: Document, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    target.write_text("somebody else's")
    note = Path(paths.etc, "notes/200001")
    note.parent.mkdir()
    note.symlink_to(target)
    run_kind(Notes(), Request(str(document(tenant_entry(1)))), paths)
    assert note.read_text() == "basic"
    assert not note.is_symlink()
    assert target.read_text() == "somebody else's"


# The steps of a converge that change something on disk, as Python's audit events.
_STEPS = {
    "open",
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.chmod",
    "os.chown",
    "sqlite3.connect",
    "os.scandir",
}


def _killed_at(step: int, path: str, paths: Paths) -> bool:
    """Converge in a child that is killed at the given step; tell whether it came that far."""
    child = os.fork()
    if child == 0:
        count = 0

        def kill(event: str, _arguments: tuple[Any, ...]) -> None:
            nonlocal count
            if event in _STEPS:
                count += 1
                if count == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(kill)
        run_kind(Notes(size=2000), Request(path), paths)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize("changed", [{"package": "pro"}, {"state": "absent"}], ids=["update", "removal"])
def test_a_kill_at_any_step_leaves_whole_files_and_the_next_run_goes_on(
    paths: Paths, document: Document, changed: dict[str, str]
) -> None:
    folder = Path(paths.etc, "notes")
    whole = {"basic" * 2000, "pro" * 2000}
    step = 0
    while True:
        step += 1
        run_kind(Notes(size=2000), Request(str(document(*[tenant_entry(n) for n in range(1, 6)]))), paths)
        changed_document = str(document(*[tenant_entry(n, **changed) for n in range(1, 6)]))
        killed = _killed_at(step, changed_document, paths)
        assert {path.read_text() for path in folder.iterdir()} <= whole, f"half a file after a kill at step {step}"
        result = run_kind(Notes(size=2000), Request(changed_document), paths)
        assert not result["failed_tenants"]
        expected = {} if "state" in changed else {str(200000 + n): "pro" * 2000 for n in range(1, 6)}
        assert {path.name: path.read_text() for path in folder.iterdir()} == expected
        assert not list(Path(paths.etc).glob("**/.wcp360-staging/*")), f"left over after a kill at step {step}"
        if not killed:
            break
    assert step > 20, "the test has to see many steps"
    assert not Path(paths.lib, "replaced").exists(), "no file of ours was taken for an edit by hand"
