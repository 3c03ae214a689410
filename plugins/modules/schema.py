#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: schema
short_description: Bring the schema of the record store up to date
version_added: 0.1.0
description:
  - Applies the migrations that the database does not have yet, in order. A migration is a plain SQL file and runs in
    one transaction. One that fails is rolled back as a whole; those before it stay, and the next run goes on there.
  - Only one run at a time changes the schema. A second one waits for the first, and then finds nothing to do.
  - The database keeps the checksum of every migration. A file that was edited after it had been applied is refused, and
    so is a database that a newer release has migrated; nothing is changed then.
  - Connect as the role that is to own the tables, see P(wcp360.hosting.record_store#module).
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
attributes:
  check_mode:
    description: Can run in check mode and return what would be applied.
    support: full
  diff_mode:
    description: There is nothing to show besides the names of the migrations.
    support: none
options:
  src:
    description: Directory of the migrations, on the host that runs the module.
    type: path
    required: true
requirements:
  - alembic
"""

EXAMPLES = r"""
- name: Bring the schema up to date
  wcp360.hosting.schema:
    dsn: dbname=wcp360_prod user=wcp_admin
    src: /opt/wcp360/migrations
"""

RETURN = r"""
applied:
  description: Migrations that were applied, in order.
  type: list
  elements: str
  returned: success
  sample: [0001_grammars, 0002_server_block]
pending:
  description: Migrations that would be applied. Empty unless in check mode.
  type: list
  elements: str
  returned: success
  sample: []
current:
  description: The last migration that the database has, V(null) when it has none.
  type: str
  returned: success
  sample: 0007_operations
"""

import dataclasses

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.parameters import env_fallback

from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import RecordStoreError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.schema import IMPORT_ERROR, migrate


def main() -> None:
    """Migrate, and say what was done."""
    module = AnsibleModule(
        argument_spec={
            "dsn": {"type": "str", "no_log": True, "fallback": (env_fallback, ["WCP360_DSN"])},
            "src": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    if IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("alembic and psycopg2"), exception=IMPORT_ERROR)
    try:
        report = migrate(module.params["dsn"], module.params["src"], check=module.check_mode)
    except RecordStoreError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(report.applied or report.pending), **dataclasses.asdict(report))


if __name__ == "__main__":
    main()
