#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_info
short_description: Read the records of mailboxes
version_added: 0.1.0
description:
  - Returns the records of mailboxes, ordered by address. Passwords and their hashes are never returned.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record_info
options:
  address:
    description: Return the mailboxes with these addresses.
    type: list
    elements: str
  tenant:
    description: Return the mailboxes of one of these tenants.
    type: list
    elements: str
  domain:
    description: Return the mailboxes in one of these domains.
    type: list
    elements: str
  status:
    description: Return the mailboxes with one of these states.
    type: list
    elements: str
    choices: [active, disabled]
requirements:
  - idna >= 3.7, for internationalised domain names
seealso:
  - module: wcp360.hosting.mailbox
"""

EXAMPLES = r"""
- name: Read the mailboxes of a domain
  wcp360.hosting.mailbox_info:
    domain: [company-a.example]
  register: mailboxes
"""

RETURN = r"""
mailboxes:
  description: The records, ordered by address.
  type: list
  elements: dict
  returned: success
  sample:
    - id: 2b1e5cf0-1c33-4c8b-a7d5-6a7bb6b0d9a4
      address: info@company-a.example
      tenant: Company-A
      domain: company-a.example
      quota_mb: 1024
      status: active
      metadata: {}
      created_at: "2026-01-31T12:00:00+00:00"
      updated_at: "2026-01-31T12:00:00+00:00"
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.mailbox import MAILBOX
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_info_module


def main() -> None:
    """Read mailboxes."""
    run_info_module(MAILBOX)


if __name__ == "__main__":
    main()
