#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: record_store
short_description: Make the roles and the database of the record store
version_added: 0.1.0
description:
  - Makes the role that owns the record store, the role C(wcp_app) that everything but migrations connects as, the
    database and the extension C(uuid-ossp), as a superuser of the PostgreSQL server, through its Unix socket.
  - The tables are made by P(wcp360.hosting.schema#module).
author:
  - WCP360 contributors (@wcp360)
attributes:
  check_mode:
    description: Can run in check mode and return what would be done.
    support: full
  diff_mode:
    description: There is nothing to show besides RV(actions).
    support: none
options:
  role:
    description: Role that owns the database. It is no superuser and does not bypass row-level security.
    type: str
    default: wcp_admin
  database:
    description: Name of the database.
    type: str
    default: wcp360_prod
  password:
    description:
      - Password of the role C(wcp_app), for connections over the network. The roles need none for peer authentication
        on the Unix socket. When empty, the password stays as it is.
    type: str
    default: ''
  login_dsn:
    description: libpq connection string of a superuser, without a database.
    type: str
    default: ''
requirements:
  - psycopg2 on the host that runs the module
"""

EXAMPLES = r"""
- name: Make the roles and the database
  wcp360.hosting.record_store:
    password: "{{ vault_record_store_password }}"
  become: true
  become_user: postgres
"""

RETURN = r"""
actions:
  description: What was done, in words.
  type: list
  elements: str
  returned: success
  sample: ["create role wcp_admin", "create role wcp_app", "create database wcp360_prod"]
"""

import traceback
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.wcp360.hosting.plugins.module_utils.records.bootstrap import (
    RecordStore,
    ensure_extension,
    ensure_server,
)

try:
    import psycopg2
    from psycopg2.extensions import make_dsn
except ImportError:
    PSYCOPG2_ERROR: str | None = traceback.format_exc()
else:
    PSYCOPG2_ERROR = None


def main() -> None:
    """Make what is missing."""
    module = AnsibleModule(
        argument_spec={
            "role": {"type": "str", "default": "wcp_admin"},
            "database": {"type": "str", "default": "wcp360_prod"},
            "password": {"type": "str", "default": "", "no_log": True},
            "login_dsn": {"type": "str", "default": "", "no_log": True},
        },
        supports_check_mode=True,
    )
    if PSYCOPG2_ERROR:
        module.fail_json(msg=missing_required_lib("psycopg2"), exception=PSYCOPG2_ERROR)
    params = module.params
    wanted = RecordStore(params["role"], params["database"], params["password"])
    try:
        actions = _ensure(params["login_dsn"], wanted, module.check_mode)
    except (psycopg2.Error, ValueError) as exc:
        module.fail_json(msg=str(exc).strip())
    module.exit_json(changed=bool(actions), actions=actions)


def _ensure(dsn: str, wanted: RecordStore, check: bool) -> list[str]:
    server = _connect(dsn, "postgres")
    try:
        actions = ensure_server(server, wanted, check)
    finally:
        server.close()
    if check and any(action.startswith("create database") for action in actions):
        return [*actions, f"create extension {wanted.extension}"]
    database = _connect(dsn, wanted.database)
    try:
        return [*actions, *ensure_extension(database, wanted, check)]
    finally:
        database.close()


def _connect(dsn: str, database: str) -> Any:
    connection = psycopg2.connect(make_dsn(dsn, dbname=database, connect_timeout=10, application_name="wcp360"))
    connection.autocommit = True
    return connection


if __name__ == "__main__":
    main()
