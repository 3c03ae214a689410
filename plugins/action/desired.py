# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of wcp360.hosting.desired: read the document, take the lock, deliver."""

from __future__ import annotations

import os
import tempfile
import uuid
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import resolve_credentials
from ansible_collections.wcp360.hosting.plugins.module_utils.records.desired import (
    DesiredState,
    UnknownNodeError,
    read_desired,
    read_node_id,
    read_out_of_date,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import RecordsError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.store import connect, resolve_dsn
from ansible_collections.wcp360.hosting.plugins.plugin_utils.node_lock import LockError, NodeLock, acquire_node_lock

# Names beyond this many would only make the result heavy.
_NAMES = 10000


class ActionModule(ActionBase):
    """Deliver a node's desired document."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the counts, and for a delivered document its run, path and lock."""
        task_vars = task_vars or {}
        super().run(tmp, task_vars)
        _validated, options = self.validate_argument_spec(
            argument_spec={
                "dsn": {"type": "str", "default": "", "no_log": True},
                "actor": {"type": "str", "default": ""},
                "api_key": {"type": "str", "default": "", "no_log": True},
                "node": {
                    "type": "str",
                    "default": task_vars.get("wcp360_node_name") or task_vars["inventory_hostname"],
                },
                "full": {"type": "bool", "default": False},
                "lock_timeout": {"type": "float", "default": 60.0},
            }
        )
        try:
            return self._deliver(options, task_vars)
        except (RecordsError, UnknownNodeError, LockError) as exc:
            raise AnsibleActionFail(str(exc)) from exc

    def _deliver(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        dsn = resolve_dsn(options["dsn"])
        credentials = resolve_credentials(options["actor"], options["api_key"])
        connection = connect(dsn)
        try:
            node_id = read_node_id(connection, credentials, options["node"])
            out_of_date = read_out_of_date(connection, credentials, node_id)
            if not out_of_date and not options["full"]:
                return {"changed": False, "delivered": False, "out_of_date": 0, "tenants": 0}
            lock = acquire_node_lock(dsn, node_id, os.getppid(), options["lock_timeout"])
            try:
                # Read under the lock: a converge that has just ended may have left nothing to do, which is no harm.
                run = str(uuid.uuid4())
                desired = read_desired(connection, credentials, options["node"], run, options["full"])
                result = self._send(desired, run, task_vars)
            except BaseException:
                lock.release()
                raise
        finally:
            connection.close()
        return _answer(result, desired, lock, run, out_of_date)

    def _send(self, desired: DesiredState, run: str, task_vars: dict[str, Any]) -> dict[str, Any]:
        handle, path = tempfile.mkstemp(prefix="wcp360-desired-")  # 0600, and gone before the task ends
        try:
            with open(handle, "w", encoding="utf-8") as stream:
                stream.write(desired.text)
            folder = self._make_tmp_path()
            remote = self._connection._shell.join_path(folder, "desired.json")
            self._transfer_file(path, remote)
            self._fixup_perms2((folder, remote))
            answer: dict[str, Any] = self._execute_module(
                module_name="wcp360.hosting.desired",
                module_args={"src": remote, "run": run},
                task_vars=task_vars,
            )
            return answer
        finally:
            os.unlink(path)


def _answer(
    result: dict[str, Any], desired: DesiredState, lock: NodeLock, run: str, out_of_date: list[str]
) -> dict[str, Any]:
    if result.get("failed"):
        lock.release()
        return result
    return {
        "changed": False,
        "delivered": True,
        "out_of_date": len(out_of_date),
        "out_of_date_tenants": out_of_date[:_NAMES],
        "tenants": desired.tenants,
        "node_id": desired.node_id,
        "run": run,
        "document": result["document"],
        "lock": {"pid": lock.pid, "started": lock.started},
    }
