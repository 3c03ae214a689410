# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with records, in words for the person who can act on it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

SHOWN_ERRORS = 20
SHOWN_CHARACTERS = 80


class FieldError(ValueError):
    """What is wrong with one value; completes the sentence "``<field>`` ..."."""

    def about(self, field: str) -> str:
        """Return the whole sentence; a problem inside a list, ``[2].args must ...``, follows the name directly."""
        problem = str(self)
        return f"{field}{problem}" if problem.startswith("[") else f"{field} {problem}"


def quoted(value: Any) -> str:
    """Return ``value`` as one short quoted line, safe to show in a message or a log.

    Of lists and mappings only the type is shown: a few aliases make a YAML document whose text is endless.
    """
    text = str(value) if isinstance(value, (str, int, float)) else type(value).__name__
    if len(text) > SHOWN_CHARACTERS:
        text = f"{text[:SHOWN_CHARACTERS]}..."
    line = json.dumps(text, ensure_ascii=False)
    return "".join(character if character.isprintable() else f"\\u{ord(character):04x}" for character in line)


@dataclasses.dataclass(frozen=True)
class RecordError:
    """One problem of one record.

    ``kind`` and ``key`` name the record (``key`` is None when it has none that is text), ``position`` is its place in
    the document, for example ``tenants[3].domains[0]``, and empty outside a document. ``problem`` is a sentence that
    begins with the field's name.
    """

    kind: str
    key: str | None
    problem: str
    position: str = ""

    def __str__(self) -> str:
        record = f"{self.kind} {quoted(self.key)}" if self.key is not None else self.kind
        place = f" ({self.position})" if self.position else ""
        return f"{record}{place}: {self.problem}"


class RecordsError(Exception):
    """The records cannot be read or written: the base of those below."""


class InvalidRecordsError(RecordsError):
    """Records that break a rule. ``errors`` holds every problem that was found, in the order of the document."""

    def __init__(self, errors: Iterable[RecordError]) -> None:
        self.errors = tuple(errors)
        super().__init__(self._message())

    def _message(self) -> str:
        if len(self.errors) == 1:
            return str(self.errors[0])
        lines = [str(error) for error in self.errors[:SHOWN_ERRORS]]
        if len(self.errors) > SHOWN_ERRORS:
            lines.append(f"... and {len(self.errors) - SHOWN_ERRORS} more")
        return f"{len(self.errors)} problems:\n- " + "\n- ".join(lines)


class DocumentError(RecordsError):
    """A document that cannot be read at all: the file, its syntax, or its outermost shape."""


class NotAllowedError(RecordsError):
    """Nobody acts, or one who may not. Says nothing about what is there."""


class RecordStoreError(RecordsError):
    """The record store cannot be reached or used: connection, schema, rights, locks."""


class UnknownOutcomeError(RecordStoreError):
    """The connection was lost during the commit: what was written is not known."""
