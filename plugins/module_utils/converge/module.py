# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door of every bulk module: one argument spec, one call, one place where errors become answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.errors import ConvergeError
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.runner import (
    NODE_PATHS,
    Kind,
    Paths,
    Request,
    run_kind,
)


def run_module(
    make_kind: Callable[[Mapping[str, Any]], Kind],
    libraries: Mapping[str, str | None] = MappingProxyType({}),
    **options: Mapping[str, Any],
) -> None:
    """Run a bulk module whose kind is made from its parameters; ``options`` are those besides the common ones.

    ``libraries`` maps the libraries that the kind needs to the traceback of a failed import, or None.
    """
    module = AnsibleModule(
        argument_spec={
            "document": {"type": "path", "required": True},
            "details": {"type": "bool", "default": False},
            "data_dir": {"type": "path", "default": NODE_PATHS.data},
            **options,
        },
        supports_check_mode=True,
    )
    for library, error in libraries.items():
        if error:
            module.fail_json(msg=missing_required_lib(library), exception=error)
    request = Request(module.params["document"], check=module.check_mode, details=module.params["details"])
    try:
        result = run_kind(make_kind(module.params), request, Paths(data=module.params["data_dir"]))
    except ConvergeError as exc:
        module.fail_json(msg=str(exc))
    diff = result.pop("diff")
    if module._diff:  # pylint: disable=protected-access  # AnsibleModule has no public name for it
        result["diff"] = diff
    module.exit_json(**result)
