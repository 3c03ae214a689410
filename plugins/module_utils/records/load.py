# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a document of records from a file: YAML, or JSON for speed. Duplicate keys are refused in both."""

from __future__ import annotations

import json
import pathlib
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import DocumentError

try:
    import yaml
except ImportError:
    yaml = None  # type: ignore[assignment]


def load_document(path: pathlib.Path) -> Any:
    """Return the plain data in the file ``path``: JSON when its name ends in .json, YAML otherwise.

    Raises DocumentError naming the file and, for a syntax error, the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DocumentError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path} is not UTF-8 text: {error.reason} at byte {error.start}") from error
    try:
        return _load_json(text) if path.suffix == ".json" else _load_yaml(text)
    except RecursionError as error:
        raise DocumentError(f"{path} nests too deeply") from error
    except ValueError as error:
        raise DocumentError(f"{path} cannot be read: {error}") from error


def _load_json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_unique_pairs)


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} is given twice in one mapping")
    return unique


def _load_yaml(text: str) -> Any:
    if yaml is None:
        raise ValueError("the Python library PyYAML is not installed here; use a .json document")
    loader_class = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        loader = loader_class(text)
        node = loader.get_single_node()
        _refuse_duplicate_keys(node)
        return loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ValueError(line + " ".join(filter(None, [error.context, error.problem]))) from error
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error


def _refuse_duplicate_keys(root: Any) -> None:
    """Raise ValueError for a mapping that gives a key twice.

    The nodes are looked at before the values are constructed, because merge keys legitimately repeat keys there.
    """
    pending = [root]
    seen: set[int] = set()
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            pending.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode):
                    if key.value in keys:
                        line = key.start_mark.line + 1
                        raise ValueError(f"line {line}: the key {key.value!r} is given twice in one mapping")
                    keys.add(key.value)
                pending.append(value)
