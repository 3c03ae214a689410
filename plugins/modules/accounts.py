#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: accounts
short_description: Make the accounts, directories and quotas of a node's tenants match the desired document
version_added: 0.1.0
description:
  - For each tenant of the desired document, keeps its account (in the databases of libnss-extrausers), its directories
    and its project quota. The uid is the record's and is never reused; the gid is the same number.
  - Homes are closed to other tenants. Inside a home nothing is changed once it exists.
  - Quotas in force and accounts are read back. Deleted tenants keep their files and lose their login.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.bulk
options:
  shell:
    description: Login shell of tenants whose package has the feature C(ssh).
    type: path
    default: /bin/bash
  web_group:
    description: Group of the web server, which passes through homes to reach document roots.
    type: str
    default: www-data
"""

EXAMPLES = r"""
- name: Make the accounts match
  wcp360.hosting.accounts:
    document: "{{ desired.document }}"
"""

RETURN = r"""
actions:
  description: Number of changes by action.
  type: dict
  returned: success
  sample: {"create": 3, "start": 1}
tenants_changed:
  description: Number of tenants with a change.
  type: int
  returned: success
failed_tenants:
  description: Errors by tenant name.
  type: dict
  returned: success
changes:
  description: Every change, in the order of doing.
  type: list
  elements: dict
  returned: when O(details=true)
  contains:
    tenant:
      description: Name of the tenant, empty for changes of the node itself.
      type: str
    action:
      description: What is done, for example V(create), V(update), V(remove), V(start), V(stop) or V(set).
      type: str
    target:
      description: The path or object.
      type: str
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.accounts.kind import Accounts, AccountSettings
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.module import run_module


def main() -> None:
    """Run the kind accounts."""
    run_module(
        lambda params: Accounts(AccountSettings(params["shell"], params["web_group"])),
        shell={"type": "path", "default": "/bin/bash"},
        web_group={"type": "str", "default": "www-data"},
    )


if __name__ == "__main__":
    main()
