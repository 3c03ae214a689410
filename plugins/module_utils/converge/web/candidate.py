# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking nginx whether it accepts a configuration before any of it is swapped in.

The candidate is a mirror of /etc/nginx made of symbolic links, in which only three included files differ: the lists of
row files and of server blocks, which name live and staged files side by side, and the configuration's name. So nginx
reads the very bytes that it will read after the swap (``nginx -t -c``; relative includes follow the main file).
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import shutil
import subprocess
from collections.abc import Iterable

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.errors import ConvergeError
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.settings import WebPaths

_ERROR = re.compile(r"\[emerg\] (?:\d+#\d+: )?(?P<message>.*?)(?: in (?P<path>/\S+):(?P<line>\d+))?$", re.MULTILINE)
_DUPLICATE = re.compile(r'conflicting parameter "(?P<name>[^"]+)"')


@dataclasses.dataclass(frozen=True)
class Refusal:
    """Why nginx refused a configuration: its own message, and the file it was about ("" when it names none)."""

    message: str
    path: str = ""

    def __str__(self) -> str:
        return f"{self.message} in {self.path}" if self.path else self.message

    @property
    def duplicate(self) -> str:
        """The domain name that two tenants' rows have at once, or ""."""
        match = _DUPLICATE.match(self.message)
        return match["name"] if match else ""


def live_files(paths: WebPaths) -> tuple[set[str], set[str]]:
    """Return the row files and the server block files that nginx includes now."""
    rows = {entry.path for entry in _scan(paths.rows) if entry.name.endswith(".map")}
    blocks = {
        entry.path
        for folder in _scan(paths.custom)
        if folder.is_dir(follow_symlinks=False)
        for entry in _scan(folder.path)
        if entry.name.endswith(".conf")
    }
    return rows, blocks


def check_candidate(paths: WebPaths, folder: str, rows: Iterable[str], blocks: Iterable[str]) -> Refusal | None:
    """Return why nginx refuses the live base configuration with these row files and server block files, or None.

    ``folder`` is made anew for the candidate and removed afterwards.
    """
    shutil.rmtree(folder, ignore_errors=True)
    try:
        main = _build(paths, folder, rows, blocks)
        return _ask_nginx(main)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def parse_refusal(output: str) -> Refusal:
    """Find the reason in what ``nginx -t`` printed."""
    match = _ERROR.search(output)
    if match is None:
        return Refusal(output.strip()[:500] or "nginx gave no reason")
    return Refusal(match["message"][:500], match["path"] or "")


def _build(paths: WebPaths, folder: str, rows: Iterable[str], blocks: Iterable[str]) -> str:
    _mirror(paths.nginx_main, folder)
    inner = os.path.join(folder, "wcp360")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(inner)
    _mirror(paths.nginx, inner)
    for name, text in {
        "rows.conf": _include_lines(rows),
        "custom.conf": _include_lines(blocks),
        "config-id.conf": render_config_id("candidate"),
    }.items():
        path = os.path.join(inner, name)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
    return os.path.join(folder, "nginx.conf")


def render_config_id(name: str) -> str:
    """Render the file that names a configuration."""
    return f'map "" $wcp_config_id {{\n    default "{name}";\n}}\n'


def _ask_nginx(main: str) -> Refusal | None:
    try:
        process = subprocess.run(["nginx", "-t", "-q", "-c", main], capture_output=True, text=True, check=False)
    except OSError as exc:
        raise ConvergeError(f"nginx cannot be run ({exc.strerror}): run the role wcp360.hosting.web first") from exc
    return parse_refusal(process.stderr) if process.returncode != 0 else None


def _scan(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []


def _mirror(source: str, folder: str) -> None:
    os.makedirs(folder, mode=0o700)
    for entry in _scan(source):
        os.symlink(entry.path, os.path.join(folder, entry.name))


def _include_lines(files: Iterable[str]) -> str:
    return "".join(f"include {path};\n" for path in sorted(files))
