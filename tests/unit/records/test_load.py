# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents in files: the same data from YAML and JSON, and no ambiguity."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.records.document import parse_document
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import DocumentError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.load import load_document

EXAMPLE = Path(__file__).parents[3] / "examples/records.yml"


def test_yaml_and_json_give_the_same_records(tmp_path: Path) -> None:
    document = load_document(EXAMPLE)
    as_json = tmp_path / "records.json"
    as_json.write_text(json.dumps(document), encoding="utf-8")
    assert parse_document(load_document(as_json)) == parse_document(document)


def test_merge_keys_may_override_what_they_merge(tmp_path: Path) -> None:
    path = tmp_path / "records.yml"
    path.write_text(
        "base: &base {a: 1, b: 2}\nmore: &more {<<: *base, b: 3}\nlast: {<<: *more, a: 4}\n", encoding="utf-8"
    )
    assert load_document(path)["last"] == {"a": 4, "b": 3}


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("d.yml", b"format: 1\ntenants: []\ntenants: []\n", "line 3: the key 'tenants' is given twice"),
        ("d.yml", b"tenants:\n- {name: a, name: b}\n", "line 2: the key 'name' is given twice"),
        ("d.json", b'{"a": [{"b": 1, "b": 2}]}', "the key 'b' is given twice"),
        ("d.json", b'{"a": ', "cannot be read: Expecting value: line 1"),
        ("d.yml", b"a: [", "line 2: while parsing a flow node did not find expected node content"),
        ("d.yml", b"a: 1\n--- \nb: 2\n", "line 2: expected a single document in the stream but found another document"),
        ("d.yml", b"!!python/object/apply:os.system [id]", "could not determine a constructor"),
        ("d.yml", b"a: \xff", "is not UTF-8 text"),
        ("d.json", b"[" * 100_000, "nests too deeply"),
    ],
)
def test_unreadable_files_are_refused_with_file_and_reason(
    tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DocumentError) as caught:
        load_document(path)
    assert str(path) in str(caught.value)
    assert problem in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"cannot read .*none\.yml: No such file"):
        load_document(tmp_path / "none.yml")
