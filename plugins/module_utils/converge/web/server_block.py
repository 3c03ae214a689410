# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain's own server block, rendered from directives that are data.

Directive names come from a fixed list (records/server_block.py) and every argument is a quoted string of nginx's
grammar, so no argument can end a line, close a block or become a directive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.document import Domain, Tenant

_INDENT = "    "


def render_directives(directives: Iterable[Mapping[str, Any]], depth: int = 1) -> str:
    """Render directives as lines of nginx's grammar, indented by ``depth``."""
    return "".join(_render_directive(directive, depth) for directive in directives)


def _render_directive(directive: Mapping[str, Any], depth: int) -> str:
    indent = _INDENT * depth
    line = " ".join([indent + directive["directive"], *map(quote, directive.get("args", []))])
    block = directive.get("block")
    if block is None:
        return f"{line};\n"
    return f"{line} {{\n{render_directives(block, depth + 1)}{indent}}}\n"


def quote(argument: str) -> str:
    """Quote one argument. nginx reads a backslash and a quote back as themselves; ``$name`` stays a variable."""
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def render_server_block(tenant: Tenant, domain: Domain) -> bytes:
    """Render the file of a domain with its own server block."""
    directives = domain.server_block or []
    snippets = ["listen", "guard", "protect"]
    after = ["errors", *([] if _handles_everything(directives) else ["front"]), "php"]
    return (
        f"# Written by wcp360.hosting from the record of {domain.fqdn} (uid {tenant.uid}); changes here are replaced.\n"
        "server {\n"
        f"{_INDENT}server_name {quote(domain.fqdn)};\n"
        f"{_includes(snippets)}"
        f"{render_directives(directives)}"
        f"{_includes(after)}"
        "}\n"
    ).encode()


def _includes(names: Sequence[str]) -> str:
    return "".join(f"{_INDENT}include wcp360/snippets/{name}.conf;\n" for name in names)


def _handles_everything(directives: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether the block says itself how a file is found, which the common snippet otherwise does."""
    return any(
        directive["directive"] == "try_files"
        or (directive["directive"] == "location" and directive.get("args") in (["/"], ["^~", "/"]))
        for directive in directives
    )
