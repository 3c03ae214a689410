#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: database
short_description: Manage the records of databases
version_added: 0.1.0
description:
  - Creates, changes and deletes the record of one database of a tenant. It has one database user, of the same name.
  - A change makes the tenant out of date.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record
  - wcp360.hosting.record.state
options:
  name:
    description:
      - Name of the database, in lower-case letters, digits and underscores, beginning with a letter. Unique in the
        record store.
    type: str
    required: true
  tenant:
    description: Name of the tenant that owns the database. Required for a new database; it never changes.
    type: str
  engine:
    description: Kind of server. A new database gets V(mariadb). It never changes.
    type: str
    choices: [mariadb, postgresql]
  status:
    description:
      - V(disabled) databases are kept and take no connections.
      - A new database gets V(active).
    type: str
    choices: [active, disabled]
  metadata:
    description: Free data, at most 64 KiB as JSON. Replaced as a whole.
    type: dict
seealso:
  - module: wcp360.hosting.database_info
  - module: wcp360.hosting.tenant
  - module: wcp360.hosting.records
"""

EXAMPLES = r"""
- name: Add a database
  wcp360.hosting.database:
    name: shop
    tenant: Company-A
    engine: postgresql
"""

RETURN = r"""
database:
  description:
    - The record as it is stored.
    - In check mode a record that would be created lacks C(id), C(created_at) and C(updated_at).
  type: dict
  returned: when the record is present
  sample:
    id: 7c9d2a50-8d3f-4c57-9c2f-f3c2a0a5a1f3
    name: shop
    tenant: Company-A
    engine: mariadb
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

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.database import DATABASE
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_record_module


def main() -> None:
    """Write one database."""
    run_record_module(DATABASE)


if __name__ == "__main__":
    main()
