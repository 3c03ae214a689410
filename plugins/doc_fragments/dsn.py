# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The connection option of everything that talks to the record store."""

    DOCUMENTATION = r"""
options:
  dsn:
    description:
      - How to reach the PostgreSQL database of the records, as a libpq connection string (C(host=... dbname=...)) or
        URI (V(postgresql://...)). It is used on the host that the task runs on.
      - When it is not given, the environment variable E(WCP360_DSN) of that host counts.
      - What it leaves out is left to libpq and its environment variables, that is the local Unix socket and peer
        authentication, except for the database, which is V(wcp360_prod).
    type: str
requirements:
  - psycopg2 >= 2.9 (psycopg2-binary)
  - PostgreSQL >= 15
"""
