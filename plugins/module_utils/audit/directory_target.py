# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Anchors as files of a directory, best one on another machine or on a medium that can be written once."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import secrets

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.anchor import FoundAnchor, read_anchor
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.errors import AnchorError

_NAME = re.compile(r"[0-9]{20}\.json")


def anchor_name(sequence: int) -> str:
    """Return the name of an anchor's file or object; names sort as the sequences do."""
    return f"{sequence:020d}.json"


@dataclasses.dataclass(frozen=True)
class DirectoryTarget:
    """A directory that exists. See targets.Target."""

    path: str

    @property
    def name(self) -> str:
        """The directory's absolute path."""
        return os.path.abspath(self.path)

    def write(self, sequence: int, content: bytes) -> FoundAnchor | None:
        """Write a file that is there as a whole or not at all, and that replaces none."""
        final = os.path.join(self.path, anchor_name(sequence))
        staged = os.path.join(self.path, f".{secrets.token_hex(8)}")
        try:
            with open(staged, "xb", opener=_private) as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            try:
                os.link(staged, final)
            except FileExistsError:
                return self._read_file(final)
            finally:
                os.unlink(staged)
            self._sync()
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(staged)
            raise AnchorError(f"cannot write an anchor to {self.path}: {error.strerror}") from None
        return None

    def read(self) -> list[FoundAnchor]:
        """Read the files whose names are those of anchors."""
        try:
            names = sorted(name for name in os.listdir(self.path) if _NAME.fullmatch(name))
            return [self._read_file(os.path.join(self.path, name)) for name in names]
        except OSError as error:
            raise AnchorError(f"cannot read the anchors in {self.path}: {error.strerror}") from None

    def _read_file(self, path: str) -> FoundAnchor:
        with open(path, "rb") as stream:
            return read_anchor(path, stream.read())

    def _sync(self) -> None:
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
