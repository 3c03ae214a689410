# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules of the audit log share: options, and errors as failed tasks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.parameters import env_fallback

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.signing import CRYPTOGRAPHY_IMPORT_ERROR
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.targets import TARGET_OPTIONS
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import RecordsError

AUDIT_OPTIONS: dict[str, Any] = {
    "dsn": {"type": "str", "no_log": True, "fallback": (env_fallback, ["WCP360_DSN"])},
    "actor": {"type": "str"},
    "api_key": {"type": "str", "no_log": True},
    "audit_keys": {"type": "path", "no_log": False},
    "targets": TARGET_OPTIONS,
}


@contextlib.contextmanager
def reporting(module: AnsibleModule) -> Iterator[None]:
    """Turn a missing library, and what is wrong with keys, log, anchors or database, into a failed task."""
    if CRYPTOGRAPHY_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("cryptography"), exception=CRYPTOGRAPHY_IMPORT_ERROR)
    try:
        yield
    except RecordsError as error:
        module.fail_json(msg=str(error))
