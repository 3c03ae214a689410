# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Document roots in the tenant's own tree, where the tenant can swap anything at any moment.

Root makes them step by step through directory descriptors and never follows a symbolic link, so a path cannot be made
to lead out of the home. What exists is the tenant's and is left alone.
"""

from __future__ import annotations

import os
import stat

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PLACEHOLDER = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Nothing here yet</title>
<p>This site has no pages yet.</p>
</html>
"""


class TreeError(Exception):
    """Something in the tenant's tree stands in the way; the message is for the tenant."""


def has_document_root(home: str, path: str) -> bool:
    """Tell whether ``path`` below ``home`` leads to something: what it is, is the tenant's own choice."""
    return os.path.lexists(os.path.join(home, path))


def make_document_root(home: str, path: str, uid: int) -> bool:
    """Make the missing directories of ``path`` below ``home``, owned by ``uid``.

    A document root that is new gets a neutral index.html. Returns whether anything was made. Raises TreeError when a
    part of the path is no directory of the tenant, and OSError when the file system refuses.
    """
    descriptor = os.open(home, _OPEN)
    made = False
    try:
        for name in path.split("/"):
            below, new = _enter(descriptor, name, uid, path)
            os.close(descriptor)
            descriptor = below
            made = made or new
        if new:
            _write_placeholder(descriptor, uid)
        return made
    finally:
        os.close(descriptor)


def _enter(parent: int, name: str, uid: int, path: str) -> tuple[int, bool]:
    """Open the directory ``name`` below ``parent``, making it when it is missing; return it and whether it is new."""
    try:
        os.mkdir(name, 0o700, dir_fd=parent)
        new = True
    except FileExistsError:
        new = False
    try:
        descriptor = os.open(name, _OPEN, dir_fd=parent)
    except OSError as exc:
        raise TreeError(
            f"document root {path}: {name} is a link or a file where a directory is expected; it was left as it is"
        ) from exc
    owner = os.fstat(descriptor).st_uid
    if owner == uid:
        return descriptor, False
    if not new or owner != os.geteuid():
        os.close(descriptor)
        raise TreeError(f"document root {path}: {name} belongs to uid {owner}, not to the tenant; it was left as it is")
    os.fchown(descriptor, uid, uid)
    os.fchmod(descriptor, 0o755)
    return descriptor, True


def _write_placeholder(descriptor: int, uid: int) -> None:
    try:
        file = os.open(
            "index.html", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=descriptor
        )
    except FileExistsError:
        return
    with open(file, "wb") as stream:
        stream.write(_PLACEHOLDER)
        os.fchown(file, uid, uid)
        os.fchmod(file, stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IROTH)
