#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: api_key_info
short_description: Read the records of API keys
version_added: 0.1.0
description:
  - Returns the records of API keys, ordered by user and name. Neither keys nor their hashes are returned.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record_info
options:
  name:
    description: Return the keys of these names.
    type: list
    elements: str
  user:
    description: Return the keys of one of these users, by e-mail address.
    type: list
    elements: str
  expired:
    description: V(true) returns the keys that work no longer, V(false) the others.
    type: bool
requirements:
  - idna >= 3.7, for internationalised domain names
seealso:
  - module: wcp360.hosting.api_key
"""

EXAMPLES = r"""
- name: Read the keys that have expired
  wcp360.hosting.api_key_info:
    expired: true
  register: expired
"""

RETURN = r"""
api_keys:
  description: The records, ordered by user and name.
  type: list
  elements: dict
  returned: success
  sample:
    - id: 0e2f4b7c-35a1-4bb7-bd0e-5b5f1e7a0d42
      name: deploy
      user: anna@company-a.example
      prefix: 3f9a1c0d5b7e2468
      scopes: [domain.read, domain.update]
      expires_at: "2027-01-31T11:00:00+00:00"
      last_used_at: null
      created_at: "2026-01-31T12:00:00+00:00"
      updated_at: "2026-01-31T12:00:00+00:00"
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.api_key import API_KEY
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_info_module


def main() -> None:
    """Read API keys."""
    run_info_module(API_KEY)


if __name__ == "__main__":
    main()
