# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check and compare values that are stored as JSONB."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import FieldError

MAX_DEPTH = 20
MAX_VALUES = 10_000
MAX_BYTES = 65_536
MAX_NUMBER = 10**308
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def check_json(value: Any) -> None:
    """Raise FieldError when ``value`` is not plain JSON that PostgreSQL stores unchanged.

    Refused are other types than those of JSON, keys that are not strings, numbers beyond a double, text with NUL or
    half a surrogate pair, more than 20 levels, more than 10,000 values, and more than 64 KiB of text. Values are
    counted as they are met, so that a YAML document whose aliases multiply is refused early.
    """
    for count, (item, depth) in enumerate(_walk(value)):
        if count >= MAX_VALUES:
            raise FieldError(f"must have at most {MAX_VALUES} values")
        if depth > MAX_DEPTH:
            raise FieldError(f"must not nest more than {MAX_DEPTH} levels deep")
        _check_item(item)
    if len(json.dumps(value, ensure_ascii=False).encode()) > MAX_BYTES:
        raise FieldError(f"must be at most {MAX_BYTES // 1024} KiB as JSON")


def check_text(text: str) -> None:
    """Raise FieldError when PostgreSQL cannot store ``text``: a NUL character or half a surrogate pair."""
    if _UNSTORABLE.search(text):
        raise FieldError("must not hold NUL characters or half surrogate pairs")


def same_json(one: Any, other: Any) -> bool:
    """Tell whether two checked values are equal as JSON: ``true`` and ``1`` differ, ``1.0`` and ``1`` do not.

    JSONB keeps a number's decimal digits, so a float comes back as the integer that it was printed as.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same_json(left, right) for left, right in zip(one, other, strict=True))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, float) or isinstance(other, float):
        return isinstance(one, (int, float)) and isinstance(other, (int, float)) and float(one) == float(other)
    return bool(one == other)


def _walk(value: Any) -> Iterator[tuple[Any, int]]:
    pending = [(value, 1)]
    while pending:
        item, depth = pending.pop()
        yield item, depth
        if isinstance(item, dict):
            pending.extend((key, depth) for key in item)
            pending.extend((child, depth + 1) for child in item.values())
        elif isinstance(item, list):
            pending.extend((child, depth + 1) for child in item)


def _check_item(item: Any) -> None:
    if isinstance(item, str):
        check_text(item)
    elif isinstance(item, dict):
        if not all(isinstance(key, str) for key in item):
            raise FieldError("must have only strings as keys")
    elif isinstance(item, (int, float)):
        if not -MAX_NUMBER < item < MAX_NUMBER:
            raise FieldError("must not hold numbers beyond the range of a double")
    elif not (item is None or isinstance(item, list)):
        name = type(item).__name__
        raise FieldError(f"must be plain JSON (text, numbers, true, false, null, lists, mappings), not {name}")
