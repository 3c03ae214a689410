# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode on a machine that is as it should be: it finds nothing to change, and touches nothing."""

from __future__ import annotations

import os
import subprocess

from lab.lab import changed_counts
from testinfra.host import Host

testinfra_hosts = ["ansible://node1"]

MANAGED = "/etc /usr/lib/wcp360 /var/lib/extrausers /srv/wcp360"


def _fingerprint(host: Host) -> str:
    return str(host.check_output(f"find {MANAGED} -printf '%p %y %m %U:%G %s %T@ %l\\n' | sort | sha256sum"))


def test_check_mode_changes_nothing(host: Host) -> None:
    before = _fingerprint(host)
    done = subprocess.run(
        [
            "ansible-playbook",
            "--check",
            "--inventory",
            os.path.join(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"], "inventory"),
            "--inventory",
            "inventory",
            "--extra-vars",
            "wcp360_full=true",
            "converge.yml",
        ],
        cwd=os.environ["MOLECULE_SCENARIO_DIRECTORY"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert changed_counts(done.stdout) == {"localhost": 0, "manager": 0, "node1": 0}, done.stdout
    assert _fingerprint(host) == before
