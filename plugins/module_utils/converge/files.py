# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed files: deciding what to write, and writing it so that nobody ever reads half of it.

All managed files are in directories that only root can write, so there is no tenant's symbolic link to follow. A
write is staged in a directory of the same file system, synced, validated by the caller, and renamed into place.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import hashlib
import os
import shutil
import stat
import time
from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.errors import ConvergeError
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.plan import Change
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.state import State


@dataclasses.dataclass(frozen=True)
class ManagedFile:
    """A file as it is to be: ``tenant`` is its owner's id (or plan.NODE), a ``secret`` is never shown in a diff."""

    path: str
    content: bytes
    tenant: str
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    secret: bool = False


@dataclasses.dataclass(frozen=True)
class ActualFile:
    """A file as it is. ``content`` is None for anything that is not a regular file."""

    content: bytes | None
    mode: int
    uid: int
    gid: int


@dataclasses.dataclass(frozen=True)
class FileChange(Change):
    """A change of one managed file; ``file`` is None when it is removed."""

    file: ManagedFile | None = None


def read_files(paths: Iterable[str]) -> dict[str, ActualFile]:
    """Read those of ``paths`` that exist, without following a symbolic link at the end."""
    actual = {}
    for path in paths:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            actual[path] = ActualFile(None, 0, -1, -1)
            continue
        with open(descriptor, "rb") as stream:
            status = os.fstat(descriptor)
            content = stream.read() if stat.S_ISREG(status.st_mode) else None
            actual[path] = ActualFile(content, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)
    return actual


def plan_files(
    desired: Iterable[ManagedFile], actual: Mapping[str, ActualFile], owned: Mapping[str, str]
) -> list[FileChange]:
    """Compare what is to be with what is.

    ``owned`` maps the paths that exist and are managed to the id of their tenant: those that are no longer desired
    are removed.
    """
    changes = []
    wanted = set()
    for file in desired:
        wanted.add(file.path)
        found = actual.get(file.path)
        if found is None:
            changes.append(FileChange(file.tenant, "create", file.path, "", _text(file.content), file.secret, file))
        elif found != ActualFile(file.content, file.mode, file.uid, file.gid):
            before = _text(found.content)
            if found.content == file.content:
                before += f"# mode {found.mode:04o}, owner {found.uid}:{found.gid}\n"
            changes.append(FileChange(file.tenant, "update", file.path, before, _text(file.content), file.secret, file))
    for path, tenant in sorted(owned.items()):
        if path not in wanted and path in actual:
            changes.append(FileChange(tenant, "remove", path, _text(actual[path].content)))
    return changes


def _text(content: bytes | None) -> str:
    return "" if content is None else content.decode("utf-8", "replace")


class FileStore:
    """Stages, swaps and removes managed files, and remembers them in the manifest.

    ``roots`` are directories that may be on file systems of their own: a file below one of them is staged in its
    ``.wcp360-staging``, any other file in that of the first. ``replaced`` receives copies of files that somebody
    changed by hand, before they are overwritten or removed.
    """

    def __init__(self, state: State, kind: str, roots: Sequence[str], replaced: str) -> None:
        self._state = state
        self._kind = kind
        self._staging = {root: os.path.join(root, ".wcp360-staging") for root in roots}
        self._replaced = replaced

    def reset(self) -> None:
        """Remove what a killed run left in the staging directories."""
        for directory in self._staging.values():
            shutil.rmtree(directory, ignore_errors=True)

    def stage(self, changes: Iterable[FileChange]) -> dict[str, str]:
        """Write the new contents aside and sync them once. Return managed path to staged path."""
        staged: dict[str, str] = {}
        for directory in self._staging.values():
            os.makedirs(directory, mode=0o700, exist_ok=True)
        for number, change in enumerate(changes):
            if change.file is None:
                continue
            path = os.path.join(self._staging_of(change.file.path), f"{number}")
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with open(descriptor, "wb") as stream:
                stream.write(change.file.content)
                os.fchown(descriptor, change.file.uid, change.file.gid)
                os.fchmod(descriptor, change.file.mode)
            staged[change.file.path] = path
        for directory in {os.path.dirname(path) for path in staged.values()}:
            _sync_file_system(directory)
        return staged

    def commit(self, changes: Iterable[FileChange], staged: Mapping[str, str]) -> None:
        """Put the staged files in place and remove what is no longer wanted, in the order of the changes."""
        changes = list(changes)
        self._keep_edits(changes)
        written = [change.file for change in changes if change.file is not None]
        removed = [change.target for change in changes if change.file is None]
        self._state.record_files(
            self._kind,
            [(file.path, file.tenant, hashlib.sha256(file.content).hexdigest()) for file in written],
            removed,
        )
        directories: set[str] = set()
        for change in changes:
            directory = os.path.dirname(change.target)
            if change.file is None:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(change.target)
            else:
                if directory not in directories:
                    os.makedirs(directory, mode=0o755, exist_ok=True)
                os.rename(staged[change.target], change.target)
            directories.add(directory)
        for directory in directories:
            _sync_directory(directory)
        self.reset()

    def _staging_of(self, path: str) -> str:
        for root, directory in self._staging.items():
            if path.startswith(root + "/"):
                return directory
        return next(iter(self._staging.values()))

    def _keep_edits(self, changes: Iterable[FileChange]) -> None:
        manifest = self._state.manifest(self._kind)
        folder = os.path.join(self._replaced, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
        for path, actual in read_files(change.target for change in changes if change.target in manifest).items():
            if actual.content is None or hashlib.sha256(actual.content).hexdigest() in manifest[path]:
                continue
            copy = folder + path
            os.makedirs(os.path.dirname(copy), mode=0o700, exist_ok=True)
            descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with open(descriptor, "wb") as stream:
                stream.write(actual.content)


def _sync_file_system(path: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if libc.syncfs(descriptor) != 0:
            error = os.strerror(ctypes.get_errno())
            raise ConvergeError(f"the staged files cannot be written to disk ({error}); nothing was swapped in")
    finally:
        os.close(descriptor)


def _sync_directory(path: str) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
