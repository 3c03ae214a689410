# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Document roots in a tree that its tenant changes at will. Needs root, as on a node."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.docroot import (
    TreeError,
    has_document_root,
    make_document_root,
)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="making other users' directories needs root")

UID = 200001
PATH = "sites/a.example/public"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a tenant's home with its directory for sites."""
    home = tmp_path / "home"
    for folder in (home, home / "sites"):
        folder.mkdir()
        os.chown(folder, UID, UID)
    return home


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """Return root's own directory, which has to stay as it is."""
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o700)
    (outside / "secret").write_text("secret")
    yield outside
    status = outside.stat()
    assert (status.st_uid, status.st_mode & 0o777, os.listdir(outside)) == (0, 0o700, ["secret"])
    assert (outside / "secret").stat().st_uid == 0


def test_a_missing_root_is_made_for_the_tenant_with_a_page(home: Path) -> None:
    assert not has_document_root(str(home), PATH)
    assert make_document_root(str(home), PATH, UID)
    for made, mode in (("sites/a.example", 0o755), (PATH, 0o755), (PATH + "/index.html", 0o644)):
        status = (home / made).stat()
        assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (UID, UID, mode)
    assert has_document_root(str(home), PATH)


def test_what_exists_is_left_alone(home: Path) -> None:
    public = home / PATH
    public.mkdir(parents=True)
    for folder in (public, public.parent):
        os.chown(folder, UID, UID)
        folder.chmod(0o700)
    assert not make_document_root(str(home), PATH, UID)
    assert os.listdir(public) == []
    assert public.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("place", ["sites", "sites/a.example", PATH])
def test_a_symbolic_link_in_the_way_leads_nowhere(home: Path, outside: Path, place: str) -> None:
    link = home / place
    if place == "sites":
        link.rmdir()
    elif place == PATH:
        link.parent.mkdir()
        os.chown(link.parent, UID, UID)
    link.symlink_to(outside)
    with pytest.raises(TreeError, match="is a link or a file where a directory is expected"):
        make_document_root(str(home), PATH, UID)


def test_a_file_in_the_way_is_the_tenants_error(home: Path) -> None:
    (home / "sites/a.example").write_text("")
    with pytest.raises(TreeError, match=r"document root sites/a\.example/public: a\.example is a link or a file"):
        make_document_root(str(home), PATH, UID)


def test_nothing_is_made_in_somebody_elses_directory(home: Path) -> None:
    (home / "sites/a.example").mkdir()
    with pytest.raises(TreeError, match="belongs to uid 0, not to the tenant"):
        make_document_root(str(home), PATH, UID)
    assert os.listdir(home / "sites/a.example") == []


def test_a_tenant_that_swaps_links_in_meanwhile_gains_nothing(home: Path, outside: Path) -> None:
    site = home / "sites/a.example"
    spare = home / "spare"
    spare.symlink_to(outside)
    os.lchown(spare, UID, UID)
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            try:
                os.rename(spare, site)
                os.rename(site, spare)
            except OSError:
                _clear(site)

    tenant = threading.Thread(target=swap)
    tenant.start()
    try:
        for _attempt in range(400):
            try:
                make_document_root(str(home), PATH, UID)
            except (TreeError, OSError):
                continue
            _clear(site)
    finally:
        done.set()
        tenant.join()


def _clear(site: Path) -> None:
    """Remove a site's tree as far as it is there, without following links."""
    for path in (site / "public/index.html", site / "public", site):
        try:
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            elif not site.is_symlink():
                path.unlink()
        except OSError:
            continue
