"""The artifact of the collection holds the collection and nothing else, and works where it is installed offline."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
import yaml

from .conftest import CHECKOUT, Run

PLUGINS = {"filter": "filter", "inventory": "inventory", "modules": "module"}
PLAYBOOKS = sorted(path.stem for path in CHECKOUT.glob("playbooks/*.yml"))
ROLES = sorted(path.name for path in CHECKOUT.glob("roles/*"))


def test_the_artifact_holds_nothing_but_the_collection(artifact: Path) -> None:
    with tarfile.open(artifact) as archive:
        files = [Path(member.name) for member in archive.getmembers() if member.isfile()]
    assert {path.parts[0] for path in files} <= {
        *("CHANGELOG.md", "FILES.json", "LICENSE", "MANIFEST.json", "README.md"),
        *("changelogs", "docs", "examples", "inventory", "meta", "playbooks", "plugins", "roles", "tests"),
    }
    assert {path.as_posix() for path in files if path.parts[0] == "tests" and path.parts[1] != "sanity"} == {
        "tests/config.yml"
    }
    assert not [path for path in files if path.suffix == ".pyc"]


@pytest.mark.parametrize(("folder", "kind"), PLUGINS.items())
def test_every_plugin_has_documentation(run: Run, collections: Path, folder: str, kind: str) -> None:
    sources = {path.stem for path in CHECKOUT.glob(f"plugins/{folder}/*.py")}
    if kind == "filter":  # one file defines several filters, and each is documented in a file of its own
        sources = {path.stem for path in CHECKOUT.glob("plugins/filter/*.yml")}
    names = [f"wcp360.hosting.{name}" for name in sorted(sources)]
    listing = run("ansible-doc", "--json", "--type", kind, *names, ANSIBLE_COLLECTIONS_PATH=str(collections))
    documented = json.loads(listing)
    assert sorted(documented) == names
    assert all(plugin["doc"]["filename"].startswith(str(collections)) for plugin in documented.values())


def test_every_role_has_documentation(run: Run, collections: Path) -> None:
    listing = run(
        *("ansible-doc", "--json", "--type", "role", "--list", "wcp360.hosting"),
        ANSIBLE_COLLECTIONS_PATH=str(collections),
    )
    assert sorted(json.loads(listing)) == [f"wcp360.hosting.{role}" for role in ROLES]


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_playbooks_run_by_their_full_name(run: Run, collections: Path, playbook: str) -> None:
    output = run(
        *("ansible-playbook", "--syntax-check", "--inventory", "localhost,", f"wcp360.hosting.{playbook}"),
        ANSIBLE_COLLECTIONS_PATH=str(collections),
    )
    assert f"playbook: {collections}" in output


def test_the_action_group_records_is_all_modules_that_take_a_dsn(run: Run, collections: Path) -> None:
    where = {"ANSIBLE_COLLECTIONS_PATH": str(collections)}
    modules = json.loads(run("ansible-doc", "--json", "--list", "wcp360.hosting", **where))
    documented = json.loads(run("ansible-doc", "--json", *modules, **where))
    groups = yaml.safe_load(Path(CHECKOUT, "meta/runtime.yml").read_text())["action_groups"]
    takes_dsn = {name for name, module in documented.items() if "dsn" in module["doc"].get("options", {})}
    assert {f"wcp360.hosting.{name}" for name in groups["records"]} == takes_dsn
    assert {f"wcp360.hosting.{name}" for name in groups["converge"]} <= set(modules)
