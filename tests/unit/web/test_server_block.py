# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Server blocks of single domains: whatever is accepted keeps its structure, as nginx reads it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.candidate import Refusal, parse_refusal
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.server_block import (
    render_directives,
    render_server_block,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.server_block import (
    BLOCK_DIRECTIVES,
    DIRECTIVES,
    check_server_block,
)

from .nginx_lexer import parse
from .records import make_domain, make_tenant

_TEXT = st.text(
    st.characters(blacklist_categories=["Cc", "Cs"], blacklist_characters="\u2028\u2029"), min_size=1, max_size=30
)
_NASTY = st.text("\"\\{};#$ '~a", min_size=1, max_size=12)


def _argument(pattern: str) -> st.SearchStrategy[str]:
    compiled = re.compile(pattern)
    if compiled.fullmatch("any text at all"):
        return st.one_of(_TEXT, _NASTY)
    return st.from_regex(compiled, fullmatch=True)


_ARGUMENTS = {name: st.lists(_argument(pattern), max_size=4) for name, pattern in DIRECTIVES.items()}


def _directives(depth: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    def of(name: str) -> st.SearchStrategy[dict[str, Any]]:
        args = _ARGUMENTS[name]
        if name in BLOCK_DIRECTIVES and depth > 1:
            block = _directives(depth - 1)
            return st.fixed_dictionaries({"directive": st.just(name), "args": args, "block": block})
        return st.fixed_dictionaries({"directive": st.just(name), "args": args})

    names = sorted(set(DIRECTIVES) if depth > 1 else set(DIRECTIVES) - BLOCK_DIRECTIVES)
    return st.lists(st.sampled_from(names).flatmap(of), max_size=4)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(block=_directives(3))
def test_what_is_accepted_is_read_back_as_the_same_directives(block: list[dict[str, Any]]) -> None:
    assert check_server_block(block) is None
    assert parse(render_directives(block)) == block


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("location", ["~", "^/(?<wcp_uid>[0-9]+)/(?<wcp_root>.+)$"]),
        ("location", ["~*", "(a+)+$"]),
        ("location", ["/../../200001/home"]),
        ("rewrite", ["^", "/config.php", "break"]),
        ("try_files", ["$arg_file"]),
        ("try_files", ["/../../200001/home/sites/victim.example/public/config.php"]),
        ("error_page", ["404", "/../secret"]),
        ("index", ["../secret"]),
        ("proxy_pass", ["http://unix:/run/wcp360/php/200001.sock"]),
        ("proxy_pass", ["http://$arg_host/"]),
        ("autoindex", ["on"]),
        ("alias", ["/etc/"]),
        ("access_log", ["/etc/passwd"]),
        ("add_header", ["X-A", "b\nX-C: d"]),
        ("client_max_body_size", ["999999m"]),
    ],
)
def test_what_would_reach_another_tenant_or_stop_the_server_is_refused(name: str, args: list[str]) -> None:
    block: list[dict[str, Any]] = [{"directive": name, "args": args}]
    if name in BLOCK_DIRECTIVES:
        block[0]["block"] = []
    assert check_server_block(block) is not None


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(block=_directives(3))
def test_nginx_never_reads_other_directives_out_of_it(tmp_path: Path, block: list[dict[str, Any]]) -> None:
    """nginx may refuse what a directive says; a broken structure would show as one of these messages."""
    config = tmp_path / "nginx.conf"
    config.write_text(
        f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n    server {{\n"
        f"        listen unix:{tmp_path}/s;\n{render_directives(block)}    }}\n}}\n"
    )
    process = subprocess.run(["nginx", "-t", "-q", "-c", str(config)], capture_output=True, text=True, check=False)
    for message in ('unexpected "', "unexpected end of file", "unknown directive", "is not terminated"):
        assert message not in process.stderr


def test_a_server_block_is_one_server_with_the_domains_name() -> None:
    directives = [{"directive": "location", "args": ["/x"], "block": [{"directive": "return", "args": ["204"]}]}]
    text = render_server_block(make_tenant(), make_domain(server_block=directives)).decode()
    (server,) = parse(text)
    assert server["directive"] == "server"
    assert {"directive": "server_name", "args": ["a.example"]} in server["block"]
    assert directives[0] in server["block"]
    included = [directive["args"][0] for directive in server["block"] if directive["directive"] == "include"]
    assert [path.rpartition("/")[2] for path in included] == [
        "listen.conf", "guard.conf", "protect.conf", "errors.conf", "front.conf", "php.conf",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "directive",
    [
        {"directive": "location", "args": ["/"], "block": []},
        {"directive": "location", "args": ["^~", "/"], "block": []},
        {"directive": "try_files", "args": ["$uri", "=404"]},
    ],
)
def test_a_block_that_finds_files_itself_replaces_the_common_way(directive: dict[str, Any]) -> None:
    text = render_server_block(make_tenant(), make_domain(server_block=[directive])).decode()
    assert "front.conf" not in text


@pytest.mark.parametrize(
    ("target", "taken"),
    [
        ("http://127.0.0.1:8080/x", True),
        ("http://localhost:3000", True),
        ("https://10.0.0.1", True),
        ("http://[::1]:8080/", True),
        ("http://backend.example/", False),
        ("http://localhost.example/", False),
        ("http://10.0.0.1.example/", False),
        ("http://10.0.0.999/", False),
    ],
)
def test_proxy_pass_takes_addresses_and_no_names(target: str, taken: bool) -> None:
    inner = [{"directive": "proxy_pass", "args": [target]}]
    block = [{"directive": "location", "args": ["/api"], "block": inner}]
    assert (check_server_block(block) is None) == taken


@pytest.mark.parametrize(
    ("output", "refusal"),
    [
        (
            'nginx: [emerg] unknown "foo" variable in /etc/x/1.conf:3\nnginx: configuration file /a test failed\n',
            Refusal('unknown "foo" variable', "/etc/x/1.conf"),
        ),
        (
            'nginx: [warn] hm\n2026/01/01 00:00:00 [emerg] 12#12: conflicting parameter "a.example" in /v/2.map:1\n',
            Refusal('conflicting parameter "a.example"', "/v/2.map"),
        ),
        ("nginx: [emerg] no servers are inside upstream\n", Refusal("no servers are inside upstream")),
        ("", Refusal("nginx gave no reason")),
    ],
)
def test_nginxs_reason_is_found(output: str, refusal: Refusal) -> None:
    assert parse_refusal(output) == refusal
    assert parse_refusal(output).duplicate == ("a.example" if "a.example" in output else "")


def test_every_argument_is_quoted() -> None:
    block = [{"directive": "add_header", "args": ["X-Frame-Options", 'a "b" \\', "always"]}]
    assert render_directives(block) == '    add_header "X-Frame-Options" "a \\"b\\" \\\\" "always";\n'
