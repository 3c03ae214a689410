# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of fields that are never shown: not in results, not in diffs, not in messages."""

from __future__ import annotations

import dataclasses
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import FieldError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import Field, Text
from ansible_collections.wcp360.hosting.plugins.module_utils.records.grammar import GRAMMARS
from ansible_collections.wcp360.hosting.plugins.module_utils.records.passwords import Password, can_hash

SHORTEST_PASSWORD = 8


@dataclasses.dataclass(frozen=True, kw_only=True)
class Secret(Text):
    """Text that is stored and never shown; an export has it only when it is asked for secrets."""

    def option(self) -> dict[str, Any]:
        return {"type": "str", "no_log": True}

    def show(self, value: Any) -> Any:
        return None if value is None else "VALUE HIDDEN"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClearPassword(Field):
    """A password in clear: another way of giving a `PasswordHash`. It is hashed when the record is written."""

    def _parse(self, value: Any) -> Password:
        if not isinstance(value, str):
            raise FieldError("must be text (quote it)")
        if len(value) < SHORTEST_PASSWORD or not GRAMMARS["text"].accepts(value):
            raise FieldError(f"must be at least {SHORTEST_PASSWORD} characters long, and {GRAMMARS['text'].rule}")
        if not can_hash():
            raise FieldError("cannot be hashed: the Python library argon2-cffi is not installed here")
        return Password(value)

    def option(self) -> dict[str, Any]:
        return {"type": "str", "no_log": True}


@dataclasses.dataclass(frozen=True, kw_only=True)
class PasswordHash(Secret):
    """A password's hash. A password that the stored hash is of, with the parameters of today, changes nothing."""

    grammar: str = "password_hash"
    nullable: bool = True
    alternatives: tuple[Field, ...] = (ClearPassword(name="password"),)

    def same(self, one: Any, other: Any) -> bool:
        return one.fits(other) if isinstance(one, Password) else bool(one == other)

    def stored(self, value: Any) -> Any:
        return value.hashed() if isinstance(value, Password) else value
