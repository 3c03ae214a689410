#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cron_job_info
short_description: Read the records of cron jobs
version_added: 0.1.0
description:
  - Returns the records of cron jobs, ordered by tenant and name.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record_info
options:
  name:
    description: Return the jobs of these names.
    type: list
    elements: str
  tenant:
    description: Return the jobs of one of these tenants.
    type: list
    elements: str
  status:
    description: Return the jobs with one of these states.
    type: list
    elements: str
    choices: [active, disabled]
seealso:
  - module: wcp360.hosting.cron_job
"""

EXAMPLES = r"""
- name: Read the jobs of a tenant
  wcp360.hosting.cron_job_info:
    tenant: [Company-A]
  register: jobs
"""

RETURN = r"""
cron_jobs:
  description: The records, ordered by tenant and name.
  type: list
  elements: dict
  returned: success
  sample:
    - id: b8c3a1de-64cf-4f93-9b3b-4c3e7d9a5f60
      name: nightly
      tenant: Company-A
      schedule: 30 3 * * *
      command: php bin/cleanup
      working_dir: sites/company-a.example
      status: active
      metadata: {}
      created_at: "2026-01-31T12:00:00+00:00"
      updated_at: "2026-01-31T12:00:00+00:00"
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.cron_job import CRON_JOB
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_info_module


def main() -> None:
    """Read cron jobs."""
    run_info_module(CRON_JOB)


if __name__ == "__main__":
    main()
