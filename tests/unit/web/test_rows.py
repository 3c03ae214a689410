# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the virtual host map."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.document import Domain
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.rows import (
    certificate_names,
    domain_row,
    parse_rows,
    render_rows,
    tenant_rows,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.grammar import GRAMMARS

from .records import make_domain, make_tenant


def _in_grammar(name: str) -> st.SearchStrategy[str]:
    return st.from_regex(re.compile(GRAMMARS[name].pattern, re.ASCII), fullmatch=True).filter(GRAMMARS[name].accepts)


@pytest.mark.parametrize(
    ("domain", "row"),
    [
        (make_domain(), "200001 active php off - 0 sites/a.example/public -"),
        (make_domain(kind="static", tls="on"), "200001 active static on a.example 0 sites/a.example/public -"),
        (make_domain(status="disabled"), "200001 disabled php off - 0 sites/a.example/public -"),
        (
            make_domain(kind="redirect", redirect_to="https://b.example/x?y=1", redirect_code=308),
            "200001 active redirect off - 308 - https://b.example/x?y=1",
        ),
    ],
)
def test_a_row_holds_what_nginx_decides_by(domain: Domain, row: str) -> None:
    assert domain_row(make_tenant(), domain) == row


@pytest.mark.parametrize("status", ["suspended", "locked"])
def test_a_tenant_that_does_not_run_is_suspended_on_every_name(status: str) -> None:
    tenant = make_tenant(make_domain(), make_domain("b.example", status="disabled"), status=status)
    assert {row.split()[1] for row in tenant_rows(tenant).values()} == {"suspended"}


def test_a_deleted_tenant_has_no_rows() -> None:
    assert tenant_rows(make_tenant(make_domain(), state="absent")) == {}


def test_rows_use_certificates_of_names_with_tls() -> None:
    tenant = make_tenant(make_domain(), make_domain("b.example", tls="on"), make_domain("c.example", tls="required"))
    assert certificate_names(tenant_rows(tenant)) == {"b.example", "c.example"}


@pytest.mark.parametrize("root", ["a b", 'a"', "a;", "a$x", "a\\", "a\n", "", "a{"])
def test_what_would_end_a_field_is_refused(root: str) -> None:
    with pytest.raises(ValueError, match="cannot be part of a row"):
        domain_row(make_tenant(), make_domain(document_root=root))


@given(fqdn=_in_grammar("fqdn"), root=_in_grammar("relative_path"), url=_in_grammar("url"))
def test_every_accepted_field_comes_back_from_the_file(fqdn: str, root: str, url: str) -> None:
    tenant = make_tenant(
        make_domain(fqdn, document_root=root, tls="on"),
        make_domain("to.example", kind="redirect", redirect_to=url),
    )
    rows = tenant_rows(tenant)
    assert parse_rows(render_rows(rows)) == rows
    assert rows[fqdn].split(" ") == ["200001", "active", "php", "on", fqdn, "0", root, "-"]
    assert rows["to.example"].split(" ")[-1] == url
