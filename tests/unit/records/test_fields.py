# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a field takes is safe to store; what it refuses is refused with a rule, never with a crash."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import FieldError, quoted
from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import Field, Text
from ansible_collections.wcp360.hosting.plugins.module_utils.records.json_value import check_json, same_json
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.domain import DOMAIN
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.node import NODE
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.package import PACKAGE
from ansible_collections.wcp360.hosting.plugins.module_utils.records.registry import KINDS

ANY_TEXT = st.text(alphabet=st.characters(codec=None))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT
ANY_VALUE = st.recursive(
    SCALARS | st.binary() | st.dates(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(ANY_TEXT | st.integers(), children, max_size=3),
    max_leaves=8,
)
JSON_VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=10,
)
FIELDS = [
    pytest.param(field, id=f"{kind.name}.{field.name}") for kind in KINDS for field in (kind.key, *kind.all_fields)
]


def field(kind: Kind, name: str) -> Field:
    """Return a kind's field by name."""
    return next(field for field in (kind.key, *kind.all_fields) if field.name == name)


@pytest.mark.parametrize("field", FIELDS)
@settings(max_examples=20)
@given(value=ANY_VALUE)
def test_any_value_is_taken_or_refused_and_what_is_taken_is_storable_json(field: Field, value: Any) -> None:
    try:
        parsed = field.parse(value)
    except FieldError:
        return
    text = json.dumps(parsed, ensure_ascii=False, allow_nan=False)
    assert "\0" not in text
    text.encode()
    assert field.same(parsed, field.parse(parsed))


@pytest.mark.parametrize("name", ["text", "command"])
@pytest.mark.parametrize("character", ["\0", "\n", "\x1b", "\x85", "\u2028", "\ud800"])
def test_text_holds_no_character_that_ends_a_line_or_cannot_be_stored(name: str, character: str) -> None:
    with pytest.raises(FieldError):
        Text(name="any", grammar=name).parse(f"a{character}b")


@given(labels=st.lists(st.from_regex(r"[a-z](?:[a-z0-9]{0,20}[a-z])?", fullmatch=True), min_size=2, max_size=5))
def test_ascii_names_only_lose_their_upper_case(labels: list[str]) -> None:
    assert field(DOMAIN, "fqdn").parse(".".join(labels).upper()) == ".".join(labels)


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("MÜNCHEN.Example", "xn--mnchen-3ya.example"),
        ("XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("faß.example", "xn--fa-hia.example"),
    ],
)
def test_internationalised_names_are_stored_as_a_labels(name: str, stored: str) -> None:
    assert field(DOMAIN, "fqdn").parse(name) == stored


@pytest.mark.parametrize(
    "name",
    ["exa mple.org", "example", "a..example", "xn--.example", "xn--0.example", "a\n.example", "ab\u200dc.example"],
)
def test_names_that_are_no_domain_names_are_refused(name: str) -> None:
    with pytest.raises(FieldError, match="domain name"):
        field(DOMAIN, "fqdn").parse(name)


@pytest.mark.parametrize("name", ["all", "ungrouped", "localhost"])
def test_nodes_are_not_called_what_ansible_calls_something_else(name: str) -> None:
    with pytest.raises(FieldError, match="must not be one of all, ungrouped, localhost"):
        field(NODE, "name").parse(name)


@pytest.mark.parametrize(("value", "stored"), [(True, "on"), (False, "off"), ("required", "required")])
def test_yaml_booleans_mean_on_and_off(value: object, stored: str) -> None:
    assert field(DOMAIN, "tls").parse(value) == stored


@pytest.mark.parametrize("value", [[], "", ["worker", "root"], {"worker": True}, [["worker"]]])
def test_roles_are_known_words(value: object) -> None:
    with pytest.raises(FieldError):
        field(NODE, "roles").parse(value)


def test_roles_are_a_set() -> None:
    roles = field(NODE, "roles")
    assert roles.parse(["worker", "manager", "worker"]) == ["manager", "worker"]
    assert roles.same(["manager", "worker"], ["worker", "manager"])


@pytest.mark.parametrize("value", [True, "1", 1.0, -1, 1_000_001])
def test_numbers_are_whole_and_in_range(value: object) -> None:
    with pytest.raises(FieldError):
        field(PACKAGE, "max_domains").parse(value)


@pytest.mark.parametrize("features", [{"ssh": 1}, {"S SH": True}, {"ssh": "yes"}])
def test_features_are_flags(features: object) -> None:
    with pytest.raises(FieldError):
        field(PACKAGE, "features").parse(features)


@given(value=JSON_VALUE)
def test_json_equality_survives_printing(value: Any) -> None:
    try:
        check_json(value)
    except FieldError:
        return
    assert same_json(value, json.loads(json.dumps(value)))


def test_json_equality_tells_true_from_one() -> None:
    assert not same_json({"a": [True]}, {"a": [1]})
    assert same_json({"a": 1.0}, {"a": 1})
    assert not same_json({"a": None}, {})


def test_json_bombs_are_refused_early() -> None:
    bomb: list[Any] = ["x"]
    for _level in range(18):
        bomb = [bomb] * 10
    loop: list[Any] = []
    loop.append(loop)
    for value in (bomb, loop, {"a": "x" * 70_000}):
        with pytest.raises(FieldError):
            check_json(value)


@given(value=ANY_TEXT)
def test_quoted_text_is_one_printable_line(value: str) -> None:
    assert quoted(value).isprintable()
    assert quoted([value]) == '"list"'
