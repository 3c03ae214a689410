#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: records
short_description: Write many records of many kinds in one transaction
version_added: 0.1.0
description:
  - Makes the record store match a document of records of all kinds. Records that the document does not mention stay as
    they are.
  - All of the document is written, or nothing of it. Every broken rule of the document is reported at once.
  - Ten thousand tenants with two domains each take a few seconds.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record
options:
  src:
    description:
      - Path of the document on the host that the task runs on. JSON when its name ends in C(.json), which loads
        fastest, and YAML otherwise. A key that is given twice in a mapping is refused.
      - For more than a few records this is the way. It keeps the data out of Ansible's variables.
    type: path
  records:
    description:
      - The document itself. Mutually exclusive with O(src); one of them is required.
    type: dict
  force:
    description:
      - Allow a package, or limits, that are smaller than what tenants have. Nothing is removed from them, and nothing
        can be added to what is over its limit.
    type: bool
    default: false
requirements:
  - argon2-cffi >= 23.1, for passwords in clear
notes:
  - "A document is a mapping of C(format: 1) and lists of records under C(roles), C(resellers), C(nodes), C(packages),
    C(users), C(api_keys), C(tenants), C(domains), C(databases), C(mailboxes) and C(cron_jobs)."
  - A record is a mapping of the fields that the module of its kind has as options, and of C(state). A field that is
    V(null) is set back to no value.
  - A tenant may hold lists of its C(users), C(domains), C(databases), C(mailboxes) and C(cron_jobs), which need no
    C(tenant) then, and a user a list of its C(api_keys).
  - A new API key is taken from a document with the C(prefix) and the C(key_hash) of an existing key only. Keys are made
    by P(wcp360.hosting.api_key#module).
  - Records may refer to each other in any order, also to records that the same document creates.
seealso:
  - module: wcp360.hosting.records_info
  - module: wcp360.hosting.role
  - module: wcp360.hosting.reseller
  - module: wcp360.hosting.node
  - module: wcp360.hosting.package
  - module: wcp360.hosting.user
  - module: wcp360.hosting.api_key
  - module: wcp360.hosting.tenant
  - module: wcp360.hosting.domain
  - module: wcp360.hosting.database
  - module: wcp360.hosting.mailbox
  - module: wcp360.hosting.cron_job
"""

EXAMPLES = r"""
- name: Load the records of a company
  wcp360.hosting.records:
    src: /etc/hosting/records.yml

- name: Write a few records
  wcp360.hosting.records:
    records:
      format: 1
      packages:
        - name: basic
          max_domains: 2
          max_disk_mb: 512
          max_cpu_pct: 20
          max_mem_mb: 128
      tenants:
        - name: Company-A
          package: basic
          domains:
            - fqdn: company-a.example
            - fqdn: www.company-a.example
              kind: redirect
              redirect_to: https://company-a.example
        - name: Company-B
          state: absent
"""

RETURN = r"""
counts:
  description: How many records of each kind were, or in check mode would be, created, updated, deleted or left as is.
  type: dict
  returned: success
  sample:
    packages: {"created": 1, "updated": 0, "deleted": 0, "unchanged": 0}
    tenants: {"created": 1, "updated": 0, "deleted": 1, "unchanged": 0}
    domains: {"created": 2, "updated": 0, "deleted": 0, "unchanged": 0}
errors:
  description: What is wrong, record by record and in the order of the document, at most 20.
  type: list
  elements: dict
  returned: on failure
  sample:
    - kind: domain
      name: exa mple.org
      position: tenants[3].domains[0]
      problem: fqdn must be a fully qualified domain name of at least two labels
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_documents_module


def main() -> None:
    """Write one document."""
    run_documents_module()


if __name__ == "__main__":
    main()
