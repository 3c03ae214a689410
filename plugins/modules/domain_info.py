#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: domain_info
short_description: Read the records of domains
version_added: 0.1.0
description:
  - Returns the records of domains, ordered by name.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record_info
options:
  fqdn:
    description: Return the domains of these names. Internationalised names are taken in either form.
    type: list
    elements: str
  tenant:
    description: Return the domains of one of these tenants.
    type: list
    elements: str
  status:
    description: Return the domains with one of these states.
    type: list
    elements: str
    choices: [active, disabled]
  kind:
    description: Return the domains of one of these kinds.
    type: list
    elements: str
    choices: [php, static, redirect]
  tls:
    description: Return the domains with one of these TLS modes.
    type: list
    elements: str
    choices: ["off", "on", "required"]
requirements:
  - idna >= 3.7, for internationalised domain names
seealso:
  - module: wcp360.hosting.domain
"""

EXAMPLES = r"""
- name: Read the redirects of a tenant
  wcp360.hosting.domain_info:
    tenant: [Company-A]
    kind: [redirect]
  register: redirects
"""

RETURN = r"""
domains:
  description: The records, ordered by name.
  type: list
  elements: dict
  returned: success
  sample:
    - id: d4c2052e-f803-4dec-8902-a2f2cc696d89
      fqdn: xn--mnchen-3ya.example
      tenant: Company-A
      status: active
      kind: php
      document_root: sites/xn--mnchen-3ya.example/public
      redirect_to: null
      redirect_code: 301
      tls: required
      server_block: null
      metadata: {}
      created_at: "2026-01-31T12:00:00+00:00"
      updated_at: "2026-01-31T12:00:00+00:00"
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.domain import DOMAIN
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_info_module


def main() -> None:
    """Read domains."""
    run_info_module(DOMAIN)


if __name__ == "__main__":
    main()
