# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What the modules that read records have in common."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode.
    support: full
    details:
      - This action changes nothing.
  diff_mode:
    description: Returns the fields that change, before and after.
    support: N/A
    details:
      - This action changes nothing.
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
    details:
      - This action changes nothing.
  action_group:
    description: Use C(group/wcp360.hosting.records) in C(module_defaults) to set O(dsn) once for all modules.
    support: full
    membership:
      - wcp360.hosting.records
notes:
  - The filters run in PostgreSQL. A record is returned when it matches every filter that is given.
  - Deleted records are not returned.
"""
