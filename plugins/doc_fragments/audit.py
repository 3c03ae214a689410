# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options of the modules that judge or anchor the audit log."""

    DOCUMENTATION = r"""
options:
  audit_keys:
    description:
      - File of the audit keys, see P(wcp360.hosting.audit_keys#module), on the host that the task runs on. It must
        belong to root or to the user of the task, and be readable by its owner alone.
      - When it is not given, the environment variable E(WCP360_AUDIT_KEYS) of that host counts, and then
        V(/etc/wcp360/audit-keys.json).
    type: path
  targets:
    description:
      - Where the anchors of this audit log are. Each has either O(targets[].directory) or O(targets[].bucket), and is
        used for one audit log only.
    type: list
    elements: dict
    default: []
    suboptions:
      directory:
        description: A directory that exists, on the host that the task runs on.
        type: path
      bucket:
        description:
          - An S3 bucket with Object Lock. The credentials are those that boto3 finds on the host that the task runs on,
            such as E(AWS_ACCESS_KEY_ID) and E(AWS_SECRET_ACCESS_KEY).
        type: str
      prefix:
        description: What the names of the anchors' objects begin with, without a slash at the end.
        type: str
        default: ''
      endpoint_url:
        description: URL of an S3 server that is not Amazon's.
        type: str
      region:
        description: Region of the bucket.
        type: str
      retention_days:
        description: For how many days an object is locked in COMPLIANCE mode from the time it is written.
        type: int
        default: 3650
requirements:
  - cryptography
  - boto3 >= 1.36 for buckets
"""
