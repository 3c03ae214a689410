# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Talking to systemd in few calls, whatever the number of units."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Sequence

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.errors import ConvergeError

_ARGUMENTS = 1000


def systemctl(*arguments: str) -> str:
    """Run systemctl and return what it prints. Raises ConvergeError with its message when it fails."""
    process = subprocess.run(["systemctl", *arguments], capture_output=True, text=True, check=False)
    if process.returncode != 0:
        shown = " ".join(arguments[:4]) + (" ..." if len(arguments) > 4 else "")
        raise ConvergeError(f"systemctl {shown} failed: {process.stderr.strip()[:500] or process.returncode}")
    return process.stdout


def systemctl_units(verb: str, units: Iterable[str], *options: str) -> dict[str, str]:
    """Run one verb on many units at once; return the units that systemctl named in an error, with its line."""
    failed: dict[str, str] = {}
    for batch in _batches(sorted(units)):
        process = subprocess.run(
            ["systemctl", verb, *options, "--", *batch], capture_output=True, text=True, check=False
        )
        if process.returncode != 0:
            lines = process.stderr.splitlines()
            named = {unit: line for unit in batch for line in lines if unit in line}
            if not named:
                raise ConvergeError(f"systemctl {verb} failed: {process.stderr.strip()[:500] or process.returncode}")
            failed.update(named)
    return failed


def list_units(pattern: str) -> dict[str, str]:
    """Return the loaded units that match ``pattern``: name to active state (active, inactive, failed, ...)."""
    output = systemctl("list-units", "--all", "--plain", "--no-legend", "--full", pattern)
    return {fields[0]: fields[2] for line in output.splitlines() if len(fields := line.split()) > 2}


def _batches(units: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(units), _ARGUMENTS):
        yield units[start : start + _ARGUMENTS]
