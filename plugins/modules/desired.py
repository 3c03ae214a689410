#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: desired
short_description: Deliver the desired state of a hosting node
version_added: 0.1.0
description:
  - Reads the desired document of a node out of the record store, in one query and one snapshot, and delivers it to
    the node as a file that only root can read. The bulk modules P(wcp360.hosting.slices#module),
    P(wcp360.hosting.accounts#module) and P(wcp360.hosting.web#module) make the node match it.
  - When no tenant of the node is out of date, nothing is delivered and the node is not contacted.
  - Takes the lock of the node in the record store, so that two converges of one node never overlap. The lock is held
    until P(wcp360.hosting.observed#module) releases it, or until the playbook ends, however it ends.
  - The record store is read on the controller. The node gets no credentials.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
attributes:
  check_mode:
    description: In check mode the document is delivered too, so that the bulk modules can plan with it.
    support: full
  diff_mode:
    description: The document is never shown.
    support: none
options:
  node:
    description: Name of the node's record.
    type: str
    default: the variable C(wcp360_node_name) of the inventory plugin, or the inventory host name
  full:
    description:
      - Deliver all tenants of the node, to find and mend drift, instead of those that are out of date.
    type: bool
    default: false
  lock_timeout:
    description: Seconds to wait for another converge of the node to end.
    type: float
    default: 60.0
  src:
    description: Path of the transferred document on the node. Set by the action plugin.
    type: path
  run:
    description: Id of the run. Set by the action plugin.
    type: str
"""

EXAMPLES = r"""
- name: Deliver what is out of date
  wcp360.hosting.desired:
  register: desired

- name: Stop here when there is nothing to do
  ansible.builtin.meta: end_host
  when: not desired.delivered
"""

RETURN = r"""
delivered:
  description: Whether a document was delivered.
  type: bool
  returned: success
out_of_date:
  description: Number of tenants of the node whose generation was not observed.
  type: int
  returned: success
out_of_date_tenants:
  description: Their names, at most 10,000.
  type: list
  elements: str
  returned: when delivered
tenants:
  description: Number of tenants in the document.
  type: int
  returned: success
document:
  description: Path of the document on the node.
  type: str
  returned: when delivered
run:
  description: Id of the run.
  type: str
  returned: when delivered
node_id:
  description: Id of the node's record.
  type: str
  returned: when delivered
lock:
  description: The process on the controller that holds the node's lock.
  type: dict
  returned: when delivered
  contains:
    pid:
      description: Its process id.
      type: int
      returned: always
    started:
      description: When it began, in clock ticks since boot.
      type: int
      returned: always
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.delivery import receive_document
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.errors import ConvergeError


def main() -> None:
    """Put the transferred document in place and make its run the one in force."""
    module = AnsibleModule(
        argument_spec={"src": {"type": "path", "required": True}, "run": {"type": "str", "required": True}},
        supports_check_mode=True,
    )
    try:
        document = receive_document(module.params["src"], module.params["run"], check=module.check_mode)
    except ConvergeError as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=False, document=document)


if __name__ == "__main__":
    main()
