# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of wcp360.hosting.observed: fetch what a run reached, write it back, release the lock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyfile import load_keyring
from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import resolve_credentials
from ansible_collections.wcp360.hosting.plugins.module_utils.records.desired import Observed, write_observed
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import RecordsError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.store import connect, resolve_dsn
from ansible_collections.wcp360.hosting.plugins.plugin_utils.node_lock import NodeLock
from ansible_collections.wcp360.hosting.plugins.plugin_utils.run_identity import run_identity


class ActionModule(ActionBase):
    """Write a run's results back to the record store."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the counts; fail when a tenant failed, after everything is written back."""
        super().run(tmp, task_vars)
        _validated, options = self.validate_argument_spec(
            argument_spec={
                "dsn": {"type": "str", "default": "", "no_log": True},
                "actor": {"type": "str", "default": ""},
                "api_key": {"type": "str", "default": "", "no_log": True},
                "audit_keys": {"type": "str", "default": ""},
                "desired": {"type": "dict", "required": True},
                "kinds": {"type": "list", "elements": "str", "required": True},
                "error": {"type": "str", "default": ""},
                "fail_on_tenant_errors": {"type": "bool", "default": True},
            }
        )
        desired = options["desired"]
        lock = NodeLock(desired["lock"]["pid"], desired["lock"]["started"])
        try:
            arguments = {key: options[key] for key in ("kinds", "error")}
            arguments["document"] = desired["document"]
            result: dict[str, Any] = self._execute_module(
                module_name="wcp360.hosting.observed", module_args=arguments, task_vars=task_vars or {}
            )
            if result.get("failed"):
                return result
            outcome = json.loads(result["outcome"])
            if not self._task.check_mode:
                self._write(options, outcome, run_identity(self._task.get_path(), task_vars or {}))
        except RecordsError as exc:
            raise AnsibleActionFail(
                f"{exc}; the node is converged as reported, and the next run will find that out again"
            ) from exc
        finally:
            lock.release()
        return _answer(outcome, options["fail_on_tenant_errors"])

    def _write(self, options: Mapping[str, Any], outcome: Mapping[str, Any], run: Mapping[str, Any]) -> None:
        desired = options["desired"]
        observed = Observed(
            desired["node_id"], outcome["observed"], outcome["failed"], outcome["names"], {"run": desired["run"], **run}
        )
        credentials = resolve_credentials(options["actor"], options["api_key"])
        connection = connect(resolve_dsn(options["dsn"]))
        try:
            write_observed(connection, credentials, observed, load_keyring(options["audit_keys"] or None))
        finally:
            connection.close()


def _answer(outcome: Mapping[str, Any], fail: bool) -> dict[str, Any]:
    names = outcome["names"]
    failed = {names[tenant]: message for tenant, message in outcome["failed"].items()}
    result: dict[str, Any] = {"changed": False, "converged": len(outcome["observed"]), "failed_tenants": failed}
    if failed and fail:
        listed = "; ".join(f"{name}: {message}" for name, message in list(failed.items())[:10])
        more = f"; and {len(failed) - 10} more" if len(failed) > 10 else ""
        result["failed"] = True
        result["msg"] = f"{len(failed)} tenant(s) failed and keep their last good state: {listed}{more}"
    return result
