# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types that a record's field can have.

A field knows how to check and normalise a given value (`parse`), what Ansible option it is (`option`), how two of its
values compare (`same`), what is stored for one (`stored`) and what is shown of one (`show`). Problems are raised as
FieldError and complete the sentence "``<field>`` ...".
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import FieldError, quoted
from ansible_collections.wcp360.hosting.plugins.module_utils.records.grammar import GRAMMARS
from ansible_collections.wcp360.hosting.plugins.module_utils.records.json_value import check_json, check_text, same_json


@dataclasses.dataclass(frozen=True, kw_only=True)
class Field:
    """What every field has.

    ``name`` is the field's name in documents and modules, ``column`` the column that holds it. ``default`` is the
    value that PostgreSQL gives to a new record. A ``required`` field must be given for a new record, a ``nullable``
    one can be set back to no value, an ``immutable`` one cannot change once the record exists. An ``issued`` one is
    made by the kind's module and given in documents alone. ``alternatives`` are fields that a document or a task may
    give instead; what they parse is this field's value. ``chosen`` is what PostgreSQL chooses for a new record, in SQL,
    where another store would choose something else: an export leaves it out.
    """

    name: str
    column: str = ""
    default: Any = None
    required: bool = False
    nullable: bool = False
    immutable: bool = False
    issued: bool = False
    alternatives: tuple[Field, ...] = ()
    chosen: str = ""

    def __post_init__(self) -> None:
        if not self.column:
            object.__setattr__(self, "column", self.name)

    def parse(self, value: Any) -> Any:
        """Return ``value`` checked and normalised, or raise FieldError."""
        if value is None:
            if self.nullable:
                return None
            raise FieldError("must have a value")
        return self._parse(value)

    def _parse(self, value: Any) -> Any:
        raise NotImplementedError

    def parse_element(self, value: Any) -> Any:
        """Return ``value`` checked as one of the values that the field can have or, for a set, hold."""
        return self._parse(value)

    def option(self) -> dict[str, Any]:
        """Return the field's entry in a module's argument spec."""
        raise NotImplementedError

    def same(self, one: Any, other: Any) -> bool:
        """Tell whether a parsed value and a stored one, or two parsed ones, are equal."""
        return bool(one == other)

    def stored(self, value: Any) -> Any:
        """Return what the column gets for a parsed value."""
        return value

    def show(self, value: Any) -> Any:
        """Return what a diff shows of a value."""
        return value


@dataclasses.dataclass(frozen=True, kw_only=True)
class Text(Field):
    """One line of text in the ``grammar`` of that name.

    ``normalise`` runs before the grammar is checked; ``also`` lists values that are taken although they are outside it.
    """

    grammar: str
    also: tuple[str, ...] = ()
    normalise: Callable[[str], str] | None = None

    def _parse(self, value: Any) -> Any:
        if not isinstance(value, str):
            raise FieldError(f"must be text, not {_type_name(value)} (quote it)")
        text = self.normalise(value) if self.normalise else value
        grammar = GRAMMARS[self.grammar]
        if text not in self.also and not grammar.accepts(text):
            raise FieldError(f"must be {grammar.rule}")
        check_text(text)
        return text

    def option(self) -> dict[str, Any]:
        return {"type": "str"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pointer(Text):
    """Other records by their natural keys, in ``grammar``: column ``target_key`` of table ``target_table``."""

    target_kind: str
    target_table: str
    target_key: str = "name"

    def keys(self, value: Any) -> tuple[str, ...]:
        """Return the natural keys that a parsed value names."""
        return () if value is None else (value,)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reference(Pointer):
    """One other record, whose id is in ``column``.

    The owner of a record never changes, and a record that has an owner goes where its owner goes. A reference that is
    ``derived`` is never given: it follows from the value of the key field, and is a record of the same owner.
    """

    owner: bool = False
    derived: Callable[[str], str] | None = None

    def __post_init__(self) -> None:
        if not self.column:
            object.__setattr__(self, "column", f"{self.name}_id")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Names(Pointer):
    """A set of other records by name, stored as a JSON list; the order and repetitions do not matter."""

    def _parse(self, value: Any) -> list[str]:
        if not isinstance(value, list):
            raise FieldError(f"must be a list, not {_type_name(value)}")
        return sorted({self._parse_name(index, name) for index, name in enumerate(value)})

    def _parse_name(self, index: int, name: Any) -> str:
        try:
            return str(super()._parse(name))
        except FieldError as problem:
            raise FieldError(f"[{index}] {problem}") from problem

    def parse_element(self, value: Any) -> Any:
        return super()._parse(value)

    def option(self) -> dict[str, Any]:
        return {"type": "list", "elements": "str"}

    def keys(self, value: Any) -> tuple[str, ...]:
        return () if value is None else tuple(value)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Links(Names):
    """A set of other records by name, a row each in ``link_table``: ``own_column`` is this record's id there, and
    ``link_column`` the other's."""

    link_table: str
    own_column: str
    link_column: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Choice(Field):
    """One of a few words."""

    choices: tuple[str, ...]

    def _parse(self, value: Any) -> str:
        # YAML 1.1 reads a bare `on` or `off` as a boolean.
        if isinstance(value, bool):
            value = "on" if value else "off"
        if value not in self.choices:
            raise FieldError(f"must be one of {', '.join(self.choices)}, not {quoted(value)}")
        return str(value)

    def option(self) -> dict[str, Any]:
        return {"type": "str", "choices": list(self.choices)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Choices(Field):
    """A set of words, at least one; the order and repetitions do not matter."""

    choices: tuple[str, ...]

    def _parse(self, value: Any) -> list[str]:
        words = [value] if isinstance(value, str) else value
        if not isinstance(words, list) or not words:
            raise FieldError(f"must be a list of at least one of {', '.join(self.choices)}")
        for word in words:
            if word not in self.choices:
                raise FieldError(f"must have only {', '.join(self.choices)}, not {quoted(word)}")
        return sorted(set(words))

    def parse_element(self, value: Any) -> Any:
        return self._parse([value])[0]

    def option(self) -> dict[str, Any]:
        return {"type": "list", "elements": "str", "choices": list(self.choices)}

    def same(self, one: Any, other: Any) -> bool:
        return set(one) == set(other)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Integer(Field):
    """A whole number from ``minimum`` to ``maximum``; ``choices`` leaves only some of them."""

    minimum: int
    maximum: int
    choices: tuple[int, ...] = ()

    def _parse(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise FieldError(f"must be a whole number, not {_type_name(value)}")
        if self.choices and value not in self.choices:
            raise FieldError(f"must be one of {', '.join(map(str, self.choices))}, not {value}")
        if not self.minimum <= value <= self.maximum:
            raise FieldError(f"must be from {self.minimum} to {self.maximum}")
        return value

    def option(self) -> dict[str, Any]:
        return {"type": "int", "choices": list(self.choices)} if self.choices else {"type": "int"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Boolean(Field):
    """True or false."""

    def _parse(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise FieldError(f"must be true or false, not {_type_name(value)}")
        return value

    def option(self) -> dict[str, Any]:
        return {"type": "bool"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Timestamp(Field):
    """A point in time: ISO 8601 with an offset from UTC. It is stored and shown in UTC."""

    def _parse(self, value: Any) -> str:
        # YAML reads a bare timestamp as one.
        try:
            moment = datetime.datetime.fromisoformat(value) if isinstance(value, str) else value
            if not isinstance(moment, datetime.datetime) or moment.tzinfo is None:
                raise ValueError
            return moment.astimezone(datetime.UTC).isoformat()
        except (ValueError, OverflowError):
            raise FieldError(
                "must be a date and time with its offset from UTC (ISO 8601), for example 2027-01-31T12:00:00+01:00"
            ) from None

    def option(self) -> dict[str, Any]:
        return {"type": "str"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Json(Field):
    """A JSON mapping, or a list of mappings; ``check`` returns what is wrong with it beyond that, or None."""

    shape: type[dict[str, Any]] | type[list[Any]] = dict
    check: Callable[[Any], str | None] | None = None

    def _parse(self, value: Any) -> Any:
        if not isinstance(value, self.shape):
            raise FieldError(f"must be a {'mapping' if self.shape is dict else 'list'}, not {_type_name(value)}")
        check_json(value)
        problem = self.check(value) if self.check else None
        if problem:
            raise FieldError(problem)
        return value

    def option(self) -> dict[str, Any]:
        return {"type": "dict"} if self.shape is dict else {"type": "list", "elements": "dict"}

    def same(self, one: Any, other: Any) -> bool:
        return same_json(one, other)


def _type_name(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a mapping"}
    return names.get(type(value), type(value).__name__)
