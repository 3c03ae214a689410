#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: records_info
short_description: Read many records as one document
version_added: 0.1.0
description:
  - Returns all records, or those of chosen kinds, as one document that P(wcp360.hosting.records#module) takes back.
  - Written into the same record store it changes nothing. Written into an empty one it gives the same records.
  - What the store chooses for a record is not part of it. A tenant whose account is named after its user id gets the
    account of its new user id in another store.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record_info
options:
  kinds:
    description:
      - The lists of the document, by their names. All of them when it is not given.
      - A document of some kinds goes into an empty store only when the records that it refers to are there.
    type: list
    elements: str
    choices: [roles, resellers, nodes, packages, users, api_keys, tenants, domains, databases, mailboxes, cron_jobs]
  secrets:
    description:
      - Whether the document has the hashes of passwords and API keys. Without them, users and mailboxes come into an
        empty store without a password, and API keys are refused there.
      - The task must say C(no_log=true) then.
    type: bool
    default: false
seealso:
  - module: wcp360.hosting.records
"""

EXAMPLES = r"""
- name: Read all records with their hashes
  wcp360.hosting.records_info:
    secrets: true
  register: export
  no_log: true

- name: Keep them
  ansible.builtin.copy:
    content: "{{ export.records | to_json }}"
    dest: /var/backups/records.json
    mode: "0600"
  no_log: true
"""

RETURN = r"""
records:
  description: The document. Lists are ordered by owner and name, and have the fields that can be written.
  type: dict
  returned: success
  sample:
    format: 1
    databases:
      - name: shop
        tenant: Company-A
        engine: mariadb
        status: active
        metadata: {}
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_export_module


def main() -> None:
    """Read one document."""
    run_export_module()


if __name__ == "__main__":
    main()
