#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: slices
short_description: Make the slices of a node's tenants match the desired document
version_added: 0.1.0
description:
  - For each tenant of the desired document, writes the limits of its package to a drop-in file of the owner's slice
    (C(user-<uid>.slice)), puts them in force without a reload of systemd where few slices change, starts the slice, and
    reads back from its cgroup what the kernel has in force.
  - The slice of a deleted tenant is stopped, and with it every process in it.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.bulk
options:
  memory_high_pct:
    description:
      - Percentage of the package's C(max_mem_mb) from which the kernel reclaims memory and slows allocation
        (MemoryHigh).
    type: int
    default: 95
  tasks_max:
    description: Processes and threads of a tenant whose package does not set C(max_tasks).
    type: int
    default: 512
  swap_max_mb:
    description: Swap that a tenant may use, in MiB.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: Make the slices match
  wcp360.hosting.slices:
    document: "{{ desired.document }}"
"""

RETURN = r"""
actions:
  description: Number of changes by action.
  type: dict
  returned: success
  sample: {"create": 3, "start": 1}
tenants_changed:
  description: Number of tenants with a change.
  type: int
  returned: success
failed_tenants:
  description: Errors by tenant name.
  type: dict
  returned: success
changes:
  description: Every change, in the order of doing.
  type: list
  elements: dict
  returned: when O(details=true)
  contains:
    tenant:
      description: Name of the tenant, empty for changes of the node itself.
      type: str
    action:
      description: What is done, for example V(create), V(update), V(remove), V(start), V(stop) or V(set).
      type: str
    target:
      description: The path or object.
      type: str
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.module import run_module
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.slices import Slices, SliceSettings


def main() -> None:
    """Run the kind slices."""
    run_module(
        lambda params: Slices(SliceSettings(params["memory_high_pct"], params["tasks_max"], params["swap_max_mb"])),
        memory_high_pct={"type": "int", "default": 95},
        tasks_max={"type": "int", "default": 512},
        swap_max_mb={"type": "int", "default": 0},
    )


if __name__ == "__main__":
    main()
