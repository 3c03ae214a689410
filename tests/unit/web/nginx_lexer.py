# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx's configuration grammar, read the way nginx reads it (src/core/ngx_conf_file.c, ngx_conf_read_token)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_ESCAPES = {'"': '"', "'": "'", "\\": "\\", "t": "\t", "r": "\r", "n": "\n"}


def parse(text: str) -> list[dict[str, Any]]:
    """Return the directives of a configuration. Raises ValueError where nginx would stop reading."""
    directives, rest = _block(list(_tokens(text)), top=True)
    assert not rest
    return directives


def _block(tokens: list[tuple[str, str]], top: bool = False) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    directives: list[dict[str, Any]] = []
    words: list[str] = []
    while tokens:
        kind, value = tokens.pop(0)
        if kind == "word":
            words.append(value)
        elif value == ";":
            directives.append({"directive": words[0], "args": words[1:]})
            words = []
        elif value == "{":
            inner, tokens = _block(tokens)
            directives.append({"directive": words[0], "args": words[1:], "block": inner})
            words = []
        elif top or words:
            raise ValueError('unexpected "}"')
        else:
            return directives, tokens
    if not top or words:
        raise ValueError("unexpected end of file")
    return directives, tokens


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        char = text[position]
        if char in " \t\r\n":
            position += 1
        elif char in ";{}":
            yield "mark", char
            position += 1
        elif char == "#":
            position = text.find("\n", position) % (len(text) + 1)
        else:
            word, position = _word(text, position)
            yield "word", word


def _word(text: str, position: int) -> tuple[str, int]:
    quote = text[position] if text[position] in "\"'" else ""
    position += len(quote)
    word = []
    while position < len(text):
        char = text[position]
        if char == "\\" and position + 1 < len(text):
            word.append(_ESCAPES.get(text[position + 1], text[position : position + 2]))
            position += 2
        elif quote and char == quote:
            after = text[position + 1 : position + 2]
            if after not in {"", " ", "\t", "\r", "\n", ";", "{", ")"}:
                raise ValueError(f'unexpected "{after}"')
            return "".join(word), position + 1
        elif not quote and char in " \t\r\n;{":
            return "".join(word), position
        else:
            word.append(char)
            position += 1
    raise ValueError("unexpected end of file")
