# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of a keyring: readable by its owner alone, replaced as a whole, changed by one at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import stat
from collections.abc import Callable, Iterator

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.errors import KeyringError
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyring import Keyring, parse_keyring

DEFAULT_PATH = "/etc/wcp360/audit-keys.json"
PATH_VARIABLE = "WCP360_AUDIT_KEYS"


def keyring_path(path: str | None = None) -> str:
    """Return ``path``, or the environment's WCP360_AUDIT_KEYS, or /etc/wcp360/audit-keys.json."""
    return path or os.environ.get(PATH_VARIABLE) or DEFAULT_PATH


def load_keyring(path: str | None = None) -> Keyring:
    """Return the keyring in a file, see ``keyring_path``.

    Raises KeyringError for a file that is not there or is no keyring, that belongs to somebody else than root or the
    user who reads it, or that others may read.
    """
    name = keyring_path(path)
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise KeyringError(
            f"there are no audit keys in {name}: make them with the module wcp360.hosting.audit_keys, or name their"
            f" file in the option audit_keys or the environment variable {PATH_VARIABLE}"
        ) from None
    except OSError as error:
        raise KeyringError(f"cannot read the audit keys in {name}: {error.strerror}") from None
    try:
        _require_private(os.fstat(descriptor), name)
        with open(descriptor, encoding="utf-8", errors="replace", closefd=False) as stream:
            text = stream.read()
    finally:
        os.close(descriptor)
    try:
        return parse_keyring(text)
    except KeyringError as error:
        raise KeyringError(f"{name} is no file of audit keys: {error}; it was left as it is") from None


def change_keyring(path: str | None, change: Callable[[Keyring | None], Keyring | None]) -> Keyring | None:
    """Replace the keyring in a file by what ``change`` makes of it, which is given None when there is no file.

    Nothing is written when ``change`` returns None. Returns what the file holds then, if it exists. Concurrent calls
    wait for each other, so no key is lost. The directory is made when the one above it exists. Raises KeyringError; the
    file is the old one or the new one, never half of it.
    """
    name = keyring_path(path)
    directory = os.path.dirname(name) or "."
    if not os.path.isdir(directory):
        if change(None) is None:
            return None
        with contextlib.suppress(OSError):  # opening it tells what is wrong
            os.mkdir(directory, 0o755)
    with _lock(directory):
        present = load_keyring(name) if os.path.lexists(name) else None
        wanted = change(present)
        if wanted is not None:
            _replace(name, wanted.to_json().encode())
    return wanted or present


def _require_private(status: os.stat_result, name: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyringError(f"{name} must be a regular file to hold audit keys")
    if status.st_uid not in (0, os.geteuid()):
        raise KeyringError(f"{name} must belong to root, or to the user who reads it: chown root {name}")
    if status.st_mode & 0o077:
        raise KeyringError(f"{name} must be readable by its owner alone: chmod 600 {name}, and rotate the keys")


@contextlib.contextmanager
def _lock(directory: str) -> Iterator[None]:
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise KeyringError(f"cannot use the directory {directory} for audit keys: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace(name: str, content: bytes) -> None:
    staged = f"{name}.{secrets.token_hex(8)}"
    try:
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with open(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(descriptor)
            os.replace(staged, name)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(staged)
            raise
    except OSError as error:
        raise KeyringError(f"cannot write the audit keys to {name}: {error.strerror}; nothing was changed") from None
