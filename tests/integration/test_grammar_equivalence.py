# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL and Python accept the same values: every grammar, and server blocks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2 import sql

from ansible_collections.wcp360.hosting.plugins.module_utils.records.grammar import GRAMMARS, Grammar
from ansible_collections.wcp360.hosting.plugins.module_utils.records.server_block import (
    BLOCK_DIRECTIVES,
    DIRECTIVES,
    MAX_DEPTH,
    MAX_DIRECTIVES,
    check_server_block,
)

from . import rows

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

# PostgreSQL has no NUL in text, and UTF-8 no surrogates.
CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
MEANINGFUL = st.sampled_from(
    [*"\n\r\t\v\x1b\x7f\x85\u2028\u2029 ;{}'\"`$\\%#&|<>()*?~^@:/.-_+=,!aZ0é", "..", "--", "xn--"]
)
QUICK = settings(
    max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture
def cursor(transaction: Cursor) -> Cursor:
    """A cursor; these tests write nothing."""
    return transaction


def from_pattern(pattern: str) -> st.SearchStrategy[str]:
    """Return values that a pattern matches as a whole, but for lookaheads, which hypothesis meets by trial alone."""
    return st.from_regex(pattern.replace("(?=[^@]{1,64}@)", ""), fullmatch=True, alphabet=CHARACTERS)


@st.composite
def near(draw: st.DrawFn, valid: st.SearchStrategy[str]) -> str:
    """Return a valid value, or one with a piece put in, cut out, doubled or repeated beyond every length."""
    value = draw(valid)
    start = draw(st.integers(0, len(value)))
    end = draw(st.integers(start, len(value)))
    middle = draw(
        st.one_of(
            st.just(value[start:end]),
            MEANINGFUL,
            CHARACTERS,
            st.just(""),
            st.just(value[start:end] * 2),
            st.builds(lambda count: value[start:end] * count, st.sampled_from([30, 64, 255, 4097])),
        )
    )
    return f"{value[:start]}{middle}{value[end:]}"


@pytest.mark.parametrize("grammar", GRAMMARS.values(), ids=GRAMMARS.keys())
def test_grammar(cursor: Cursor, grammar: Grammar) -> None:
    question = sql.SQL("SELECT {}(%s)").format(sql.Identifier(f"wcp_is_{grammar.name}"))

    @QUICK
    @given(st.one_of(near(from_pattern(grammar.pattern)), st.text(CHARACTERS)))
    def same_answer(value: str) -> None:
        cursor.execute(question, (value,))
        assert rows.one(cursor) is grammar.accepts(value)

    same_answer()


@pytest.mark.parametrize("grammar", GRAMMARS.values(), ids=GRAMMARS.keys())
def test_grammar_text(cursor: Cursor, grammar: Grammar) -> None:
    """The pattern is the same to the letter, so that no counter is off by one where no example went."""
    cursor.execute("SELECT pg_get_functiondef(%s::regproc)", (f"wcp_is_{grammar.name}",))
    definition = rows.one(cursor)
    assert f"'^(?:{grammar.pattern})$'" in definition
    assert f"char_length(value) <= {grammar.max_length})" in definition


def test_every_grammar_function_is_a_grammar(cursor: Cursor) -> None:
    cursor.execute("SELECT substr(proname, 8) FROM pg_proc WHERE proname LIKE 'wcp\\_is\\_%'")
    others = {"metadata", "features", "scopes", "server_block", "directive_args"}
    assert {name for (name,) in cursor} == set(GRAMMARS) | others


def test_directive_patterns(cursor: Cursor) -> None:
    cursor.execute(
        "SELECT directive, wcp_directive_pattern(directive) FROM unnest(%s) AS directive",
        ([*DIRECTIVES, "include", "alias", "rewrite", "lua_code", ""],),
    )
    patterns = {name: pattern for name, pattern in cursor if pattern is not None}
    assert patterns == {name: f"^(?:{pattern})$" for name, pattern in DIRECTIVES.items()}


@st.composite
def directives(draw: st.DrawFn, depth: int = 1) -> dict[str, Any]:
    """Return a valid directive, or one with a wrong argument."""
    name = draw(st.sampled_from(sorted(DIRECTIVES)))
    args = draw(st.lists(near(from_pattern(DIRECTIVES[name])), max_size=2))
    directive: dict[str, Any] = {"directive": name, "args": args}
    if name in BLOCK_DIRECTIVES and depth <= MAX_DEPTH:
        directive["block"] = draw(st.lists(directives(depth=depth + 1), max_size=2))
    return directive


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(CHARACTERS, max_size=5)),
    lambda children: st.one_of(
        st.lists(children, max_size=2),
        st.dictionaries(st.sampled_from(["directive", "args", "block", "other"]), children, max_size=3),
    ),
    max_leaves=5,
)


@st.composite
def server_blocks(draw: st.DrawFn) -> Any:
    """Return a list of directives, one of which may have a key that is wrong."""
    value: list[dict[str, Any]] = draw(st.lists(directives(), max_size=3))
    action = draw(st.sampled_from(["keep", "set", "remove"]))
    if value and action != "keep":
        spoiled = draw(st.sampled_from(value))
        key = draw(st.sampled_from(["directive", "args", "block", "other"]))
        if action == "set":
            spoiled[key] = draw(JSON)
        else:
            spoiled.pop(key, None)
    return value


def ask(cursor: Cursor, value: Any) -> bool:
    """Return what PostgreSQL says about a server block."""
    cursor.execute("SELECT wcp_is_server_block(%s::jsonb)", (json.dumps(value),))
    answer = rows.one(cursor)
    assert isinstance(answer, bool)
    return answer


def test_server_block(cursor: Cursor) -> None:
    @QUICK
    @given(st.one_of(server_blocks(), JSON))
    def same_answer(value: Any) -> None:
        assert ask(cursor, value) is (check_server_block(value) is None)

    same_answer()


def nested(depth: int) -> list[dict[str, Any]]:
    """Return locations inside locations, ``depth`` blocks deep."""
    inner = nested(depth - 1) if depth > 1 else []
    return [{"directive": "location", "args": ["/"], "block": inner}]


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ([{"directive": "etag", "args": ["on"]}] * MAX_DIRECTIVES, True),
        ([{"directive": "etag", "args": ["on"]}] * (MAX_DIRECTIVES + 1), False),
        ([{"directive": "index", "args": ["a"] * 20}], True),
        ([{"directive": "index", "args": ["a"] * 21}], False),
        (nested(MAX_DEPTH - 1), True),
        (nested(MAX_DEPTH), False),
        ([{"directive": "internal"}], True),
        ([{"directive": "internal", "args": None}], False),
        ([{"directive": "location", "args": ["/"]}], False),
        ([{"directive": "etag", "args": ["on"], "block": []}], False),
        ([{"directive": "include", "args": ["/etc/passwd"]}], False),
        ([{"directive": "add_header", "args": ["X", "a;\n} server {"]}], False),
    ],
)
def test_server_block_bounds(cursor: Cursor, value: Any, valid: bool) -> None:
    assert ask(cursor, value) is valid
    assert (check_server_block(value) is None) is valid
