# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run Ansible's commands as a controller would, with the collection of this checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

COLLECTIONS = Path(__file__).parents[2] / ".cache/collections"


def run_ansible(
    command: str, *arguments: str | Path, home: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run ``command``, one of Ansible's, with its own state below ``home``; it may fail."""
    return subprocess.run(
        [Path(sys.executable).parent / command, *arguments],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(COLLECTIONS),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_HOME": str(home / "ansible"),
            **{name: os.environ[name] for name in ("WCP360_ACTOR", "WCP360_AUDIT_KEYS")},
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def ansible_output(command: str, *arguments: str | Path, home: Path, **environment: str) -> str:
    """Run one of Ansible's commands, which must succeed, and return what it prints."""
    result = run_ansible(command, *arguments, home=home, **environment)
    if result.returncode:
        raise AssertionError(f"{command} failed:\n{result.stdout}\n{result.stderr}")
    return result.stdout


def run_tasks(home: Path, *tasks: dict[str, Any], **environment: str) -> list[dict[str, Any]]:
    """Run the tasks on localhost in one play and return the result of each, failed ones too."""
    registered = [task | {"register": f"result_{number}", "ignore_errors": True} for number, task in enumerate(tasks)]
    results = home / "results.json"
    collect = {
        "ansible.builtin.copy": {
            "content": "{{ [" + ", ".join(f"result_{number}" for number in range(len(tasks))) + "] | to_json }}",
            "dest": str(results),
            "mode": "0600",
        }
    }
    playbook = home / "playbook.json"
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [*registered, collect]}
    playbook.write_text(json.dumps([play]), encoding="utf-8")
    ansible_output("ansible-playbook", playbook, home=home, **environment)
    collected: list[dict[str, Any]] = json.loads(results.read_text(encoding="utf-8"))
    return collected
