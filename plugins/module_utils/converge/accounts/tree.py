# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directories of a tenant, made so that nothing the tenant does can lead root elsewhere.

``<data>/tenants/<uid>`` is root's and carries the tenant's project id; ``home`` below it is the tenant's. The first
two levels are in directories that only root writes. Inside the home, every step is taken through a directory
descriptor and never through a symbolic link.
"""

from __future__ import annotations

import dataclasses
import errno
import fcntl
import os
import shutil
import stat
import struct

_FSXATTR = struct.Struct("=IIIII8s")  # struct fsxattr of linux/fs.h
_FS_IOC_FSGETXATTR = 0x801C581F
_FS_IOC_FSSETXATTR = 0x401C5820
_FS_XFLAG_PROJINHERIT = 0x00000200

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclasses.dataclass(frozen=True)
class Directory:
    """One directory of a tenant: its path relative to the tenant's directory, owner and mode.

    An ``own`` directory is the tenant's business once it exists: made when missing, never changed.
    """

    path: str
    uid: int
    gid: int
    mode: int
    own: bool = False


def tenant_directories(uid: int, web_gid: int) -> tuple[Directory, ...]:
    """Return a tenant's directories, parents first.

    The home is closed to other tenants and open for passing through to the web server's group, which is how nginx
    reaches document roots.
    """
    return (
        Directory("", 0, 0, 0o711),
        Directory("home", uid, web_gid, 0o710),
        Directory("home/sites", uid, uid, 0o755, own=True),
        Directory("home/tmp", uid, uid, 0o700, own=True),
    )


def inspect_directory(base: str, directory: Directory) -> str | None:
    """Return what is to be done about a directory: None, or a phrase such as "missing" or "mode 0755"."""
    try:
        status = os.lstat(os.path.join(base, directory.path))
    except FileNotFoundError:
        return "missing"
    except NotADirectoryError:
        return "inside something that is not a directory"
    if directory.own:
        return None
    if not stat.S_ISDIR(status.st_mode):
        return "not a directory"
    if (status.st_uid, status.st_gid) != (directory.uid, directory.gid):
        return f"owner {status.st_uid}:{status.st_gid}"
    mode = stat.S_IMODE(status.st_mode)
    return None if mode == directory.mode else f"mode {mode:04o}"


def make_directory(base: str, directory: Directory) -> None:
    """Make a directory and give it its owner and mode. Raises OSError; a symbolic link in the way is ENOTDIR/ELOOP."""
    parent, name = os.path.split(directory.path)
    if not name:
        os.makedirs(base, mode=0o711, exist_ok=True)
        descriptor = os.open(base, _OPEN)
    else:
        folder = _open_below(base, parent)
        try:
            try:
                os.mkdir(name, 0o700, dir_fd=folder)
            except FileExistsError:
                if directory.own:
                    return
            descriptor = os.open(name, _OPEN, dir_fd=folder)
        finally:
            os.close(folder)
    try:
        os.fchown(descriptor, directory.uid, directory.gid)
        os.fchmod(descriptor, directory.mode)
    finally:
        os.close(descriptor)


def remove_tree(base: str) -> None:
    """Remove a tenant's directory with everything in it. Raises OSError.

    A removal that is cut short is finished by the next run. shutil.rmtree goes down by directory descriptors, so that a
    symbolic link is removed and never followed.
    """
    if not shutil.rmtree.avoids_symlink_attacks:
        raise OSError(errno.ENOTSUP, "this Python cannot remove a directory safely", base)
    shutil.rmtree(base)


def _open_below(base: str, path: str) -> int:
    descriptor = os.open(base, _OPEN)
    for name in filter(None, path.split("/")):
        try:
            below = os.open(name, _OPEN, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = below
    return descriptor


def read_project(path: str) -> tuple[int, bool]:
    """Return a directory's project id and whether what is made in it inherits it."""
    descriptor = os.open(path, _OPEN)
    try:
        flags, _extsize, _nextents, project, _cow, _pad = _get_attributes(descriptor)
        return project, bool(flags & _FS_XFLAG_PROJINHERIT)
    finally:
        os.close(descriptor)


def set_project(path: str, project: int) -> None:
    """Give a directory a project id that everything made in it inherits. Raises OSError without project quota."""
    descriptor = os.open(path, _OPEN)
    try:
        flags, extsize, nextents, _project, cow, pad = _get_attributes(descriptor)
        packed = _FSXATTR.pack(flags | _FS_XFLAG_PROJINHERIT, extsize, nextents, project, cow, pad)
        fcntl.ioctl(descriptor, _FS_IOC_FSSETXATTR, packed)
    finally:
        os.close(descriptor)


def _get_attributes(descriptor: int) -> tuple[int, int, int, int, int, bytes]:
    packed = fcntl.ioctl(descriptor, _FS_IOC_FSGETXATTR, bytes(_FSXATTR.size))
    flags, extsize, nextents, project, cow, pad = _FSXATTR.unpack(packed)
    return flags, extsize, nextents, project, cow, pad
