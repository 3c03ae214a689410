#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cron_job
short_description: Manage the records of cron jobs
version_added: 0.1.0
description:
  - Creates, changes and deletes the record of one cron job, a command of a tenant that runs by the clock of its time
    zone.
  - A change makes the tenant out of date.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record
  - wcp360.hosting.record.state
options:
  tenant:
    description: Name of the tenant that owns the job. It never changes.
    type: str
    required: true
  name:
    description: Name of the job, in lower-case letters, digits, underscores and hyphens. Unique for its tenant.
    type: str
    required: true
  schedule:
    description:
      - Five cron fields separated by single spaces, or one of V(@hourly), V(@daily), V(@midnight), V(@weekly),
        V(@monthly), V(@yearly) and V(@annually). Required for a new job.
    type: str
  command:
    description: One line that the tenant runs. Required for a new job.
    type: str
  working_dir:
    description: Directory, relative to the tenant's home. A new job runs in the home itself.
    type: str
  status:
    description:
      - V(disabled) jobs are kept and do not run.
      - A new job gets V(active).
    type: str
    choices: [active, disabled]
  metadata:
    description: Free data, at most 64 KiB as JSON. Replaced as a whole.
    type: dict
  unset:
    description: Fields to set back to no value.
    type: list
    elements: str
    choices: [working_dir]
    default: []
seealso:
  - module: wcp360.hosting.cron_job_info
  - module: wcp360.hosting.tenant
  - module: wcp360.hosting.records
"""

EXAMPLES = r"""
- name: Clean up every night
  wcp360.hosting.cron_job:
    tenant: Company-A
    name: nightly
    schedule: 30 3 * * *
    command: php bin/cleanup
    working_dir: sites/company-a.example
"""

RETURN = r"""
cron_job:
  description:
    - The record as it is stored.
    - In check mode a record that would be created lacks C(id), C(created_at) and C(updated_at).
  type: dict
  returned: when the record is present
  sample:
    id: b8c3a1de-64cf-4f93-9b3b-4c3e7d9a5f60
    name: nightly
    tenant: Company-A
    schedule: 30 3 * * *
    command: php bin/cleanup
    working_dir: sites/company-a.example
    status: active
    metadata: {}
    created_at: "2026-01-31T12:00:00+00:00"
    updated_at: "2026-01-31T12:00:00+00:00"
errors:
  description: What is wrong, record by record, when the options or the database refuse it.
  type: list
  elements: dict
  returned: on failure
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.cron_job import CRON_JOB
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_record_module


def main() -> None:
    """Write one cron job."""
    run_record_module(CRON_JOB)


if __name__ == "__main__":
    main()
