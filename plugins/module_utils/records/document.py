# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents of many records: plain data in, checked records out.

A document is a mapping: ``format: 1`` and, under the plural name of a kind, a list of records. A record is a mapping
of its fields, with ``state: present`` (the default), ``absent`` or ``restored``. A record may hold the records that it
owns: a tenant's ``domains`` are domains whose ``tenant`` is that tenant, a user's ``api_keys`` are keys of that user.
Every problem of a document is found in one pass.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import (
    DocumentError,
    FieldError,
    InvalidRecordsError,
    RecordError,
    quoted,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import Pointer
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind
from ansible_collections.wcp360.hosting.plugins.module_utils.records.registry import BY_PLURAL, KINDS, owned_kinds

FORMAT = 1
STATES = ("present", "absent", "restored")


@dataclasses.dataclass(frozen=True)
class Record:
    """One wanted record.

    ``name`` is the value of its key field, ``key`` its natural key. ``values`` holds the fields that were given,
    parsed; references are natural keys. ``initial`` are values that count only for a record that is created.
    ``position`` is the record's place in its document, empty for a record that comes from a module's options.
    ``restored`` says that a deleted record is to come back.
    """

    kind: Kind
    name: str
    present: bool
    values: Mapping[str, Any]
    position: str = ""
    initial: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    restored: bool = False

    @functools.cached_property
    def key(self) -> str:
        """Return the natural key."""
        return self.kind.natural_key(self.name, self.values)

    def pointers(self, values: Mapping[str, Any]) -> Iterator[tuple[Pointer, str]]:
        """Yield every field of ``values`` that names another record, with that record's natural key."""
        for field in self.kind.pointers:
            for key in field.keys(values.get(field.name)):
                yield field, key

    def error(self, problem: str) -> RecordError:
        """Return ``problem`` as an error of this record."""
        return RecordError(self.kind.name, self.key, problem, self.position)


def parse_document(document: Any) -> tuple[Record, ...]:
    """Return the records of ``document``, kinds in the order of the registry.

    Raises DocumentError when it is not a document, InvalidRecordsError with every broken rule otherwise.
    """
    if not isinstance(document, dict):
        raise DocumentError("the document must be a mapping with format and lists of records")
    if document.get("format") != FORMAT or isinstance(document.get("format"), bool):
        raise DocumentError(f"the document must say format: {FORMAT}")
    unknown = [name for name in document if name != "format" and name not in BY_PLURAL]
    if unknown:
        raise DocumentError(
            f"the document must hold only format, {', '.join(BY_PLURAL)}, not {', '.join(map(quoted, unknown))}"
        )
    parser = _Parser()
    for kind in KINDS:
        parser.parse_list(kind, document.get(kind.plural), kind.plural, {})
    return parser.result()


def parse_record(kind: Kind, given: Mapping[str, Any], position: str = "") -> Record:
    """Return one record of ``kind`` from its fields. Raises InvalidRecordsError with every broken rule."""
    parser = _Parser()
    parser.parse_entry(kind, dict(given), position, {})
    return parser.result()[0]


class _Parser:
    """Collects records and errors, so that one pass over a document finds every problem."""

    def __init__(self) -> None:
        self.records: dict[str, list[Record]] = {kind.name: [] for kind in KINDS}
        self.errors: list[RecordError] = []
        self.positions: dict[tuple[str, str], str] = {}

    def result(self) -> tuple[Record, ...]:
        if self.errors:
            raise InvalidRecordsError(self.errors)
        return tuple(record for kind in KINDS for record in self.records[kind.name])

    def parse_list(self, kind: Kind, entries: Any, position: str, inherited: Mapping[str, Any]) -> None:
        if entries is None:
            return
        if not isinstance(entries, list):
            self.errors.append(RecordError(kind.name, None, "must be given as a list", position))
            return
        for index, entry in enumerate(entries):
            self.parse_entry(kind, entry, f"{position}[{index}]", inherited)

    def parse_entry(self, kind: Kind, entry: Any, position: str, inherited: Mapping[str, Any]) -> None:
        """Take one record; ``inherited`` are the fields that its place in the document implies."""
        if not isinstance(entry, dict):
            self.errors.append(RecordError(kind.name, None, "must be a mapping of fields", position))
            return
        problems: list[str] = []
        name = self._parse_name(kind, entry, problems)
        state = entry.get("state", "present")
        if state not in STATES:
            problems.append(f"state must be one of {', '.join(STATES)}")
        values = dict(self._parse_fields(kind, entry, inherited, problems))
        values |= self._derive(kind, name, state)
        if kind.scope and kind.scope.name not in {*values, *entry}:
            problems.append(f"{kind.scope.name} must be given: it is part of the {kind.name}'s name")
        shown = _shown_key(kind, entry, values)
        for problem in problems:
            self.errors.append(RecordError(kind.name, shown, problem, position))
        if name is None or (kind.scope and kind.scope.name not in values):
            return
        record = Record(kind, name, state != "absent", values, position, restored=state == "restored")
        self._take(record)
        for owned in owned_kinds(kind):
            if owned.owner and owned.plural in entry:
                self.parse_list(
                    owned, entry[owned.plural], f"{position}.{owned.plural}", {owned.owner.name: record.key}
                )

    def _parse_name(self, kind: Kind, entry: dict[str, Any], problems: list[str]) -> str | None:
        if kind.key.name not in entry:
            problems.append(f"{kind.key.name} must be given")
            return None
        try:
            return str(kind.key.parse(entry[kind.key.name]))
        except FieldError as problem:
            problems.append(problem.about(kind.key.name))
            return None

    def _parse_fields(
        self, kind: Kind, entry: dict[str, Any], inherited: Mapping[str, Any], problems: list[str]
    ) -> Iterator[tuple[str, Any]]:
        left = dict(entry)
        left.pop(kind.key.name, None)
        left.pop("state", None)
        for owned in owned_kinds(kind):
            left.pop(owned.plural, None)
        for name, value in inherited.items():
            if left.pop(name, value) != value:
                problems.append(f"{name} must be left out or be the {name} that the {kind.name} is listed under")
            yield name, value
        for field in kind.given_fields:
            given = [way for way in (field, *field.alternatives) if way.name in left]
            if len(given) > 1:
                problems.append(f"{given[1].name} must not be given together with {given[0].name}")
            for way in given:
                try:
                    yield field.name, way.parse(left.pop(way.name))
                except FieldError as problem:
                    problems.append(problem.about(way.name))
        if left:
            ways = [way.name for field in kind.given_fields for way in (field, *field.alternatives)]
            allowed = ", ".join([kind.key.name, "state", *ways])
            unknown = ", ".join(map(quoted, left))
            problems.append(f"{unknown} must not be given; the fields of a {kind.name} are {allowed}")

    def _derive(self, kind: Kind, name: str | None, state: Any) -> dict[str, str]:
        """Return the references that follow from the record's name."""
        if name is None or state == "absent":
            return {}
        return {field.name: field.derived(name) for field in kind.references if field.derived}

    def _take(self, record: Record) -> None:
        first = self.positions.setdefault((record.kind.name, record.key), record.position)
        if first != record.position:
            self.errors.append(record.error(f"{record.kind.key.name} must be given once; it is also at {first}"))
            return
        self.records[record.kind.name].append(record)


def _shown_key(kind: Kind, entry: Mapping[str, Any], values: Mapping[str, Any]) -> str | None:
    """Return the natural key as far as it was given, for messages."""
    parts = [entry.get(kind.key.name)]
    if kind.scope:
        parts.insert(0, values.get(kind.scope.name, entry.get(kind.scope.name)))
    return "/".join(part for part in parts if isinstance(part, str)) or None
