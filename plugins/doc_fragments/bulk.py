# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options and attributes of all bulk modules."""

    DOCUMENTATION = r"""
options:
  document:
    description: Path of the desired document on the node, as returned by P(wcp360.hosting.desired#module).
    type: path
    required: true
  details:
    description: Return every single change in RV(changes), as the playbook C(wcp360.hosting.plan) does.
    type: bool
    default: false
  data_dir:
    description: Where everything that tenants store is kept, as in C(node_data_dir) of the role wcp360.hosting.node.
    type: path
    default: /srv/wcp360
attributes:
  check_mode:
    description: Can run in check mode and return what would change, without changing anything.
    support: full
  diff_mode:
    description: Returns what changes, at most 200 objects. Secrets are hidden.
    support: full
notes:
  - Runs on the node as root, with the distribution's Python.
  - An error of one tenant is returned in RV(failed_tenants) and does not fail the task. It is written back to the
    record store by P(wcp360.hosting.observed#module).
"""
