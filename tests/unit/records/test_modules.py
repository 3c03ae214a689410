# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the record modules says what their argument specs say."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import pytest
import yaml

from ansible_collections.wcp360.hosting.plugins.module_utils.records import module as door
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind
from ansible_collections.wcp360.hosting.plugins.module_utils.records.registry import KINDS
from ansible_collections.wcp360.hosting.plugins.module_utils.records.secret_fields import Secret

COLLECTION = "ansible_collections.wcp360.hosting.plugins"
SPECS = {
    **{kind.name: door.record_spec(kind) for kind in KINDS},
    **{f"{kind.name}_info": door.info_spec(kind) for kind in KINDS},
    "records": door.documents_spec(),
    "records_info": door.export_spec(),
}


def load(path: str) -> ModuleType:
    """Import a plugin file of the collection."""
    return importlib.import_module(f"{COLLECTION}.{path}")


def documented_options(name: str) -> dict[str, Any]:
    """Return the options of a module with those of its documentation fragments."""
    documentation = yaml.safe_load(load(f"modules.{name}").DOCUMENTATION)
    options: dict[str, Any] = documentation.get("options", {})
    for fragment in documentation["extends_documentation_fragment"]:
        _namespace, _collection, file, *section = fragment.split(".")
        text = getattr(
            load(f"doc_fragments.{file}").ModuleDocFragment, section[0].upper() if section else "DOCUMENTATION"
        )
        options = yaml.safe_load(text)["options"] | options
    return options


@pytest.mark.parametrize("name", SPECS)
def test_documentation_and_argument_spec_agree(name: str) -> None:
    aspects = ("type", "elements", "choices", "required", "default")
    documented = {
        option: {aspect: entry[aspect] for aspect in aspects if aspect in entry}
        for option, entry in documented_options(name).items()
    }
    specified = {
        option: {aspect: entry[aspect] for aspect in aspects if aspect in entry}
        for option, entry in SPECS[name].items()
    }
    assert documented == specified


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.name) for kind in KINDS])
def test_every_field_of_a_kind_has_a_name_of_its_own(kind: Any) -> None:
    ways = [way.name for field in kind.all_fields for way in (field, *field.alternatives)]
    names = [kind.key.name, "state", "dsn", "unset", *ways]
    assert len(names) == len(set(names))


def test_documents_are_not_logged_by_the_module() -> None:
    assert door.documents_spec()["records"]["no_log"] is True
    assert door.export_spec()["kinds"]["choices"] == [kind.plural for kind in KINDS]


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.name) for kind in KINDS])
def test_a_kind_comes_after_those_that_it_keeps_from_deletion(kind: Kind) -> None:
    """Deletions go the other way, so nothing is in use by what the same document deletes."""
    order = [one.name for one in KINDS]
    for field in kind.pointers:
        if field is not kind.owner and field.target_kind in order:
            assert order.index(field.target_kind) <= order.index(kind.name)


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.name) for kind in KINDS])
def test_secrets_are_options_that_are_not_logged(kind: Kind) -> None:
    spec = door.record_spec(kind)
    for field in kind.all_fields:
        for way in (field, *field.alternatives) if isinstance(field, Secret) else ():
            assert way.name not in spec or spec[way.name]["no_log"] is True
