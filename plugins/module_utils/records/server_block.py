# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directives of a domain's own nginx server block, as data.

A server block is a list of ``{"directive": str, "args": [str, ...], "block": [...]}`` (the shape of nginx's
crossplane). Every argument is quoted when it is rendered, so none can end a line or close a block. Only the
directives below are taken, because many others read or write files with the rights of nginx's master process. Those
that name a path take no variable that a client controls: nginx does not normalise the result, and its workers can enter
every tenant's document root. There is no regular expression: its named groups would set variables, which nginx has once
for all servers, and its backtracking would hold up the workers that serve everybody. ``autoindex`` is not taken because
it lists what a symbolic link leads to.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.records.grammar import is_unicode

MAX_DEPTH = 4
MAX_DIRECTIVES = 200
"""Of one list; the whole value is limited by MAX_CHARACTERS."""

MAX_CHARACTERS = 65536
"""Of the value as JSON text."""

_TEXT = r"[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{1,255}"
_SEGMENT = r"\.?[A-Za-z0-9_][A-Za-z0-9._@+-]*"
_PATH = rf"/(?:{_SEGMENT}(?:/{_SEGMENT})*)?/?"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
# No host names: nginx resolves them at each reload, and one that no longer resolves would stop it for everybody.
_HOST = rf"(?:localhost|{_OCTET}(?:\.{_OCTET}){{3}}|\[[0-9a-f:]{{2,39}}\])"

# directive -> the pattern that each of its arguments matches as a whole
DIRECTIVES: dict[str, str] = {
    "add_header": _TEXT,
    "allow": r"[0-9a-f.:/]{2,50}|all",
    "charset": r"[A-Za-z0-9-]{1,40}",
    "client_max_body_size": r"[0-9]{1,3}m|[0-9]{1,6}k",
    "default_type": r"[a-z0-9.+/-]{1,80}",
    "deny": r"[0-9a-f.:/]{2,50}|all",
    "error_page": rf"[0-9]{{3}}|=[0-9]{{0,3}}|{_PATH}",
    "etag": r"on|off",
    "expires": r"-?[0-9]{1,6}[smhdwMy]?|epoch|max|off|modified",
    "gzip": r"on|off",
    "gzip_comp_level": r"[1-9]",
    "gzip_min_length": r"[0-9]{1,8}",
    "gzip_types": r"[a-z0-9.+*/-]{1,80}",
    "index": rf"{_SEGMENT}",
    "internal": r"",
    "limit_except": r"[A-Z]{2,10}",
    "limit_rate": r"[0-9]{1,8}[kmKM]?",
    "limit_rate_after": r"[0-9]{1,8}[kmKM]?",
    "location": rf"=|\^~|{_PATH}|@[a-z][a-z0-9_]{{0,30}}",
    "proxy_buffering": r"on|off",
    "proxy_connect_timeout": r"[0-9]{1,4}s?",
    "proxy_http_version": r"1\.[01]",
    "proxy_pass": rf"https?://{_HOST}(?::[0-9]{{1,5}})?(?:{_PATH})?",
    "proxy_read_timeout": r"[0-9]{1,4}s?",
    "proxy_send_timeout": r"[0-9]{1,4}s?",
    "proxy_set_header": _TEXT,
    "return": _TEXT,
    "satisfy": r"all|any",
    "server_tokens": r"on|off",
    "sub_filter": _TEXT,
    "sub_filter_once": r"on|off",
    "sub_filter_types": r"[a-z0-9.+*/-]{1,80}",
    "try_files": rf"\$uri/?|=[0-9]{{3}}|{_PATH}(?:\?\$args|\$is_args\$args)?",
}
BLOCK_DIRECTIVES = frozenset({"location", "limit_except"})


def check_server_block(value: Any, path: str = "server_block", depth: int = 1) -> str | None:
    """Return what is wrong with ``value``, or None when it is a valid list of directives.

    The answer names the place (``server_block[2].args[0]``) and the rule.
    """
    if depth == 1 and len(json.dumps(value, ensure_ascii=False)) > MAX_CHARACTERS:
        return f"{path} must be at most {MAX_CHARACTERS} characters long as JSON text"
    if not isinstance(value, list):
        return f"{path} must be a list of directives"
    if len(value) > MAX_DIRECTIVES:
        return f"{path} must have at most {MAX_DIRECTIVES} directives"
    if depth > MAX_DEPTH:
        return f"{path} must not nest more than {MAX_DEPTH} blocks deep"
    for position, directive in enumerate(value):
        problem = _check_directive(directive, f"{path}[{position}]", depth)
        if problem:
            return problem
    return None


def _check_directive(directive: Any, path: str, depth: int) -> str | None:
    if not isinstance(directive, dict) or not set(directive) <= {"directive", "args", "block"}:
        return f"{path} must have the keys directive, args and, for a block, block"
    name = directive.get("directive")
    if not isinstance(name, str) or name not in DIRECTIVES:
        return f"{path}.directive must be one of {', '.join(sorted(DIRECTIVES))}"
    args = directive.get("args", [])
    if not isinstance(args, list) or len(args) > 20:
        return f"{path}.args must be a list of at most 20 strings"
    for position, arg in enumerate(args):
        if not isinstance(arg, str) or re.fullmatch(DIRECTIVES[name], arg) is None or not is_unicode(arg):
            return f"{path}.args[{position}] is not a valid argument of {name}: it must match {DIRECTIVES[name]}"
    if name in BLOCK_DIRECTIVES:
        return check_server_block(directive.get("block"), f"{path}.block", depth + 1)
    if "block" in directive:
        return f"{path}.block is not allowed for {name}"
    return None
