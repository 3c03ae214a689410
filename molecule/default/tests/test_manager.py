# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager: PostgreSQL with the record store, and the runtime."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from testinfra.host import Host

testinfra_hosts = ["ansible://manager"]

MIGRATIONS = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"], "roles/manager/files/migrations")


def query(host: Host, statement: str) -> str:
    """Return what root gets from the record store, through its Unix socket and without a password."""
    return str(host.check_output("psql -AtU wcp_admin wcp360_prod -c %s", statement))


def test_postgresql_runs_and_starts_at_boot(host: Host) -> None:
    service = host.service("postgresql@15-main")
    assert service.is_running
    assert service.is_enabled


def test_it_listens_on_the_given_address_alone(host: Host) -> None:
    address = host.ansible.get_variables()["ansible_host"]
    listening = [socket for socket in host.socket.get_listening_sockets() if socket.endswith(":5432")]
    assert listening == [f"tcp://{address}:5432"]


def test_the_owner_of_the_records_has_no_power_beyond_them(host: Host) -> None:
    powers = "rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
    assert query(host, f"SELECT {powers} FROM pg_roles WHERE rolname = 'wcp_admin'") == "f|f|f|f|f"
    assert query(host, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'wcp360_prod'") == "wcp_admin"


def test_the_runtime_s_role_owns_nothing(host: Host) -> None:
    powers = "rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
    assert query(host, f"SELECT {powers} FROM pg_roles WHERE rolname = 'wcp_app'") == "f|f|f|f|f"
    assert query(host, "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = 'wcp_app'") == "0"
    seen = host.check_output("psql -AtU wcp_app wcp360_prod -c 'SELECT count(*) FROM tenants'")
    assert seen == "0", "without an actor there is nothing to see"


def test_the_schema_is_up_to_date(host: Host) -> None:
    names = sorted(path.stem for path in MIGRATIONS.glob("*.sql"))
    assert query(host, "SELECT revision FROM schema_migrations ORDER BY revision").splitlines() == names


@pytest.mark.parametrize("user", ["postgres", "www-data", "nobody"])
def test_other_system_users_are_not_let_in_as_the_owner(host: Host, user: str) -> None:
    refused = host.run("setpriv --reuid %s --clear-groups psql -U wcp_admin wcp360_prod -c 'SELECT 1'", user)
    assert refused.rc != 0
    assert "Peer authentication failed" in refused.stderr


def test_the_runtime_carries_the_collection(host: Host) -> None:
    path = host.check_output("/opt/wcp360/bin/python -c 'import wcp360; print(wcp360.collection_path())'")
    assert host.file(f"{path}/galaxy.yml").contains("name: hosting")
