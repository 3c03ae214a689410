#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: audit_keys
short_description: Make and rotate the keys of the audit log
version_added: 0.1.0
description:
  - Makes the file with the keys of the audit log when there is none, and adds new keys to it when that is asked for.
    The file is replaced as a whole, belongs to the user of the task and is readable by that user alone.
  - Keys that signed entries are kept for good, so that old entries still verify. Of anchor keys that are no longer
    used, only the public half is kept.
  - Keep a copy of the file in a safe place. Without it nobody can verify the log, and the keys are in no database and
    in no backup of one.
author:
  - WCP360 contributors (@wcp360)
attributes:
  check_mode:
    description: Can run in check mode and return what would be done; new keys are not known then.
    support: full
  diff_mode:
    description: There is nothing to show besides RV(actions).
    support: none
options:
  path:
    description:
      - The file. Its directory is made when the one above it exists.
      - When it is not given, the environment variable E(WCP360_AUDIT_KEYS) counts, and then
        V(/etc/wcp360/audit-keys.json).
    type: path
  rotate:
    description:
      - Keys to replace now, whatever their age, for example because somebody may have seen them. A task with this
        option changes something each time it runs.
      - V(chain) is the key that signs entries, V(anchor) the one that signs anchors.
    type: list
    elements: str
    choices: [chain, anchor]
    default: []
  max_age_days:
    description: Replace keys that are older than this. V(0) leaves them, however old they are.
    type: int
    default: 0
requirements:
  - cryptography
seealso:
  - module: wcp360.hosting.audit_verify
  - module: wcp360.hosting.audit_anchor
"""

EXAMPLES = r"""
- name: Have keys for the audit log that are at most a year old
  wcp360.hosting.audit_keys:
    max_age_days: 365
  register: audit_keys

- name: Give the public keys to the auditor
  ansible.builtin.copy:
    content: "{{ audit_keys.public_keys }}"
    dest: /srv/auditor/audit-public-keys.pem
    mode: "0644"
"""

RETURN = r"""
actions:
  description: What was done, in words.
  type: list
  elements: str
  returned: success
  sample: ["make audit keys in /etc/wcp360/audit-keys.json"]
path:
  description: The file.
  type: str
  returned: success
  sample: /etc/wcp360/audit-keys.json
active:
  description: Name of the key that signs new entries. V(null) in check mode when there is no file yet.
  type: str
  returned: success
  sample: 20260131-5f0e9c1a
chain_keys:
  description: Names of all keys that entries may be signed with, the oldest first.
  type: list
  elements: str
  returned: success
  sample: [20250130-0c49d3b7, 20260131-5f0e9c1a]
anchor_key:
  description: Fingerprint of the key that signs new anchors. V(null) for keys that cannot sign anchors.
  type: str
  returned: success
  sample: 8d1f0b9a3c5e7f60
public_keys:
  description: The public keys of all anchors as PEM, the present one last.
  type: str
  returned: success
  sample: "-----BEGIN PUBLIC KEY-----\n..."
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyfile import change_keyring, keyring_path
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyring import Keyring, plan_rotation
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.module import reporting


def main() -> None:
    """Make what is missing, replace what is to be replaced, and return what is public."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path"},
            "rotate": {"type": "list", "elements": "str", "choices": ["chain", "anchor"], "default": []},
            "max_age_days": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    path = keyring_path(module.params["path"])
    actions: list[str] = []

    def change(present: Keyring | None) -> Keyring | None:
        if present is None:
            actions.append(f"make audit keys in {path}")
            return None if module.check_mode else Keyring.generate()
        kinds = plan_rotation(present, module.params["rotate"], module.params["max_age_days"])
        actions.extend(f"replace the {kind} key in {path}" for kind in kinds)
        return present.rotated(kinds) if kinds and not module.check_mode else None

    with reporting(module):
        keyring = change_keyring(path, change)
    module.exit_json(
        changed=bool(actions),
        actions=actions,
        path=path,
        active=keyring.active if keyring else None,
        chain_keys=list(keyring.chain_keys) if keyring else [],
        anchor_key=keyring.anchor_key.id if keyring and keyring.anchor_key else None,
        public_keys=keyring.public_pem() if keyring else "",
    )


if __name__ == "__main__":
    main()
