#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: domain
short_description: Manage the records of domains
version_added: 0.1.0
description:
  - Creates, changes and deletes the record of one domain, a name that a tenant's site is served under.
  - A change makes the domain's tenant out of date. The next converge of its node applies it.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record
  - wcp360.hosting.record.state
options:
  fqdn:
    description:
      - The fully qualified domain name. Internationalised names and upper case are taken, and stored as lower-case
        A-labels (UTS 46), for example C(xn--mnchen-3ya.example).
    type: str
    required: true
  tenant:
    description: Name of the tenant that owns the domain. Required for a new domain; it never changes afterwards.
    type: str
  status:
    description: V(disabled) domains are not served. A new domain gets V(active).
    type: str
    choices: [active, disabled]
  kind:
    description: What is served, PHP and files, files alone, or a redirect. A new domain gets V(php).
    type: str
    choices: [php, static, redirect]
  document_root:
    description:
      - Directory that is served, relative to the tenant's home. A new domain gets C(sites/<fqdn>/public).
    type: str
  redirect_to:
    description: URL to redirect to. Required when O(kind=redirect), and refused otherwise.
    type: str
  redirect_code:
    description: HTTP status of the redirect. A new domain gets V(301).
    type: int
    choices: [301, 302, 307, 308]
  tls:
    description:
      - V(off) serves HTTP, V(on) HTTP and HTTPS, V(required) redirects HTTP to HTTPS. A new domain gets V(off).
    type: str
    choices: ["off", "on", "required"]
  server_block:
    description:
      - Directives for an nginx server block of the domain's own. Each is a mapping of C(directive), C(args) (a list of
        strings) and, for C(location) and C(limit_except), C(block) (a list of directives).
      - Only directives that cannot reach other tenants' files are taken; the message of a refusal lists them.
    type: list
    elements: dict
  metadata:
    description: Free data, at most 64 KiB as JSON. Replaced as a whole.
    type: dict
  unset:
    description: Fields to set back to no value.
    type: list
    elements: str
    choices: [redirect_to, server_block]
    default: []
seealso:
  - module: wcp360.hosting.domain_info
  - module: wcp360.hosting.records
"""

EXAMPLES = r"""
- name: Serve a site with PHP
  wcp360.hosting.domain:
    fqdn: münchen.example
    tenant: Company-A
    tls: required

- name: Redirect the www name
  wcp360.hosting.domain:
    fqdn: www.münchen.example
    tenant: Company-A
    kind: redirect
    redirect_to: https://xn--mnchen-3ya.example

- name: Add a header of its own
  wcp360.hosting.domain:
    fqdn: münchen.example
    server_block:
      - directive: add_header
        args: [X-Frame-Options, DENY]
"""

RETURN = r"""
domain:
  description:
    - The record as it is stored.
    - In check mode a record that would be created lacks C(id), C(created_at) and C(updated_at).
  type: dict
  returned: when the record is present
  sample:
    id: d4c2052e-f803-4dec-8902-a2f2cc696d89
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
errors:
  description: What is wrong, record by record, when the options or the database refuse it.
  type: list
  elements: dict
  returned: on failure
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.domain import DOMAIN
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_record_module


def main() -> None:
    """Write one domain."""
    run_record_module(DOMAIN)


if __name__ == "__main__":
    main()
