#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: audit_verify
short_description: Verify the audit log from its first entry
version_added: 0.1.0
description:
  - Recomputes the checksum of every entry of the audit log, and compares the log with its head and its anchors. The
    task fails for a log that was tampered with, and names the first entry that was edited, removed, moved, inserted or
    cut off.
  - The anchors in O(targets) are what finds a log that was written anew by somebody who has the audit keys, and a tail
    that was cut off. Anchors that the database keeps are used too, but whoever changes the log can remove those.
  - Connect as the owner of the audit log. Other roles see one tenant's entries, and are refused.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.audit
attributes:
  check_mode:
    description: Changes nothing in either mode.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
seealso:
  - module: wcp360.hosting.audit_anchor
  - module: wcp360.hosting.audit_keys
"""

EXAMPLES = r"""
- name: Verify the audit log against the anchors of both places
  wcp360.hosting.audit_verify:
    dsn: dbname=wcp360_prod user=wcp_admin
    targets:
      - directory: /srv/audit-anchors
      - bucket: audit-anchors-example
        prefix: manager1
        region: eu-central-1
"""

RETURN = r"""
ok:
  description: Whether the whole log, and every anchor, is as it was signed.
  type: bool
  returned: when the log could be read
  sample: true
entries:
  description: How many entries were checked and are good, from the first one on.
  type: int
  returned: when the log could be read
  sample: 120345
last:
  description: The sequence of the last good entry.
  type: int
  returned: when the log could be read
  sample: 120345
first_bad:
  description:
    - The sequence of the first entry that is wrong or missing.
    - V(null) when the log is whole, and when RV(problem) is one of an anchor.
  type: int
  returned: when the log could be read
  sample: null
problem:
  description: What is wrong, V(null) when nothing is.
  type: str
  returned: when the log could be read
  sample: null
anchored:
  description: Up to this sequence the log is what anchors signed. V(0) when no anchor says anything.
  type: int
  returned: when the log could be read
  sample: 120300
anchored_by:
  description: The anchors that signed the entry RV(anchored).
  type: list
  elements: str
  returned: when the log could be read
  sample: ["/srv/audit-anchors/00000000000000120300.json"]
"""

import dataclasses

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyfile import load_keyring
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.module import AUDIT_OPTIONS, reporting
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.targets import make_target, read_anchors
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.verify import verify
from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import resolve_credentials
from ansible_collections.wcp360.hosting.plugins.module_utils.records.authorize import AUDIT_VERIFY
from ansible_collections.wcp360.hosting.plugins.module_utils.records.store import reading


def main() -> None:
    """Verify, and fail for a log that is not whole."""
    module = AnsibleModule(argument_spec=AUDIT_OPTIONS, supports_check_mode=True)
    with reporting(module):
        keyring = load_keyring(module.params["audit_keys"])
        anchors = read_anchors(make_target(options) for options in module.params["targets"])
        credentials = resolve_credentials(module.params["actor"], module.params["api_key"])
        with reading(module.params["dsn"], credentials=credentials, permission=AUDIT_VERIFY) as cursor:
            result = verify(cursor, keyring, anchors)
    if not result.ok:
        place = "" if result.first_bad is None else f"entry {result.first_bad} "
        module.fail_json(
            msg=f"the audit log was tampered with: {place}{result.problem}", changed=False, **dataclasses.asdict(result)
        )
    module.exit_json(changed=False, **dataclasses.asdict(result))


if __name__ == "__main__":
    main()
