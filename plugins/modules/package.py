#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package
short_description: Manage the records of packages
version_added: 0.1.0
description:
  - Creates, changes and deletes the record of one package, which says what each of its tenants may use.
  - A change of a package makes all of its tenants out of date, so the next converge applies the new limits.
  - A package that tenants use cannot be deleted.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record
  - wcp360.hosting.record.state
options:
  name:
    description: Name of the package, in lower-case letters, digits, underscores and hyphens.
    type: str
    required: true
  description:
    description: One line for people. A new package gets an empty one.
    type: str
  is_system:
    description: Whether resellers cannot delete the package. A new package gets V(false).
    type: bool
  reseller:
    description: Name of the reseller that the package belongs to. A new package belongs to none.
    type: str
  max_domains:
    description: Number of domains, 0 to 1,000,000. Required for a new package.
    type: int
  max_disk_mb:
    description: MiB of files, mail and databases together, 1 to 1,073,741,824. Required for a new package.
    type: int
  max_cpu_pct:
    description: Processor time in per cent of one CPU, 1 to 102,400. V(200) is two CPUs. Required for a new package.
    type: int
  max_mem_mb:
    description: MiB of memory, 16 to 16,777,216. Required for a new package.
    type: int
  max_databases:
    description: Number of databases. A new package has no such limit.
    type: int
  max_mailboxes:
    description: Number of mailboxes. A new package has no such limit.
    type: int
  max_cron_jobs:
    description: Number of cron jobs. A new package has no such limit.
    type: int
  max_bandwidth_mb:
    description: MiB sent in a calendar month. A new package has no such limit.
    type: int
  max_inodes:
    description: Number of files and directories, at least 100. A new package has no such limit.
    type: int
  max_tasks:
    description: Number of processes and threads, 8 to 4,194,304. A new package has no such limit.
    type: int
  cpu_weight:
    description: Share of the processor under contention, 1 to 10,000. A new package gets V(100).
    type: int
  io_weight:
    description: Share of the disk under contention, 1 to 10,000. A new package gets V(100).
    type: int
  features:
    description: Features by name, each V(true) or V(false), for example C(ssh). Replaced as a whole.
    type: dict
  retention_days:
    description: Days until a deleted tenant of the package may be purged, 30 to 3,650. A new package gets V(30).
    type: int
  metadata:
    description: Free data, at most 64 KiB as JSON. Replaced as a whole.
    type: dict
  force:
    description:
      - Allow a package, or limits, that are smaller than what tenants have. Nothing is removed from them, and nothing
        can be added to what is over its limit.
    type: bool
    default: false
  unset:
    description: Fields to set back to no value.
    type: list
    elements: str
    choices:
      - reseller
      - max_databases
      - max_mailboxes
      - max_cron_jobs
      - max_bandwidth_mb
      - max_inodes
      - max_tasks
    default: []
seealso:
  - module: wcp360.hosting.package_info
  - module: wcp360.hosting.records
"""

EXAMPLES = r"""
- name: Offer a small package
  wcp360.hosting.package:
    name: basic
    description: Shared hosting
    max_domains: 2
    max_disk_mb: 512
    max_cpu_pct: 20
    max_mem_mb: 128
    features:
      ssh: false

- name: Lift the limit on files
  wcp360.hosting.package:
    name: basic
    unset: [max_inodes]
"""

RETURN = r"""
package:
  description:
    - The record as it is stored.
    - In check mode a record that would be created lacks C(id), C(created_at) and C(updated_at).
  type: dict
  returned: when the record is present
  sample:
    id: 38452ae5-3727-4c26-b73f-2edc8a4311fa
    name: basic
    description: Shared hosting
    is_system: false
    reseller: null
    retention_days: 30
    max_domains: 2
    max_disk_mb: 512
    max_cpu_pct: 20
    max_mem_mb: 128
    max_databases: null
    max_mailboxes: null
    max_cron_jobs: null
    max_bandwidth_mb: null
    max_inodes: null
    max_tasks: null
    cpu_weight: 100
    io_weight: 100
    features: {"ssh": false}
    metadata: {}
    created_at: "2026-01-31T12:00:00+00:00"
    updated_at: "2026-01-31T12:00:00+00:00"
errors:
  description: What is wrong, record by record, when the options or the database refuse it.
  type: list
  elements: dict
  returned: on failure
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.package import PACKAGE
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_record_module


def main() -> None:
    """Write one package."""
    run_record_module(PACKAGE)


if __name__ == "__main__":
    main()
