# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What the modules that write records have in common."""

    DOCUMENTATION = r"""
options:
  audit_keys:
    description:
      - File with the keys of the audit log, on the host that the task runs on, see
        P(wcp360.hosting.audit_keys#module). Every change gets an entry in the log; without the keys nothing is written.
      - When it is not given, the environment variable E(WCP360_AUDIT_KEYS) of that host counts, and then
        V(/etc/wcp360/audit-keys.json).
    type: path
attributes:
  check_mode:
    description: Can run in check mode and return what would change.
    support: full
    details:
      - The same statements run in PostgreSQL and are rolled back, so what the database would refuse fails here too.
  diff_mode:
    description: Returns the fields that change, before and after.
    support: full
    details:
      - At most 100 records are shown.
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
  action_group:
    description: Use C(group/wcp360.hosting.records) in C(module_defaults) to set O(dsn) once for all modules.
    support: full
    membership:
      - wcp360.hosting.records
requirements:
  - idna >= 3.7, for internationalised domain names
notes:
  - A task writes one transaction. When it fails, nothing was changed, and the message names the record and the field.
  - A deleted record keeps its name reserved until it is purged, so that it can be restored.
"""

    STATE = r"""
options:
  state:
    description:
      - V(present) creates the record, or changes the given fields of an existing one. Fields that are not given stay as
        they are.
      - V(absent) deletes the record. It is marked as deleted, and wiped when it is purged.
      - V(restored) brings a deleted record back, with all that was deleted together with it, and changes the given
        fields. It is V(present) for a record that is there, and refused for one that never was or that is purged.
    type: str
    choices: [present, absent, restored]
    default: present
"""
