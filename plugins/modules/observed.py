#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: observed
short_description: Write back what a converge of a hosting node reached
version_added: 0.1.0
description:
  - Ends the run that P(wcp360.hosting.desired#module) began. For each tenant of the delivered document, the record
    store gets the generation that is in force on the node, or the error that kept the tenant at its last good state.
  - Changes that were committed while the run was under way leave their tenants out of date, for the next run.
  - Removes the document from the node and releases the node's lock, also when writing back fails.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
attributes:
  check_mode:
    description: In check mode nothing is written to the record store.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
options:
  desired:
    description: The registered result of P(wcp360.hosting.desired#module).
    type: dict
    required: true
  kinds:
    description:
      - Names of the bulk kinds that the run consists of. A tenant counts as converged when all of them are done and
        none failed for it.
    type: list
    elements: str
    required: true
  error:
    description: What ended the run early for the whole node. It is recorded for every tenant that is not done.
    type: str
    default: ''
  fail_on_tenant_errors:
    description: Fail this task, after everything is written back, when a tenant failed.
    type: bool
    default: true
  audit_keys:
    description:
      - File with the keys of the audit log, on the controller, see P(wcp360.hosting.audit_keys#module). Each converge
        gets an entry in the log. When it is not given, the environment variable E(WCP360_AUDIT_KEYS) of the controller
        counts, and then V(/etc/wcp360/audit-keys.json).
    type: path
  document:
    description: Path of the document on the node. Set by the action plugin.
    type: path
"""

EXAMPLES = r"""
- name: Write back what was reached
  wcp360.hosting.observed:
    desired: "{{ desired }}"
    kinds: [slices, accounts, web]
"""

RETURN = r"""
converged:
  description: Number of tenants whose delivered generation is in force.
  type: int
  returned: always
failed_tenants:
  description: Errors by tenant name.
  type: dict
  returned: always
  sample: {"Company-A": "web: shop.example: nginx refuses the server block: unknown directive"}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.delivery import conclude_run
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.errors import ConvergeError


def main() -> None:
    """Collect the outcome of the run on the node."""
    module = AnsibleModule(
        argument_spec={
            "document": {"type": "path", "required": True},
            "kinds": {"type": "list", "elements": "str", "required": True},
            "error": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    try:
        outcome = conclude_run(
            module.params["document"], module.params["kinds"], module.params["error"], check=module.check_mode
        )
    except ConvergeError as exc:
        module.fail_json(msg=str(exc))
    # One string: thousands of tenants as a structure would cost seconds on their way through Ansible.
    module.exit_json(changed=False, outcome=outcome)


if __name__ == "__main__":
    main()
