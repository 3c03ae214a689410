#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: audit_anchor
short_description: Anchor the audit log where it cannot be changed
version_added: 0.1.0
description:
  - Signs the head of the audit log with the Ed25519 key of the audit keys, and writes the signed anchor to every target
    that has none of that entry yet. An anchor is never replaced.
  - Verifies the entries since the last anchor first, and signs nothing when one of them is not right. The whole log is
    verified by P(wcp360.hosting.audit_verify#module).
  - In a bucket, the anchor is locked in COMPLIANCE mode, and the lock is read back. A bucket without Object Lock is
    refused.
  - When one target fails, the others are written all the same, and the task fails with the names of those that failed.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.audit
attributes:
  check_mode:
    description: Can run in check mode and return which targets would be written.
    support: full
  diff_mode:
    description: There is nothing to show besides RV(written).
    support: none
seealso:
  - module: wcp360.hosting.audit_verify
  - module: wcp360.hosting.audit_keys
"""

EXAMPLES = r"""
- name: Anchor the audit log in a bucket with Object Lock, for seven years
  wcp360.hosting.audit_anchor:
    dsn: dbname=wcp360_prod user=wcp_admin
    targets:
      - bucket: audit-anchors-example
        prefix: manager1
        region: eu-central-1
        retention_days: 2557
"""

RETURN = r"""
sequence:
  description: The last entry of the log, which is anchored now. V(0) for an empty log.
  type: int
  returned: success
  sample: 120345
written:
  description: The targets that had no anchor of that entry before.
  type: list
  elements: str
  returned: success
  sample: ["s3://audit-anchors-example/manager1/"]
"""

import dataclasses

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.anchoring import anchor_log
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyfile import load_keyring
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.module import AUDIT_OPTIONS, reporting
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.targets import make_target
from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import resolve_credentials


def main() -> None:
    """Anchor, and say where."""
    module = AnsibleModule(argument_spec=AUDIT_OPTIONS, supports_check_mode=True)
    with reporting(module):
        keyring = load_keyring(module.params["audit_keys"])
        targets = [make_target(options) for options in module.params["targets"]]
        credentials = resolve_credentials(module.params["actor"], module.params["api_key"])
        report = anchor_log(module.params["dsn"], keyring, targets, check=module.check_mode, credentials=credentials)
    module.exit_json(changed=bool(report.written), **dataclasses.asdict(report))


if __name__ == "__main__":
    main()
