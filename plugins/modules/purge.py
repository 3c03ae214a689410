#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: purge
short_description: Wipe for good what was deleted
version_added: 0.1.0
description:
  - Wipes deleted records whose term is over, in dependency order, and reports what it removed. For tenants and what
    they own the term is C(retention_days) of the tenant's package, for everything else 30 days.
  - A tenant is purged in two steps, because its data is on a node. O(step=begin) marks the tenants, the next converge
    of their nodes removes their data, and O(step=finish) deletes their rows. The playbook C(wcp360.hosting.purge) does
    all three.
  - There is no way back from the first step. The entries of the audit log stay.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
attributes:
  check_mode:
    description: Can run in check mode and return what would be purged.
    support: full
  diff_mode:
    description: What is purged is in the result.
    support: none
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
  action_group:
    description: Use C(group/wcp360.hosting.records) in C(module_defaults) to set O(dsn) once for all modules.
    support: full
    membership:
      - wcp360.hosting.records
options:
  audit_keys:
    description:
      - File with the keys of the audit log, on the host that the task runs on, see
        P(wcp360.hosting.audit_keys#module). When it is not given, the environment variable E(WCP360_AUDIT_KEYS) of that
        host counts, and then V(/etc/wcp360/audit-keys.json).
    type: path
  step:
    description: Which step to take.
    type: str
    choices: [begin, finish]
    required: true
notes:
  - A tenant that has backups waits until they are gone.
  - A record that another one refers to waits until that one is purged.
"""

EXAMPLES = r"""
- name: Have the nodes remove the data of tenants that were deleted long ago
  wcp360.hosting.purge:
    step: begin

- name: Delete what the nodes have wiped
  wcp360.hosting.purge:
    step: finish
"""

RETURN = r"""
tenants:
  description: Names of the tenants whose purge began, or whose rows were deleted.
  type: list
  elements: str
  returned: success
nodes:
  description: Names of the nodes that have to converge.
  type: list
  elements: str
  returned: when O(step=begin)
counts:
  description: How many rows of each kind were deleted.
  type: dict
  returned: when O(step=finish)
  sample: {"tenants": 1, "domains": 2}
waiting:
  description: Tenants whose data is still on their node, with the node's last error.
  type: list
  elements: str
  returned: when O(step=finish)
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_purge_module


def main() -> None:
    """Take one step."""
    run_purge_module()


if __name__ == "__main__":
    main()
