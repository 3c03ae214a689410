# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two ends of a run on the node: receiving the desired document, and concluding what was reached."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterable

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.document import parse_document
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.errors import ConvergeError
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.runner import (
    NODE_PATHS,
    Paths,
    node_lock,
    read_document,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.state import State


def receive_document(source: str, run: str, check: bool, paths: Paths = NODE_PATHS) -> str:
    """Put a transferred document in place for the bulk modules and return its path.

    Documents of earlier runs are removed. Outside check mode its run becomes the one in force: tasks of an earlier
    run that are still about on the node are refused from now on.
    """
    folder = os.path.join(paths.run, "desired")
    target = os.path.join(folder, f"{run}.json")
    try:
        with node_lock(paths):
            os.makedirs(folder, mode=0o700, exist_ok=True)
            for name in os.listdir(folder):
                os.unlink(os.path.join(folder, name))
            shutil.copyfile(source, target + ".part")
            os.chmod(target + ".part", 0o600)
            os.rename(target + ".part", target)
            if not check:
                with State(paths.state) as state:
                    state.begin_run(run, parse_document(read_document(target)).token)
    except OSError as exc:
        raise ConvergeError(f"the desired document cannot be put in place: {exc}; nothing was changed") from exc
    return target


def conclude_run(path: str, kinds: Iterable[str], error: str, check: bool, paths: Paths = NODE_PATHS) -> str:
    """Sum up a run and remove its document.

    Returns JSON: ``observed`` maps tenant ids to the generation in force, ``failed`` maps tenant ids to errors,
    ``names`` maps the failed ids to names. With ``error``, or when one of ``kinds`` is not done, no tenant counts as
    observed.
    """
    document = parse_document(read_document(path))
    with node_lock(paths), State(paths.state) as state:
        if not check:
            state.require_run(document.run)
        failed = dict(state.failures(document.run))
        undone = [kind for kind in kinds if kind not in state.finished_kinds(document.run)]
        if error or undone:
            reason = error or f"not done: {', '.join(undone)}"
            failed = {tenant.id: failed.get(tenant.id, f"node: {reason}") for tenant in document.tenants}
        reached = [tenant for tenant in document.tenants if tenant.id not in failed]
        if check:
            reached, failed = [], {}
        else:
            state.record_applied((tenant.id, tenant.uid, tenant.generation) for tenant in reached)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    return json.dumps(
        {
            "observed": {tenant.id: tenant.generation for tenant in reached},
            "failed": failed,
            "names": {tenant.id: tenant.name for tenant in document.tenants if tenant.id in failed},
        }
    )
